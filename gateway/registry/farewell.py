"""What callers are told of a model that left, or that is announced to leave (lifecycle.md sections 2 and 3).

Pure. The data plane and `resolve` say the same. A successor is named only to who may call it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial

from gateway.api.principal import Principal
from gateway.errors import GatewayError, NotFound
from gateway.registry.snapshot import ModelRoute, Retired, Snapshot

_FINAL = {"x-should-retry": "false"}


def model_retired(principal: Principal, name: str, retired: Retired, snapshot: Snapshot) -> NotFound:
    """Return the 404 for a name, the model's or an alias, of a model that left; `extra` names the successor."""
    successor = successor_for(principal, retired.successor_uid, snapshot)
    day = datetime.fromtimestamp(retired.at_ms // 1000, UTC).date()
    said = f"model {name!r} was retired on {day}"
    return NotFound(
        said if successor is None else f"{said}; use {successor.name!r}",
        code="model_retired",
        param="model",
        hint="GET /v1/models lists what can be called" if successor is None else None,
        headers=_FINAL,
        retired_at=retired.at_ms // 1000,
        successor=None if successor is None else successor.name,
    )


def farewell(principal: Principal, name: str, uid: str, snapshot: Snapshot) -> Callable[[], GatewayError]:
    """Return what makes the error of a running call of the model that is ended."""
    retired = snapshot.retired.get(uid)
    if retired is None:  # purged meanwhile
        return partial(NotFound, f"model {name!r} was retired", code="model_retired", param="model", headers=_FINAL)
    return partial(model_retired, principal, name, retired, snapshot)


def may_know(principal: Principal, name: str, retired: Retired) -> bool:
    """Whether the key could call the model by that name; a grant that went away with it counts."""
    return principal.may_call(name) or principal.may_call(retired.name) or principal.key_id in retired.keys


def find_retired(principal: Principal, team: str, name: str, snapshot: Snapshot) -> Retired | None:
    """Return what is left of the model of that name or alias, None unless the key could call it."""
    retired = snapshot.find_retired(team, name)
    return retired if retired is not None and may_know(principal, name, retired) else None


def successor_for(principal: Principal, uid: str | None, snapshot: Snapshot) -> ModelRoute | None:
    """Return the model that takes over, if the key may call it."""
    found = snapshot.successor(uid)
    return found if found is not None and principal.may_call(found.name) else None


def notice(principal: Principal, route: ModelRoute, snapshot: Snapshot, base: str) -> dict[str, str]:
    """Return the headers of every answer of a deprecated model (RFC 9745, RFC 8594, RFC 5829), `base` as below."""
    announced = route.deprecation
    if announced is None:
        return {}
    headers = {"Deprecation": f"@{announced.at_ms // 1000}"}
    if announced.sunset_ms is not None:
        headers["Sunset"] = formatdate(announced.sunset_ms // 1000, usegmt=True)
    if (successor := successor_for(principal, announced.successor_uid, snapshot)) is not None:
        headers["Link"] = successor_link(base, successor.name)
    return headers


def link_successor(error: GatewayError, base: str) -> None:
    """Add the link to the successor that the error names, if it does."""
    successor = error.extra.get("successor")
    if isinstance(successor, str):
        error.headers["Link"] = successor_link(base, successor)


def successor_link(base: str, name: str) -> str:
    """Return the value of `Link` (RFC 5829). `base` ends in "/v1/"; names hold nothing that needs an escape in a path.

    >>> successor_link("/v1/", "org/qwen3:8b")
    '</v1/models/org/qwen3:8b>; rel="successor-version"'
    """
    return f'<{base}models/{name}>; rel="successor-version"'
