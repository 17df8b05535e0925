"""What this installation serves: teams, models, endpoints, aliases and gateways.

`record.py` rows as they are stored · `names.py` which names exist and which one was meant · `address.py` what is
published and what may be registered · `snapshot.py` what the hot path reads · `registry.py` the holder of the newest
snapshot · `store/` SQL · `service/` what one can do · `routes/` the management API · `inputs.py`, `views.py` its JSON ·
`objects.py` which endpoint made a stored object.
"""
