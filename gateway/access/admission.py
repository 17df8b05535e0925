"""Which model of which team a call may reach: key, team, name, state. Pure; reads one snapshot.

The order is the order of what may be learned: the team first (a key of another team learns nothing), then the name
among those that the key may see, then whether anybody can answer (proxy_behaviour.md section 7, security.md ACL-3).
"""

from gateway.api.principal import Principal
from gateway.errors import GatewayError, NotFound, PermissionDenied, Unavailable
from gateway.registry.farewell import find_retired, may_know, model_retired
from gateway.registry.names import MAX_MODEL_NAME, MAX_READ, nearest, unnamed_team
from gateway.registry.snapshot import EndpointRoute, ModelRoute, Snapshot

RETRY_AFTER_S = 5
"""When to ask again for a model that nobody can answer: as long as a breaker's shortest pause."""
_QUOTED = MAX_MODEL_NAME  # characters of the caller's text that a message repeats; no name is longer


def team_of(principal: Principal, named: str | None, snapshot: Snapshot) -> str:
    """Return the team that a call belongs to: the one in the path, else the key's own, else what `resolve` says.

    Raises:
        PermissionDenied: the key belongs to another team, whether or not the named one exists.
        NotFound: a caller of every team named one that does not exist.
        Unprocessable: nothing says which of several teams is meant.
    """
    if named is None:
        return principal.team or unnamed_team(snapshot.teams)
    if not principal.sees_team(named):
        raise PermissionDenied(
            f"this key does not belong to the team {named[:_QUOTED]!r}",
            hint="use the address that GET /api/v1/models gives for this key",
        )
    if not snapshot.has_team(named):
        close = _close(named, tuple(snapshot.teams))
        raise NotFound(
            f"team {named[:_QUOTED]!r} not found", code="team_not_found", hint=f"{close}GET /api/v1/teams lists them"
        )
    return named


def admit(principal: Principal, team: str, name: str, snapshot: Snapshot) -> ModelRoute:
    """Return the model that the call may reach.

    Raises:
        NotFound: no such model among those that this key may see; with the nearest names, or who took over from one
            that left.
        Unavailable: known, but no endpoint is switched on.
    """
    route = snapshot.find(team, name)
    if route is None or route.state == "draft" or not _granted(principal, route, name):
        raise unknown_model(principal, team, name, snapshot)
    _require_enabled(route, name)
    if not route.callable:
        raise unreachable(name)
    return route


def admit_unnamed(principal: Principal, route: ModelRoute, endpoint: EndpointRoute, snapshot: Snapshot) -> bool:
    """Whether the key may use the endpoint that a call without a model's name leads to: as if it named the model.

    Raises:
        NotFound: the model is disabled, or has left.
        Unavailable: the endpoint is switched off.
    """
    if route.state == "draft" or not may_use(principal, route, snapshot):
        return False
    if route.state == "draining":
        raise model_retired(principal, route.name, snapshot.retired[route.uid], snapshot)
    _require_enabled(route, route.name)
    if not endpoint.enabled:
        raise unreachable(route.name)
    return True


def require_staying(principal: Principal, route: ModelRoute, name: str | None, snapshot: Snapshot) -> None:
    """Raise NotFound when the model that an older snapshot admitted is leaving in this one."""
    now = snapshot.by_uid.get(route.uid)
    if now is not None and now.state != "draining":
        return
    name = route.name if name is None else name
    retired = snapshot.retired.get(route.uid)
    if retired is None:
        raise unknown_model(principal, route.team, name, snapshot)
    raise model_retired(principal, name, retired, snapshot)


def may_use(principal: Principal, route: ModelRoute, snapshot: Snapshot) -> bool:
    """Whether the key's patterns admit the model by its name or by one of its aliases."""
    if principal.may_call(route.name):
        return True
    if route.state == "draining":
        retired = snapshot.retired[route.uid]
        return any(may_know(principal, name, retired) for name in retired.names)
    names = snapshot.names(route.team)
    return any(principal.may_call(name) for name in names if snapshot.find(route.team, name) is route)


def unknown_model(principal: Principal, team: str, name: str, snapshot: Snapshot) -> GatewayError:
    """Return the 404 for a name: its model left, or with the nearest of those that the key may see."""
    if retired := find_retired(principal, team, name, snapshot):
        return model_retired(principal, name, retired, snapshot)
    names, shown = snapshot.names(team), name[:_QUOTED]
    visible = _visible(principal, team, snapshot, names[:MAX_READ])  # of 100,000 the look at each took 50 ms
    return NotFound(
        f"model {shown!r} not found",
        code="model_not_found",
        param="model",
        hint=_meant(shown, visible, whole=len(names) <= MAX_READ),
        headers={"x-should-retry": "false"},
    )


def may_list(principal: Principal, name: str, route: ModelRoute) -> bool:
    """Whether the name is in the list that the key gets."""
    return route.callable and _granted(principal, route, name)


def unreachable(name: str) -> GatewayError:
    """Return the 503 for a model that is known while nobody can answer for it."""
    return Unavailable(
        f"model {name!r} is known, but none of its endpoints can answer now",
        param="model",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def visible_names(principal: Principal, team: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the callable names of the team, aliases included, that the key may use; sorted."""
    return _visible(principal, team, snapshot, snapshot.names(team))


def _visible(principal: Principal, team: str, snapshot: Snapshot, names: tuple[str, ...]) -> tuple[str, ...]:
    found = ((name, snapshot.find(team, name)) for name in names)
    return tuple(sorted(name for name, route in found if route is not None and may_list(principal, name, route)))


def _require_enabled(route: ModelRoute, name: str) -> None:
    if route.state == "disabled":
        raise NotFound(
            f"model {name!r} is disabled",
            code="model_disabled",
            param="model",
            hint="its operator can enable it again",
            headers={"x-should-retry": "false"},
        )


def _granted(principal: Principal, route: ModelRoute, name: str) -> bool:
    """A grant may name the model or the alias; either is enough."""
    return principal.may_call(name) or principal.may_call(route.name)


def _meant(name: str, names: tuple[str, ...], *, whole: bool) -> str:
    if not whole:
        return f"{_close(name, names)}GET /v1/models lists them all"
    if not names:
        return "no model is registered for this key yet"
    return f"{_close(name, names)}{len(names)} in all: GET /v1/models"


def _close(name: str, names: tuple[str, ...]) -> str:
    close = nearest(name, names)
    return f"did you mean {' or '.join(repr(one) for one in close)}? " if close else ""
