"""Objects that a configuration file declares, and the file read again while the server runs (docs/decisions/0012).

    model.py      what may stand in the sections         reading.py    a file's sections as such objects
    held.py       what the database holds of them        compare.py    which row is meant, which fields differ
    judge.py      what forbids a plan                    plan.py       what has to change, in which order
    steps.py      each change, by the API's services     reconcile.py  a plan carried out, all or nothing
    lease.py      which of several servers declares      hot.py        which settings change without a restart
    watch.py      when the file has changed              reload.py     parse, validate, compare, swap
    routes.py     the same over HTTP, and how it went    setup.py      all of it for the composition root

Servers declare, processes in the gateway role only read their settings again.
"""
