"""Who may call, and what was carried out once."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    text,
)

from gateway.storage.schema.base import metadata, owner, stamps

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
    Column("limited", Boolean, nullable=False, server_default=text("false")),  # to its rows of key_models, if any
    Column("cidrs", Text, nullable=False, server_default="[]"),
    Column("region", Text),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("created_by", Text),
    *stamps(),
    *owner(),
)

key_models = Table(
    "key_models",
    metadata,
    Column("key_id", ForeignKey("keys.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("pattern", Text, nullable=False),
    Column("model_uid", ForeignKey("models.uid", ondelete="RESTRICT"), index=True),
    PrimaryKeyConstraint("key_id", "position"),
)
_loose = key_models.c.model_uid.is_(None)
_by_name = Index("ix_key_models_pattern", key_models.c.pattern, sqlite_where=_loose)  # asked by every new model

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


@event.listens_for(metadata, "before_create")
def _where_on_postgresql(_: object, connection: Connection, **_more: object) -> None:
    if connection.dialect.name == "postgresql":
        _by_name.dialect_kwargs["postgresql_where"] = _loose
