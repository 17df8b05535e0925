"""Which database revisions this program knows, oldest first, so that a start need not import alembic to compare.

A test holds this list against the files in `migrations/versions/`.
"""

REVISIONS: tuple[str, ...] = ("0001", "0002")
HEAD = REVISIONS[-1]
