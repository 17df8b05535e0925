"""Callers' keys: how they are written, kept, judged and managed (security.md section 4).

    format.py     the text of a key            hashing.py       what is kept of it
    credential.py which header it comes in     ring.py          KeyRing: every key in memory, and whose a text is
    backoff.py    how often an address failed  local.py         who a keyless caller on this machine is
    model.py      inputs, views, rows          grants.py        a key never makes a wider key
    issuing.py    new, rotated, revoked        store.py         SQL
    service.py    what one can do              routes.py        /api/v1/keys and /api/v1/me

The middleware asks `credential.py` and `ring.py` and puts a `Principal` on the request; nobody else sees a key's text.
"""
