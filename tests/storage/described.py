"""What a database says of itself, for tests that compare two of them."""

from typing import Any

from sqlalchemy import Connection, inspect, text


def description(connection: Connection) -> dict[str, Any]:
    """What the database says of itself: columns, keys, indexes and checks of each table."""
    inspector = inspect(connection)

    def details(table: str) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "columns": inspector.get_columns(table),
            "primary": inspector.get_pk_constraint(table),
            "foreign": inspector.get_foreign_keys(table),
            "unique": inspector.get_unique_constraints(table),
            "indexes": inspector.get_indexes(table),
            "checks": inspector.get_check_constraints(table),
        }
        for index in parts["indexes"]:  # a clause would be shown by its address
            index["dialect_options"] = {name: str(value) for name, value in index["dialect_options"].items()}
        return {name: sorted(map(str, part)) if isinstance(part, list) else str(part) for name, part in parts.items()}

    return {table: details(table) for table in inspector.get_table_names()} | _refusals(connection)


def _refusals(connection: Connection) -> dict[str, Any]:
    """Return the triggers and functions that the database has, as they were written."""
    if connection.dialect.name == "sqlite":
        queries = {"triggers": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"}
    else:
        queries = {
            "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname",
            "functions": "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'modelport%' ORDER BY proname",
        }
    found = {what: [tuple(row) for row in connection.execute(text(query))] for what, query in queries.items()}
    return {what: rows for what, rows in found.items() if rows}
