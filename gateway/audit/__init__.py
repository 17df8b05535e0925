"""The record of changes: who did what, when, from where and why, so that nobody can alter it unseen (LIF-7, LIF-20).

`event.py` what happened · `record.py` how that is written · `chain.py` how each row seals the one before · `trail.py`
writing it in the transaction of the change · `flood.py` refusals that come too often.
"""
