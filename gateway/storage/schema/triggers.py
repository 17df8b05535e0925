"""What the database itself refuses: changes of the record (LIF-22), and new references to a model that leaves.

A migration that adds one repeats its text: a released step must build what it built then.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import DDL, MetaData, event

_LEAVING: Final = "('draining', 'deleted')"
_POINTERS: Final = (("aliases", "model_uid"), ("model_fallbacks", "fallback_uid"), ("key_models", "model_uid"))
"""Tables whose rows name a model by this column."""


def attach(metadata: MetaData) -> None:
    """Have the triggers made with the tables."""
    for dialect, statements in (("sqlite", _sqlite()), ("postgresql", _postgresql())):
        for statement in statements:
            event.listen(metadata, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]


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
