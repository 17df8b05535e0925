"""Callers' keys: how they are written, kept, judged and managed (security.md section 4).

    format.py     the text of a key            hashing.py       what is kept of it
    credential.py which header it comes in     ring.py          KeyRing: every usable key in memory
    backoff.py    how often an address failed  authenticate.py  headers to Principal, keyless loopback included
    model.py      inputs, views, rows          grants.py        a key never makes a wider key
    store.py      SQL                          service.py       create, rotate, revoke
    routes.py     /api/v1/keys and /api/v1/me

The data plane and the middleware use `authenticate.py` and see a `Principal`; nobody else sees a key's text.
"""
