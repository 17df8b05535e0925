"""Objects that a configuration file declares, and the file read again while the server runs.

model.py      what may stand in the sections         reading.py    a file's sections as such objects
held.py       what the database holds of them        plan.py       what has to change, in which order
reconcile.py  carries a plan out, all or nothing     lease.py      which of several servers declares
hot.py        which settings change without restart  watch.py      when the file has changed
reload.py     parse, validate, compare, swap         routes.py     the same over HTTP, and how it went
"""
