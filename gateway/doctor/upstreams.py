"""Each endpoint, asked from this machine without its key: name, connection, TLS, list of models.

Which endpoints there are is asked of the running server; without one they are read from the embedded database.
`--live` also calls each model through the server, which has the keys.
"""

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct
from yarl import URL

from gateway.doctor.asking import CONNECT_S, get
from gateway.doctor.database import open_read_only
from gateway.doctor.finding import Finding, fail, ok, skip, warn
from gateway.doctor.machine import Machine, Silence, Told
from gateway.errors import GatewayError
from gateway.registry.names import nearest
from gateway.settings import EgressSettings
from gateway.storage.engine import parse_url
from gateway.upstream.egress import Egress, EgressPolicy, Session

_OK = 200
_UNAUTHORIZED = (401, 403)
_SERVER_ERROR = 500
_ALLOW = re.compile(r"egress\.allow_networks: (\[.*\])")
_PAGE = 200
_LIVE_TASKS = ("chat", "completions", "embeddings")
_ROWS = """
SELECT e.id, e.base_url, e.upstream_model, m.name AS model, m.task
FROM endpoints e JOIN models m ON m.uid = e.model_uid WHERE e.enabled
"""


class Upstream(Struct, frozen=True):
    """An endpoint that takes calls."""

    id: str
    base_url: str
    upstream_model: str
    model: str


def check_upstreams(machine: Machine) -> Iterator[Finding]:
    """Ask every endpoint that takes calls, all at once; with `--live` call every model."""
    rows = endpoints_of(machine)
    if rows is None:
        yield skip("nobody can say which endpoints there are: no server, no embedded database", "modelport serve")
        return
    if not rows:
        yield skip("there are no endpoints yet", "modelport discover")
        return
    yield from asyncio.run(_ask_all(rows, machine.settings.egress if machine.settings else EgressSettings()))
    if machine.live:
        yield from _call_all(machine)


def endpoints_of(machine: Machine) -> list[Upstream] | None:
    """Return the endpoints, None when nobody can say."""
    listed = _listed(machine, "endpoints")
    if listed is not None:
        return [_upstream(row) for row in listed if row.get("enabled")]
    settings = machine.settings
    try:
        url = parse_url(settings.database_url) if settings else None
    except GatewayError:
        return None
    path = Path(url.database or "") if url is not None and url.get_backend_name() == "sqlite" else None
    if path is None or not path.is_file():
        return None
    try:
        with closing(open_read_only(path)) as database:
            database.row_factory = sqlite3.Row
            return [_upstream(dict(row)) for row in database.execute(_ROWS)]
    except sqlite3.Error:
        return None


def _listed(machine: Machine, noun: str) -> list[dict[str, Any]] | None:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        told = machine.server.ask(f"api/v1/{noun}?limit={_PAGE}{cursor}")
        if isinstance(told, Silence) or told.status != _OK or not isinstance(told.data, dict):
            return None
        rows += told.data.get("items", [])
        if not told.data.get("next_cursor"):
            return rows
        cursor = f"&cursor={told.data['next_cursor']}"


def _upstream(row: dict[str, Any]) -> Upstream:
    return Upstream(str(row["id"]), str(row["base_url"]), str(row["upstream_model"] or row["model"]), str(row["model"]))


async def _ask_all(rows: list[Upstream], egress: EgressSettings) -> list[Finding]:
    door = Egress(EgressPolicy(egress.profile, egress.allow_networks, egress.allow_hosts), connect_timeout_s=CONNECT_S)
    try:
        by_address: dict[str, asyncio.Task[Told | Silence]] = {}
        async with asyncio.TaskGroup() as group:
            for url in dict.fromkeys(row.base_url for row in rows):
                by_address[url] = group.create_task(get(door.session, URL(f"{url.rstrip('/')}/models", encoded=True)))
        return [await _judge(row, by_address[row.base_url].result(), door.session) for row in rows]
    finally:
        await door.close()


async def _judge(row: Upstream, told: Told | Silence, session: Session) -> Finding:
    name = f"{row.model} at {row.base_url}"
    if isinstance(told, Silence):
        return _silent(row, name, told)
    if told.status in _UNAUTHORIZED:
        return ok(f"{name}: it answers and asks for a key, which the server has")
    if told.status >= _SERVER_ERROR:
        return fail(f"{name}: it answered {told.status}", f"modelport endpoints edit {row.id} --disabled")
    names = _names(told)
    if names is not None:
        return _listing(row, name, names)
    return await _elsewhere(row, name, told.status, session)


def _listing(row: Upstream, name: str, names: list[str]) -> Finding:
    if names and row.upstream_model not in names:
        close = nearest(row.upstream_model, names)
        wanted = close[0] if close else min(names)
        command = f"modelport endpoints edit {row.id} --upstream-model {wanted}"
        return warn(f"{name}: it does not list {row.upstream_model!r}, but {len(names)} others", command)
    return ok(f"{name}: it answers and lists {len(names)} model{'' if len(names) == 1 else 's'}")


async def _elsewhere(row: Upstream, name: str, status: int, session: Session) -> Finding:
    """Judge an answer that is no list of models: the usual fault is a missing /v1."""
    bare = row.base_url.rstrip("/")
    other = await get(session, URL(f"{bare}/v1/models", encoded=True))
    if isinstance(other, Told) and _names(other) is not None:
        return fail(f"{name}: its API is at {bare}/v1", f"modelport endpoints edit {row.id} --url {bare}/v1")
    return warn(f"{name}: it answered {status} and lists no models", f"curl -i {bare}/models")


def _silent(row: Upstream, name: str, silence: Silence) -> Finding:
    allowed = _ALLOW.search(silence.hint or "")
    if allowed:
        variable = f"MODELPORT_EGRESS__ALLOW_NETWORKS='{json.dumps(json.loads(allowed[1]))}'"
        return fail(f"{name}: {silence.hint}", f"{variable} modelport serve")
    if "certificate" in silence.why:
        return fail(f"{name}: {silence.why}", "SSL_CERT_FILE=/path/to/authority.pem modelport serve")
    if "TLS" in silence.why:
        plain = (
            URL(row.base_url, encoded=True).with_scheme("http") if row.base_url.startswith("https:") else row.base_url
        )
        return fail(f"{name}: {silence.why}", f"modelport endpoints edit {row.id} --url {plain}")
    hint = f"; {silence.hint}" if silence.hint else ""
    return fail(f"{name}: {silence.why}{hint}", f"modelport endpoints edit {row.id} --disabled")


def _names(told: Told) -> list[str] | None:
    rows = told.data.get("data") if told.status == _OK and isinstance(told.data, dict) else None
    if not isinstance(rows, list):
        return None
    return [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]


def _call_all(machine: Machine) -> Iterator[Finding]:
    for row in _listed(machine, "models") or []:
        if row.get("state") != "active" or not row.get("endpoints"):
            continue
        name, task = str(row["name"]), str(row["task"])
        if task not in _LIVE_TASKS:
            yield skip(f"{name}: no call for {task} is small enough to try", f"modelport use {name}")
            continue
        wrong = machine.server.try_call(name, task)
        if wrong is None:
            yield ok(f"{name}: a call of a few tokens was answered")
        else:
            yield fail(f"{name}: {wrong}", f"modelport call {name} hello")
