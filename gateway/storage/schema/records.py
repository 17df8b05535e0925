"""What happened: stored objects, calls, sums per day."""

from sqlalchemy import BigInteger, Column, Connection, Float, Index, Integer, PrimaryKeyConstraint, Table, Text, event

from gateway.storage.schema.base import SERIAL, metadata

# Written in batches after the answer has gone out, so an endpoint may be gone by then: no foreign keys here.
stored_objects = Table(
    "stored_objects",
    metadata,
    Column("team_id", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("unfinished_until", BigInteger),  # of a batch or the like: by then at the latest it is over
    PrimaryKeyConstraint("object_id", "team_id"),  # by object: whose it is, is asked across teams
)
_unfinished = stored_objects.c.unfinished_until.is_not(None)
_working = Index("ix_stored_objects_unfinished", stored_objects.c.endpoint_id, sqlite_where=_unfinished)


@event.listens_for(metadata, "before_create")
def _where_on_postgresql(_: object, connection: Connection, **_more: object) -> None:
    if connection.dialect.name == "postgresql":
        _working.dialect_kwargs["postgresql_where"] = _unfinished


# History keeps the names of that time and outlives what it names (lifecycle.md section 4): no foreign keys here.
usage_calls = Table(
    "usage_calls",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("team", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("model_uid", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("endpoint_id", Text),
    Column("operation", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("duration_ms", Float, nullable=False),
    Column("ttfb_ms", Float),
    Column("bytes_in", BigInteger, nullable=False),
    Column("bytes_out", BigInteger, nullable=False),
    Column("request_id", Text, nullable=False),
)

usage_daily = Table(
    "usage_daily",
    metadata,
    Column("day", Text, nullable=False),  # YYYY-MM-DD in UTC
    Column("team", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "team", "key_id", "model", "source"),
)
