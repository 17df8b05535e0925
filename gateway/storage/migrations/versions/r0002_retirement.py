"""Retirement: states, references as rows, long operations, living processes, the record of changes."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATES = "state IN ('draft', 'active', 'deprecated', 'disabled', 'draining', 'deleted')"
_FLAGS = "catalogue_flag IN ('orphaned')"
_LEAVING = "('draining', 'deleted')"
_POINTERS = (("aliases", "model_uid"), ("model_fallbacks", "fallback_uid"), ("key_models", "model_uid"))
_TABLES = ("key_models", "model_fallbacks", "retired_references", "tombstones", "operations", "operation_items")

_CATALOGUE = (
    "catalogue_suppressions",
    "catalogue_highwater",
    "catalogue_lease",
    "catalogue_pins",
    "catalogue_proposals",
    "experiment_exposures",
    "recommendation_forgotten",
)


def upgrade() -> None:
    """Change models and keys, make the new tables, and let the database refuse what nobody may do."""
    _change_models()
    _make_pointers()
    _make_records()
    _make_operations()
    _make_catalogue()
    _move_patterns()
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(meta, [{"key": "audit_sequence", "value": "0"}])
    for statement in _triggers():
        op.execute(statement)


def downgrade() -> None:
    """Go back: models that are gone go with all that was theirs, and so does the record."""
    for statement in _without_triggers():
        op.execute(statement)
    op.execute("DELETE FROM meta WHERE key = 'audit_sequence'")
    _move_patterns_back()
    op.drop_index("ix_stored_objects_unfinished", "stored_objects")
    op.drop_column("stored_objects", "unfinished_until")
    op.drop_table("audit")
    op.drop_table("workers")
    for table in _CATALOGUE:
        op.drop_table(table)
    for table in reversed(_TABLES):
        op.drop_table(table)
    _change_models_back()


def _added() -> list[sa.Column[object]]:
    return [
        sa.Column("catalogue_id", sa.Text(), nullable=True),
        sa.Column("catalogue_flag", sa.Text(), nullable=True),
        sa.Column("state_before", sa.Text(), nullable=True),
        sa.Column("protected", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deprecated_at", sa.BigInteger(), nullable=True),
        sa.Column("sunset_at", sa.BigInteger(), nullable=True),
        sa.Column("successor_uid", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("purge_at", sa.BigInteger(), nullable=True),
        sa.Column("retire_reason", sa.Text(), server_default="", nullable=False),
    ]


def _change_models() -> None:
    with op.batch_alter_table("models") as batch:
        for column in _added():
            batch.add_column(column)
        batch.drop_constraint("uq_models_team_id_name", type_="unique")
        batch.create_check_constraint(op.f("ck_models_state"), _STATES)
        batch.create_check_constraint(op.f("ck_models_catalogue_flag"), _FLAGS)
        batch.create_foreign_key(
            op.f("fk_models_successor_uid"), "models", ["successor_uid"], ["uid"], ondelete="SET NULL"
        )
    living = sa.text("state != 'deleted'")
    op.create_index(
        "uq_models_team_id_name",
        "models",
        ["team_id", "name"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    op.create_index(op.f("ix_models_successor_uid"), "models", ["successor_uid"], unique=False)
    op.create_index(op.f("ix_models_purge_at"), "models", ["purge_at"], unique=False)
    op.create_index(op.f("ix_models_sunset_at"), "models", ["sunset_at"], unique=False)
    op.create_index(op.f("ix_models_catalogue_id"), "models", ["catalogue_id"], unique=False)


def _change_models_back() -> None:
    op.execute(
        "DELETE FROM endpoints WHERE model_uid IN (SELECT uid FROM models WHERE state IN ('draining', 'deleted'))"
    )
    op.execute("DELETE FROM models WHERE state IN ('draining', 'deleted')")
    op.execute("UPDATE models SET state = 'active' WHERE state = 'deprecated'")
    op.execute("UPDATE models SET state = 'disabled' WHERE state = 'draft'")
    op.drop_index("uq_models_team_id_name", "models")
    for name in ("successor_uid", "purge_at", "sunset_at", "catalogue_id"):
        op.drop_index(f"ix_models_{name}", "models")
    with op.batch_alter_table("models") as batch:
        batch.drop_constraint(op.f("fk_models_successor_uid"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_models_state"), type_="check")
        batch.drop_constraint(op.f("ck_models_catalogue_flag"), type_="check")
        for column in _added():
            batch.drop_column(column.name)
        batch.create_unique_constraint(op.f("uq_models_team_id_name"), ["team_id", "name"])


def _make_pointers() -> None:
    op.create_table(
        "model_fallbacks",
        sa.Column("model_uid", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("fallback_uid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_uid"], ["models.uid"], name=op.f("fk_model_fallbacks_model_uid"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["fallback_uid"], ["models.uid"], name=op.f("fk_model_fallbacks_fallback_uid"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("model_uid", "position", name=op.f("pk_model_fallbacks")),
    )
    op.create_index(op.f("ix_model_fallbacks_fallback_uid"), "model_fallbacks", ["fallback_uid"], unique=False)
    op.create_table(
        "key_models",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("model_uid", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_key_models_key_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["model_uid"], ["models.uid"], name=op.f("fk_key_models_model_uid"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("key_id", "position", name=op.f("pk_key_models")),
    )
    op.create_index(op.f("ix_key_models_model_uid"), "key_models", ["model_uid"], unique=False)
    loose = sa.text("model_uid IS NULL")
    op.create_index(
        "ix_key_models_pattern", "key_models", ["pattern"], unique=False, sqlite_where=loose, postgresql_where=loose
    )
    op.create_table(
        "retired_references",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("model_uid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_uid"], ["models.uid"], name=op.f("fk_retired_references_model_uid"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retired_references")),
    )
    op.create_index(op.f("ix_retired_references_model_uid"), "retired_references", ["model_uid"], unique=False)
    op.add_column("stored_objects", sa.Column("unfinished_until", sa.BigInteger(), nullable=True))
    working = sa.text("unfinished_until IS NOT NULL")
    op.create_index(
        "ix_stored_objects_unfinished",
        "stored_objects",
        ["endpoint_id"],
        unique=False,
        sqlite_where=working,
        postgresql_where=working,
    )


def _make_records() -> None:
    op.create_table(
        "tombstones",
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sa.Column("purged_at", sa.BigInteger(), nullable=False),
        sa.Column("name_free_at", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_tombstones")),
    )
    op.create_index(op.f("ix_tombstones_purged_at"), "tombstones", ["purged_at"], unique=False)
    op.create_index("ix_tombstones_team_id_name", "tombstones", ["team_id", "name"], unique=False)
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    for column in ("at", "actor", "action", "target"):
        op.create_index(op.f(f"ix_audit_{column}"), "audit", [column], unique=False)


def _make_operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("target_name", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), server_default="{}", nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
    )
    running = sa.text("finished_at IS NULL AND target IS NOT NULL")
    op.create_index(op.f("ix_operations_finished_at"), "operations", ["finished_at"], unique=False)
    op.create_index(op.f("ix_operations_created_at"), "operations", ["created_at"], unique=False)
    op.create_index(
        "uq_operations_target", "operations", ["target"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "operation_items",
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operations.id"], name=op.f("fk_operation_items_operation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("operation_id", "position", name=op.f("pk_operation_items")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_version", sa.BigInteger(), nullable=False),
        sa.Column("inflight", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_index(op.f("ix_workers_heartbeat_at"), "workers", ["heartbeat_at"], unique=False)


def _make_catalogue() -> None:
    op.create_table(
        "catalogue_suppressions",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("model_uid", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["model_uid"], ["models.uid"], name=op.f("fk_catalogue_suppressions_model_uid"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("entry_id", "team", name=op.f("pk_catalogue_suppressions")),
    )
    op.create_index(op.f("ix_catalogue_suppressions_model_uid"), "catalogue_suppressions", ["model_uid"], unique=False)
    op.create_table(
        "catalogue_highwater",
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("root_version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("timestamp_version", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hub", "root_version", name=op.f("pk_catalogue_highwater")),
    )
    op.create_table(
        "catalogue_lease",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_lease")),
    )
    op.create_table(
        "catalogue_pins",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_catalogue_pins")),
    )
    op.create_table(
        "catalogue_proposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model_uid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), server_default="{}", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('deprecation', 'successor', 'removal')", name=op.f("ck_catalogue_proposals_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'applied', 'dismissed', 'withdrawn')", name=op.f("ck_catalogue_proposals_state")
        ),
        sa.ForeignKeyConstraint(
            ["model_uid"], ["models.uid"], name=op.f("fk_catalogue_proposals_model_uid"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_proposals")),
        sa.UniqueConstraint("model_uid", "kind", "payload", name=op.f("uq_catalogue_proposals_model_uid_kind_payload")),
    )
    op.create_index(op.f("ix_catalogue_proposals_at"), "catalogue_proposals", ["at"], unique=False)
    op.create_table(
        "experiment_exposures",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("experiment", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("unit_hash", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment_exposures")),
        sa.UniqueConstraint(
            "experiment", "variant", "unit_hash", name=op.f("uq_experiment_exposures_experiment_variant_unit_hash")
        ),
    )
    op.create_index(op.f("ix_experiment_exposures_at"), "experiment_exposures", ["at"], unique=False)
    op.create_table(
        "recommendation_forgotten",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_recommendation_forgotten")),
    )


_KEYS = sa.table("keys", *(sa.column(name) for name in ("id", "team_id", "models", "limited")))
_KEY_MODELS = sa.table("key_models", *(sa.column(name) for name in ("key_id", "position", "pattern", "model_uid")))
_MODELS = sa.table("models", *(sa.column(name) for name in ("uid", "team_id", "name")))


def _move_patterns() -> None:
    """Make rows of what was a list in JSON; a whole name of the key's team becomes a reference to that model."""
    op.add_column("keys", sa.Column("region", sa.Text(), nullable=True))
    op.add_column("keys", sa.Column("limited", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    conn = op.get_bind()
    uids = {(row.team_id, row.name): row.uid for row in conn.execute(sa.select(_MODELS))}
    for key in conn.execute(sa.select(_KEYS.c.id, _KEYS.c.team_id, _KEYS.c.models)).all():
        patterns = json.loads(key.models)
        rows = [
            {"key_id": key.id, "position": position, "pattern": pattern, "model_uid": uids.get((key.team_id, pattern))}
            for position, pattern in enumerate(patterns)
            if pattern  # the empty one stands for a key without any model left
        ]
        if rows:
            conn.execute(sa.insert(_KEY_MODELS), rows)
        if patterns:
            conn.execute(sa.update(_KEYS).where(_KEYS.c.id == key.id).values(limited=sa.true()))
    op.drop_column("keys", "models")


def _move_patterns_back() -> None:
    op.add_column("keys", sa.Column("models", sa.Text(), server_default="[]", nullable=False))
    conn = op.get_bind()
    patterns: dict[str, list[str]] = {}
    for key_id in conn.execute(sa.select(_KEYS.c.id).where(_KEYS.c.limited)).scalars():
        patterns[key_id] = []
    for row in conn.execute(sa.select(_KEY_MODELS).order_by(_KEY_MODELS.c.position)):
        patterns[row.key_id].append(row.pattern)
    for key_id, found in patterns.items():
        text = json.dumps(found or [""])  # nothing is called so: an empty list would open every model
        conn.execute(sa.update(_KEYS).where(_KEYS.c.id == key_id).values(models=text))
    op.drop_column("keys", "limited")
    op.drop_column("keys", "region")


def _triggers() -> Iterator[str]:
    yield from _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()


def _sqlite() -> Iterator[str]:
    for verb in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the record of changes is append-only'); END"
        )
    for table, column in _POINTERS:
        for verb in ("INSERT", f"UPDATE OF {column}"):
            found = f"(SELECT state FROM models WHERE uid = NEW.{column})"  # noqa: S608 - all constants of this file
            yield (
                f"CREATE TRIGGER {table}_living_{verb.split()[0].lower()} BEFORE {verb} ON {table} "
                f"WHEN {found} IN {_LEAVING} BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END"
            )


def _postgresql() -> Iterator[str]:
    yield (
        "CREATE FUNCTION modelport_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the record of changes is append-only'; END $$"
    )
    yield (
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION modelport_append_only()"
    )
    leaving = f"SELECT 1 FROM models WHERE uid = named AND state IN {_LEAVING}"  # noqa: S608 - a constant of this file
    yield (
        "CREATE FUNCTION modelport_living() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE named text := to_jsonb(NEW) ->> TG_ARGV[0]; "
        f"BEGIN IF EXISTS ({leaving}) "
        "THEN RAISE EXCEPTION USING MESSAGE = 'the model is leaving', ERRCODE = 'check_violation', "
        "CONSTRAINT = 'model_is_leaving'; END IF; RETURN NEW; END $$"
    )
    for table, column in _POINTERS:
        yield (
            f"CREATE TRIGGER {table}_living BEFORE INSERT OR UPDATE OF {column} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION modelport_living('{column}')"
        )


def _without_triggers() -> Iterator[str]:
    if op.get_bind().dialect.name == "sqlite":
        yield "DROP TRIGGER audit_no_update"
        yield "DROP TRIGGER audit_no_delete"
        for table, _ in _POINTERS:
            yield f"DROP TRIGGER {table}_living_insert"
            yield f"DROP TRIGGER {table}_living_update"
        return
    yield "DROP TRIGGER audit_append_only ON audit"
    for table, _ in _POINTERS:
        yield f"DROP TRIGGER {table}_living ON {table}"
    yield "DROP FUNCTION modelport_append_only"
    yield "DROP FUNCTION modelport_living"
