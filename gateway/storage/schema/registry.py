"""What is served: gateways, teams, models, where they run, and what points at them."""

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
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from gateway.storage.schema.base import SERIAL, metadata, owner, stamps, via

gateways = Table(
    "gateways",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    *stamps(),
    *owner(),
)
_one_default = Index("uq_gateways_is_default", gateways.c.is_default, unique=True, sqlite_where=gateways.c.is_default)


teams = Table(
    "teams",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False, server_default=""),
    *via("default_"),
    *stamps(),
    *owner(),
)

models = Table(
    "models",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("team_id", ForeignKey("teams.id", ondelete="RESTRICT"), nullable=False),
    Column("name", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("state", Text, nullable=False),
    *via(""),
    Column("path", Text),
    Column("description", Text, nullable=False, server_default=""),
    Column("stream_usage", Boolean, nullable=False, server_default=text("true")),
    Column("first_byte_timeout_s", Float),
    Column("idle_timeout_s", Float),
    Column("total_timeout_s", Float),
    Column("drain_for_usage_ms", Integer),
    Column("source_reference", Text),
    Column("source_digest", Text),
    Column("catalogue_id", Text, index=True),  # the entry that it came from: a name, no reference
    Column("catalogue_flag", Text),
    Column("state_before", Text),  # of a disabled, draining or deleted one: where enabling or restoring leads
    Column("protected", Boolean, nullable=False, server_default=text("false")),
    Column("deprecated_at", BigInteger),
    Column("sunset_at", BigInteger, index=True),
    Column("successor_uid", ForeignKey("models.uid", ondelete="SET NULL"), index=True),
    Column("deleted_at", BigInteger),
    Column("purge_at", BigInteger, index=True),
    Column("retire_reason", Text, nullable=False, server_default=""),
    *stamps(),
    *owner(),
    CheckConstraint(
        "state IN ('draft', 'active', 'deprecated', 'disabled', 'draining', 'deleted')",
        name="state",
    ),
    CheckConstraint("catalogue_flag IN ('orphaned')", name="catalogue_flag"),
)
_living = models.c.state != "deleted"
_one_name = Index("uq_models_team_id_name", models.c.team_id, models.c.name, unique=True, sqlite_where=_living)

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
    *stamps(),
    *owner(),
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
    *stamps(),
    *owner(),
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

model_fallbacks = Table(
    "model_fallbacks",
    metadata,
    Column("model_uid", ForeignKey("models.uid", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("fallback_uid", ForeignKey("models.uid", ondelete="RESTRICT"), nullable=False, index=True),
    PrimaryKeyConstraint("model_uid", "position"),
)

# Names rows that may be gone, for processes that read the registry; the newest thousand revisions, no foreign keys.
registry_changes = Table(
    "registry_changes",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("revision", BigInteger, nullable=False, index=True),
    Column("noun", Text, nullable=False),
    Column("row_id", Text, nullable=False),
)


@event.listens_for(metadata, "before_create")
def _where_on_postgresql(_: object, connection: Connection, **_more: object) -> None:
    """Say the same of some rows to PostgreSQL; said above, it would load that dialect with every start, for 45 ms."""
    if connection.dialect.name == "postgresql":
        _one_default.dialect_kwargs["postgresql_where"] = gateways.c.is_default
        _one_name.dialect_kwargs["postgresql_where"] = _living
