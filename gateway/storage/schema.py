"""Every table, for SQLite and PostgreSQL alike. The migrations must build exactly this (a test compares them).

Stores import their tables from here; nobody else does. Rules that hold in every table:

- times are milliseconds since 1970 UTC in a big integer, ids are text made by `ids.new_id`;
- `rev` starts at 1 and grows by one with each write: it is half of the ETag (lifecycle.md section 2);
- references are rows with foreign keys, not names inside JSON (lifecycle.md section 4); RESTRICT unless the row is a
  part of its owner;
- every constraint has a name (see `_NAMES`), because `engine.conflict_of` reports violations by name.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

_NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
_SERIAL = BigInteger().with_variant(Integer, "sqlite")  # only a plain INTEGER key counts by itself on SQLite

metadata = MetaData(naming_convention=_NAMES)


def _stamps() -> list[Column[int]]:
    """Revision and times of everything that is edited."""
    return [
        Column("rev", Integer, nullable=False, server_default=text("1")),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
    ]


def _owner() -> list[Column[str] | CheckConstraint]:
    """Who declares the row, and where: "file" with file and line, or nobody, then it is changed over the API."""
    return [
        Column("managed_by", Text),
        Column("managed_at", Text),
        CheckConstraint("managed_by IN ('file')", name="managed_by"),
        CheckConstraint("(managed_by IS NULL) = (managed_at IS NULL)", name="managed_at"),
    ]


def _via(prefix: str) -> list[Column[str] | CheckConstraint]:
    """Through what something is published: nothing said, the server, or the gateway that the second column names."""
    via, gateway = f"{prefix}via", f"{prefix}gateway_id"
    return [
        Column(via, Text),
        Column(gateway, ForeignKey("gateways.id", ondelete="RESTRICT"), index=True),
        CheckConstraint(f"{via} IN ('server', 'gateway')", name=via),
        CheckConstraint(f"({gateway} IS NOT NULL) = ({via} IS NOT NULL AND {via} = 'gateway')", name=gateway),
    ]


gateways = Table(
    "gateways",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    *_stamps(),
    *_owner(),
)
_one_default = Index("uq_gateways_is_default", gateways.c.is_default, unique=True, sqlite_where=gateways.c.is_default)


@event.listens_for(metadata, "before_create")
def _one_default_on_postgresql(_: object, connection: Connection, **_more: object) -> None:
    """Say the same to PostgreSQL; said above, it would load that dialect with every start, for 45 ms."""
    if connection.dialect.name == "postgresql":
        _one_default.dialect_kwargs["postgresql_where"] = gateways.c.is_default


teams = Table(
    "teams",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False, server_default=""),
    *_via("default_"),
    *_stamps(),
    *_owner(),
)

models = Table(
    "models",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("team_id", ForeignKey("teams.id", ondelete="RESTRICT"), nullable=False),
    Column("name", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("state", Text, nullable=False),
    *_via(""),
    Column("path", Text),
    Column("description", Text, nullable=False, server_default=""),
    Column("stream_usage", Boolean, nullable=False, server_default=text("true")),
    Column("first_byte_timeout_s", Float),
    Column("idle_timeout_s", Float),
    Column("total_timeout_s", Float),
    Column("drain_for_usage_ms", Integer),
    Column("source_reference", Text),
    Column("source_digest", Text),
    *_stamps(),
    *_owner(),
    UniqueConstraint("team_id", "name"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_kind", Text, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kek_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("hint", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("owner_kind", "owner_id", "field"),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model_uid", ForeignKey("models.uid", ondelete="CASCADE"), nullable=False, index=True),
    Column("base_url", Text, nullable=False),
    Column("upstream_model", Text),
    Column("weight", Integer, nullable=False, server_default=text("1")),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("credential_ref", Text),
    Column("secret_id", ForeignKey("secrets.id", ondelete="RESTRICT"), index=True),
    Column("organization_headers", Boolean, nullable=False, server_default=text("true")),
    *_stamps(),
    *_owner(),
    CheckConstraint("weight >= 0", name="weight"),
    CheckConstraint("credential_ref IS NULL OR secret_id IS NULL", name="credential"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team_id", ForeignKey("teams.id", ondelete="RESTRICT"), nullable=False),
    Column("name", Text, nullable=False),
    Column("model_uid", ForeignKey("models.uid", ondelete="RESTRICT"), nullable=False, index=True),
    *_stamps(),
    *_owner(),
    UniqueConstraint("team_id", "name"),
)

team_defaults = Table(
    "team_defaults",
    metadata,
    Column("team_id", ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("operation", Text, nullable=False),
    Column("endpoint_id", ForeignKey("endpoints.id", ondelete="RESTRICT"), nullable=False, index=True),
    PrimaryKeyConstraint("team_id", "operation"),
)

# Names rows that may be gone, for processes that read the registry; the newest thousand revisions, no foreign keys.
registry_changes = Table(
    "registry_changes",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("revision", BigInteger, nullable=False, index=True),
    Column("noun", Text, nullable=False),
    Column("row_id", Text, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key_id", Text, nullable=False, unique=True),
    Column("env", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("team_id", ForeignKey("teams.id", ondelete="RESTRICT"), index=True),
    Column("role", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("pepper_id", Text, nullable=False),
    Column("previous_hash", LargeBinary),
    Column("previous_pepper_id", Text),
    Column("previous_valid_until", BigInteger),
    Column("models", Text, nullable=False, server_default="[]"),
    Column("cidrs", Text, nullable=False, server_default="[]"),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("created_by", Text),
    *_stamps(),
    *_owner(),
)

# Written in batches after the answer has gone out, so an endpoint may be gone by then: no foreign keys here.
stored_objects = Table(
    "stored_objects",
    metadata,
    Column("team_id", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("object_id", "team_id"),  # by object: whose it is, is asked across teams
)

# History keeps the names of that time and outlives what it names (lifecycle.md section 4): no foreign keys here.
usage_calls = Table(
    "usage_calls",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
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

idempotency = Table(
    "idempotency",
    metadata,
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary),
    Column("headers", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("actor", "key"),
)

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
