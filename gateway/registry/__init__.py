"""What this installation serves: teams, models, endpoints, aliases and gateways.

    record.py     rows as they are stored              names.py    which names exist, and which one was meant
    address.py    what is published and may be         snapshot.py what the hot path reads
                  registered                           registry.py the holder of the newest snapshot
    inputs.py     what callers send                    views.py    what they get, made by render.py
    store/        SQL, rows out                        service/    what one can do
    routes/       the management API                   objects.py  which endpoint made a stored object

The data plane uses `registry.py`, `snapshot.py`, `names.py` and `objects.py` and nothing else.
"""
