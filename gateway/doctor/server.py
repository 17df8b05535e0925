"""The running server: does it answer, is it of our version, does it take the key, and is it seen through its proxy."""

import asyncio
from collections.abc import Iterator

from yarl import URL

from gateway import __version__
from gateway.doctor.asking import ask
from gateway.doctor.finding import Finding, fail, ok, skip, warn
from gateway.doctor.machine import Machine, Silence, Told
from gateway.upstream.policy import EgressPolicy

_OK = 200
_UNAUTHORIZED = 401
_MISDIRECTED = 421


def check_server(machine: Machine) -> Iterator[Finding]:
    """Whether a server answers, and which one."""
    url = machine.server.url
    told = machine.server.ask("-/healthy")
    if isinstance(told, Silence):
        if machine.server.named:
            yield fail(f"{url}: {told.why}", "modelport serve")
        else:
            yield skip(f"no server answers at {url}", "modelport serve")
        return
    if told.status == _MISDIRECTED:
        host = URL(url).host
        yield fail(f"{url} does not serve this host", f"MODELPORT_SERVER__ALLOWED_HOSTS={host} modelport serve")
        return
    if told.status != _OK or not told.is_modelport:
        yield fail(f"{url} answered {told.status}, but not as modelport does", "modelport doctor --server URL")
        return
    ready = machine.server.ask("-/ready")
    if isinstance(ready, Silence) or ready.status != _OK:
        yield warn(f"{url} lives and takes no calls: it starts or stops", "modelport doctor --only server")
        return
    yield _version(machine)


def check_key(machine: Machine) -> Iterator[Finding]:
    """Whether the server takes the key, and what it may do."""
    told = machine.server.ask("-/healthy")
    if isinstance(told, Silence) or not told.is_modelport:
        yield skip("there is no server to ask")
        return
    if not machine.server.has_key:
        yield skip("no key in MODELPORT_KEY", "export MODELPORT_KEY=$(modelport keys create --local)")
        return
    me = machine.server.ask("api/v1/me")
    if isinstance(me, Told) and me.status == _OK and isinstance(me.data, dict):
        team = me.data.get("team")
        yield ok(f"role {me.data.get('role')}, {f'team {team}' if team else 'every team'}")
    elif isinstance(me, Told) and me.status == _UNAUTHORIZED:
        yield fail(
            f"{machine.server.url} does not accept the key", "export MODELPORT_KEY=$(modelport keys create --local)"
        )
    else:
        status = me.why if isinstance(me, Silence) else me.status
        yield warn(f"{machine.server.url} did not say whose key it is ({status})", "modelport doctor --only server")


def check_origin(machine: Machine) -> Iterator[Finding]:
    """Whether the address that callers are told leads to the server, through whatever stands in front."""
    settings = machine.settings
    if settings is None or settings.server.public_origin is None:
        yield skip("no server.public_origin is set: it is for a proxy in front")
        return
    base = f"{settings.server.public_origin}{settings.server.mount}"
    host = URL(base).host or ""
    policy = EgressPolicy("dev", allow_hosts=[host]) if not _is_address(host) else EgressPolicy("dev")
    told = asyncio.run(ask(URL(f"{base}-/healthy"), policy))
    if isinstance(told, Silence):
        yield fail(f"{base}: {told.why}", f"curl -sS -o /dev/null -w '%{{http_code}}\\n' {base}-/healthy")
    elif told.status == _MISDIRECTED:
        yield fail(
            f"{base} reaches a server that does not serve this host: the proxy passes another Host header",
            "grep -rn proxy_set_header /etc/nginx",
        )
    elif told.status != _OK or not told.is_modelport:
        yield fail(
            f"{base} answered {told.status}, but not as modelport does: does the proxy pass {settings.server.mount}?",
            f"curl -i {base}-/healthy",
        )
    else:
        yield ok(f"{base} leads to modelport")


def _version(machine: Machine) -> Finding:
    described = machine.server.ask("api/openapi.json")
    info = described.data.get("info", {}) if isinstance(described, Told) and isinstance(described.data, dict) else {}
    version = info.get("version")
    if version is None:
        return ok(f"{machine.server.url} answers, in the gateway role")
    if version != __version__:
        return warn(
            f"{machine.server.url} is modelport {version}, this is {__version__}", f"pip install modelport=={version}"
        )
    return ok(f"{machine.server.url} is modelport {version}")


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
