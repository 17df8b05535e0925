"""Long work that survives a restart: draining a model, deleting very many, anything with progress.

    states.py    what an operation can be, as a table
    record.py    an operation and what became of its items
    store.py     their rows
    service.py   what one can do with them: create, list, show, wait, cancel
    runner.py    who carries them out: a process that holds an operation's lease
    job.py       what the one who carries it out is given
    workers.py   which processes live, what they have seen and what runs in them
    views.py, routes.py   the API

Whoever has long work registers a handler for its kind with the runner and creates the operation in the transaction of
the change that it belongs to. Handlers live in the packages above; this one knows none of them.
"""
