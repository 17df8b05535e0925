"""Steps from one schema to the next (alembic), run by `storage.migrate`.

To add one:

1. change `storage/schema.py`;
2. add `versions/r<number>_<what>.py`, where `revision` is the number and `down_revision` the one before;
3. append the number to `storage/revisions.py`.

A step never imports `schema.py`: it must build tomorrow what it builds today. The tests run each step up and down on
both databases and compare the result with the schema.
"""
