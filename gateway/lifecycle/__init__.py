"""How a model leaves: deprecate, disable, retire, restore, protect. The registry says what is served, this what ends.

    states.py       which state follows which, as a table
    references.py   who points at a model
    plan.py         what a deletion would do to each of them, and what stands against it (pure)
    relink.py       carries that out, keeps it, brings it back
    retire.py       the deletion: nine steps, one transaction
    restore.py      the way back
    transitions.py  deprecate, reactivate, protect
    impact.py       who would notice: calls of the last day, calls under way
    words.py        the sentences of all this, for API, command line and console
    routes.py       the same over HTTP; inputs.py and views.py are what it takes and gives

Used by the composition root; `states` also by the registry, which changes states in its own patch.
"""
