"""How a model looks on the command line: a row of a list, and all that is known of one."""

from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.cli.output import Columns, JsonObject

_LOOK: Final = timedelta(minutes=2)
"""In which the server has looked at all whose time has come."""


def _state(row: JsonObject) -> str:
    """Say how far a model is in its life, with what its callers are told.

    >>> _state({"state": "deprecated", "deprecation": {"sunset_at": "2028-01-01T00:00:00.000Z", "successor": "b"}})
    'deprecated (until 2027-12-31, then b)'
    >>> _state({"state": "deprecated", "deprecation": {"sunset_at": "2020-01-01T00:00:00.000Z"}})
    'deprecated (was to be gone after 2019-12-31: something keeps it)'
    """
    said = row.get("deprecation") or {}
    parts = [_sunset(said["sunset_at"])] if said.get("sunset_at") and row["state"] == "deprecated" else []
    parts += [f"then {said['successor']}"] if said.get("successor") else []
    parts += [f"since {row['delete_time'][:10]}"] if row.get("delete_time") else []
    return f"{row['state']} ({', '.join(parts)})" if parts else str(row["state"])


def _sunset(moment: str) -> str:
    if datetime.now(UTC) - datetime.fromisoformat(moment) > _LOOK:
        return f"was to be gone after {_last_day(moment)}: something keeps it"
    return f"until {_last_day(moment)}"


def _last_day(moment: str) -> str:
    """Return the last day, in UTC, that is not over at this moment."""
    return (datetime.fromisoformat(moment) - timedelta(milliseconds=1)).date().isoformat()


COLUMNS: Columns = {
    "name": "name",
    "team": "team",
    "task": "task",
    "state": lambda row: f"{_state(row)}, orphaned" if row.get("catalogue_flag") else _state(row),
    "health": "health",
    "via": lambda row: row.get("gateway") or "server",
    "endpoints": lambda row: len(row.get("endpoints", ())),
    "url": "url",
}


def _endpoints(row: JsonObject) -> str:
    return ", ".join(
        f"{one['base_url']} ({one['id']}{'' if one['enabled'] else ', off'})" for one in row.get("endpoints", ())
    )


def _package(row: JsonObject) -> str | None:
    reference = row.get("source_reference")
    return f"{reference}@{row.get('source_digest')}" if reference else None


def _entry(row: JsonObject) -> str | None:
    """Return the entry that a model was made of, and whether the catalogue still has it.

    >>> _entry({"catalogue_id": "acme/a", "catalogue_flag": "orphaned"}), _entry({})
    ('acme/a (orphaned: gone from the catalogue)', None)
    """
    entry = row.get("catalogue_id")
    return f"{entry} (orphaned: gone from the catalogue)" if entry and row.get("catalogue_flag") else entry


FIELDS: Columns = {
    "name": "name",
    "uid": "uid",
    "team": "team",
    "task": "task",
    "state": _state,
    "protected": "protected",
    "deleted at": "delete_time",
    "restorable until": "purge_time",
    "reason": "reason",
    "health": "health",
    "last error": "last_error",
    "checked at": "checked_at",
    "description": "description",
    "via": lambda row: row.get("via") or f"default ({row.get('gateway') or 'server'})",
    "base_url": "base_url",
    "url": "url",
    "aliases": "aliases",
    "endpoints": _endpoints,
    "fallbacks": "fallbacks",
    "package": _package,
    "catalogue entry": _entry,
    "first byte timeout (s)": "first_byte_timeout_s",
    "idle timeout (s)": "idle_timeout_s",
    "total timeout (s)": "total_timeout_s",
    "drain for usage (ms)": "drain_for_usage_ms",
}
