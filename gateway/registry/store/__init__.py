"""The registry's SQL: a connection in, rows out. No rule is decided here, and nobody above `service/` uses it.

`entity.py` what all nouns have in common · `snapshot.py` the whole registry at once · one file per noun.
"""
