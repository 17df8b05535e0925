"""How models leave, what takes long, which processes live, and the record of every change."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    event,
    text,
)

from gateway.storage.schema.base import SERIAL, metadata

# What a deletion took away or moved, so that a restore brings it back; gone with the purge.
retired_references = Table(
    "retired_references",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("model_uid", ForeignKey("models.uid", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("ref_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("row", Text, nullable=False),
)

# What stays of a purged model: no foreign keys, its team may be gone.
tombstones = Table(
    "tombstones",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("team_id", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger, nullable=False),
    Column("purged_at", BigInteger, nullable=False, index=True),
    Column("name_free_at", BigInteger, nullable=False),
    Column("audit_hash", Text, nullable=False),
    Index("ix_tombstones_team_id_name", "team_id", "name"),
)

# Long work outlives what it is about: no foreign keys to models or teams.
operations = Table(
    "operations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("team", Text),
    Column("actor", Text, nullable=False),
    Column("target", Text),
    Column("target_name", Text),
    Column("parameters", Text, nullable=False, server_default="{}"),
    Column("cursor", Text),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("total", BigInteger),
    Column("failed", Integer, nullable=False, server_default=text("0")),
    Column("result", Text),
    Column("error", Text),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("due_at", BigInteger),
    Column("finished_at", BigInteger, index=True),
    Column("rev", Integer, nullable=False, server_default=text("1")),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("updated_at", BigInteger, nullable=False),
)
_running = and_(operations.c.finished_at.is_(None), operations.c.target.is_not(None))
_one_at_a_time = Index("uq_operations_target", operations.c.target, unique=True, sqlite_where=_running)

# What an operation did to each of its items, where that is worth telling.
operation_items = Table(
    "operation_items",
    metadata,
    Column("operation_id", ForeignKey("operations.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("item", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("operation_id", "position"),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("heartbeat_at", BigInteger, nullable=False, index=True),
    Column("seen_version", BigInteger, nullable=False),
    Column("inflight", Text, nullable=False, server_default="{}"),
)

# Append-only: triggers refuse UPDATE and DELETE (LIF-22). `record` is what the hash covers; the other columns repeat
# parts of it to be searched, and `audit verify` compares them.
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor", Text, nullable=False, index=True),
    Column("action", Text, nullable=False, index=True),
    Column("outcome", Text, nullable=False),
    Column("team", Text),
    Column("target", Text, index=True),
    Column("request_id", Text),
    Column("record", Text, nullable=False),
    Column("hash", Text, nullable=False),
)


@event.listens_for(metadata, "before_create")
def _where_on_postgresql(_: object, connection: Connection, **_more: object) -> None:
    if connection.dialect.name == "postgresql":
        _one_at_a_time.dialect_kwargs["postgresql_where"] = _running
