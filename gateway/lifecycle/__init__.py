"""How a model leaves: deprecate, disable, retire, restore, protect. The registry says what is served, this what ends.

    states.py       which state follows which, as a table
    references.py   who points at a model; listing.py the same in pages
    plan.py         what a deletion would do to each of them, and what stands against it (pure)
    case.py         what is there and whether it may go: the same for a dry run
    retire.py       the deletion: nine steps, one transaction; openai.py is its door on the data plane
    relink.py       what points at the model is changed, and kept
    reattach.py     and given back; restore.py is the way back
    drain.py        calls under way end first
    transitions.py  deprecate, reactivate, protect
    together.py     many in one transaction: bulk.py a batch, mass.py a filter, withdrawal.py a file's
    purge.py        gone for good; sunset.py what is due by itself
    impact.py       who would notice: calls of the last day, calls under way
    words.py        the sentences of all this, for API, command line and console
    routes.py       the same over HTTP; inputs.py and views.py are what it takes and gives

Used by the composition root; `states` also by the registry, which changes states in its own patch.
"""
