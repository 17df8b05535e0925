"""The files of a support report. Each is made of what was asked of this machine and of the running server."""

import json
import platform
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from sqlalchemy.exc import ArgumentError

from gateway import __version__
from gateway.configuration.loading import Configuration
from gateway.configuration.view import settings_data
from gateway.doctor.database import open_read_only
from gateway.doctor.machine import Machine, Silence
from gateway.doctor.redaction import Redaction
from gateway.errors import GatewayError
from gateway.storage.engine import parse_url
from gateway.storage.revisions import HEAD

README = """\
A report of modelport, made by `modelport report`.

about.json      version, Python, system, installed packages
config.json     the settings of a server that is started here, with their origins
server.json     the settings of the running server, and its description's version
doctor.json     what `modelport doctor` found
errors.json     the last warnings and errors of the running server
metrics.txt     its numbers
database.json   revision and size of the database

Passwords, keys and tokens are replaced by ***. There are no prompts and no answers in it. There are names of models and
teams, and addresses of servers: look through it before you send it on.
"""


def files_of(
    machine: Machine, findings: list[dict[str, Any]], metrics: str | Silence, hide: Redaction
) -> dict[str, str]:
    """Return name and text of every file, without secrets."""
    data = {
        "about.json": _about(),
        "config.json": _config(machine),
        "server.json": _server(machine),
        "doctor.json": findings,
        "errors.json": _asked(machine, "api/v1/errors"),
        "database.json": _database(machine),
    }
    texts = {
        name: json.dumps(hide.data(value), indent=2, ensure_ascii=False, default=str) for name, value in data.items()
    }
    numbers = f"# not to be had: {metrics.why}\n" if isinstance(metrics, Silence) else metrics
    return {"README.txt": README, **texts, "metrics.txt": hide.text(numbers)}


def _about() -> dict[str, Any]:
    packages = {one.name: one.version for one in distributions()}
    return {
        "modelport": __version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version,
        "implementation": platform.python_implementation(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "packages": dict(sorted(packages.items(), key=lambda one: one[0].lower())),
    }


def _config(machine: Machine) -> dict[str, Any]:
    reading = machine.reading
    if reading is None or reading.settings is None:
        faults = [str(one) for one in reading.findings] if reading else [machine.unreadable]
        return {"file": str(machine.file) if machine.file else None, "findings": faults}
    configuration = Configuration(reading.settings, reading.declared, reading.document, reading.origins)
    shown = settings_data(configuration, hot=lambda _: False)
    for row in shown["settings"]:
        row.pop("hot", None)
    return shown


def _server(machine: Machine) -> dict[str, Any]:
    described = machine.server.ask("api/openapi.json")
    info = (
        described.data.get("info") if not isinstance(described, Silence) and isinstance(described.data, dict) else None
    )
    return {"url": machine.server.url, "info": info, "settings": _asked(machine, "api/v1/settings")}


def _asked(machine: Machine, path: str) -> Any:
    told = machine.server.ask(path)
    if isinstance(told, Silence):
        return {"not_to_be_had": told.why}
    detail = told.data.get("detail") if isinstance(told.data, dict) else None
    return told.data if told.status == 200 else {"not_to_be_had": f"{told.status} {detail or ''}".strip()}  # noqa: PLR2004 - HTTP's OK


def _database(machine: Machine) -> dict[str, Any]:
    """Return kind, revision and, of an embedded one, size and numbers of rows."""
    found: dict[str, Any] = {"needed": HEAD}
    if machine.settings is None:
        return found
    try:
        url = parse_url(machine.settings.database_url)
    except (GatewayError, ArgumentError) as error:
        return {**found, "fault": str(error)}
    if url.get_backend_name() != "sqlite":
        return {**found, "kind": "PostgreSQL"}
    path = Path(url.database or "")
    return {**found, "kind": "SQLite", **(_rows(path) if path.is_file() else {"there": False})}


def _rows(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"bytes": path.stat().st_size, "copies": len(list(path.parent.glob(f"{path.name}.bak-*")))}
    try:
        with closing(open_read_only(path)) as database:
            tables = [str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            counts = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608 - names of the database itself
            revision = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        return {**found, "fault": str(error)}
    return {**found, "revision": revision[0] if revision else None, "rows": counts}
