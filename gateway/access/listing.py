"""The team's own `models` and `models/{id}`: honest lists in OpenAI's shape, never forwarded.

A name is listed when this key may call it and an endpoint is switched on (admission.py). Aliases are names like any
other; `root` says which model they mean.
"""

import json
from collections.abc import Callable

from aiohttp import web

from gateway.access.admission import admit, unknown_model, visible_names
from gateway.api.principal import Principal
from gateway.registry.snapshot import ModelRoute, Snapshot


def list_models(
    principal: Principal, team: str, snapshot: Snapshot, *, is_hidden: Callable[[ModelRoute], bool] = lambda _: False
) -> web.Response:
    """Return `{"object": "list", "data": […]}`, sorted by name, without what is hidden while it is not well."""
    rows = []
    for name in visible_names(principal, team, snapshot):
        route = snapshot.find(team, name)
        if route is not None and not is_hidden(route):
            rows.append(_row(name, route))
    return _json({"object": "list", "data": rows})


def show_model(principal: Principal, team: str, name: str, snapshot: Snapshot) -> web.Response:
    """Return one model of the list.

    Raises:
        NotFound: it would not be in the list.
    """
    if name not in visible_names(principal, team, snapshot):
        raise unknown_model(principal, team, name, snapshot)
    return _json(_row(name, admit(principal, team, name, snapshot)))


def _row(name: str, route: ModelRoute) -> dict[str, object]:
    return {
        "id": name,
        "object": "model",
        "created": route.created_at // 1000,
        "owned_by": route.team,
        "root": route.name,
    }


def _json(value: object) -> web.Response:
    return web.Response(body=json.dumps(value, ensure_ascii=False).encode(), content_type="application/json")
