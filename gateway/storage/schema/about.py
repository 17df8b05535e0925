"""What the database knows about itself."""

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, String, Table, Text

from gateway.storage.schema.base import metadata

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Small facts about the database itself; `versions.py` keeps its counters here."""

# alembic's own table, declared so that the revision can be read and stamped without importing alembic (668 ms).
alembic_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
