"""The team's own `models` and `models/{id}`: honest lists in OpenAI's shape, never forwarded.

A name is listed when this key may call it and an endpoint is switched on (admission.py). Aliases are names like any
other; `root` says which model they mean. A deprecated model says so, in times of seconds.
"""

import json
from collections.abc import Callable

from aiohttp import web

from gateway.access.admission import may_list, unknown_model, visible_names
from gateway.api.principal import Principal
from gateway.registry.farewell import notice, successor_for
from gateway.registry.snapshot import ModelRoute, Snapshot


def list_models(
    principal: Principal, team: str, snapshot: Snapshot, *, is_hidden: Callable[[ModelRoute], bool] = lambda _: False
) -> web.Response:
    """Return `{"object": "list", "data": […]}`, sorted by name, without what is hidden while it is not well."""
    rows = []
    for name in visible_names(principal, team, snapshot):
        route = snapshot.find(team, name)
        if route is not None and not is_hidden(route):
            rows.append(_row(principal, name, route, snapshot))
    return _json({"object": "list", "data": rows})


def show_model(principal: Principal, team: str, name: str, snapshot: Snapshot, *, base: str = "/v1/") -> web.Response:
    """Return one model of the list; `base` is what its caller's calls begin with.

    Raises:
        NotFound: it would not be in the list.
    """
    route = snapshot.find(team, name)
    if route is None or not may_list(principal, name, route):
        raise unknown_model(principal, team, name, snapshot)
    answer = _json(_row(principal, name, route, snapshot))
    if route.deprecation is not None:
        answer.headers.update(notice(principal, route, snapshot, base))
    return answer


def deleted(name: str) -> web.Response:
    """Return OpenAI's answer to the deletion of a model."""
    return _json({"id": name, "object": "model", "deleted": True})


def _row(principal: Principal, name: str, route: ModelRoute, snapshot: Snapshot) -> dict[str, object]:
    row: dict[str, object] = {
        "id": name,
        "object": "model",
        "created": route.created_at // 1000,
        "owned_by": route.team,
        "root": route.name,
    }
    if (announced := route.deprecation) is not None:
        successor = successor_for(principal, announced.successor_uid, snapshot)
        row["deprecation"] = {
            "deprecated_at": announced.at_ms // 1000,
            "sunset_at": None if announced.sunset_ms is None else announced.sunset_ms // 1000,
            "successor": None if successor is None else successor.name,
        }
    return row


def _json(value: object) -> web.Response:
    return web.Response(body=json.dumps(value, ensure_ascii=False).encode(), content_type="application/json")
