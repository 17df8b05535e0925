"""What the hot path reads: the whole registry, immutable, every question one or two dict look-ups.

`build` is pure; `registry.py` swaps the result in when something changed. Everything that can be worked out before a
call is worked out here: published addresses, upstream URLs, aliases.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from yarl import URL

from gateway.registry.address import default_gateway, model_gateway, published, team_gateway, via_as_set
from gateway.registry.record import (
    AliasRecord,
    EndpointRecord,
    GatewayRecord,
    ModelRecord,
    Rows,
    TeamRecord,
)

MAX_CACHED_URLS = 64  # the table of operations has some 30 suffixes; anything beyond is no constant
CALLABLE_STATES: Final = frozenset({"active", "deprecated"})


@dataclass(frozen=True, slots=True)
class Credential:
    """Where an upstream's secret is found, and the one origin that it may be sent to (EGR-7).

    `ref` is the variable's name ("env"), the path ("file") or the id of a row of `secrets` ("stored").
    """

    kind: Literal["env", "file", "stored"]
    ref: str
    origin: str


@dataclass(frozen=True, slots=True)
class EndpointRoute:
    """One place where a model really runs. `url_prefix` is `base_url` without a final slash."""

    id: str
    base_url: URL
    url_prefix: str
    upstream_model: str
    weight: int
    enabled: bool
    credential: Credential | None
    organization_headers: bool
    _urls: dict[str, URL] = field(default_factory=dict, compare=False, repr=False)

    def url_for(self, suffix: str) -> URL:
        """Return the upstream URL of a checked, already encoded suffix such as "/chat/completions" (RES-6).

        Constant suffixes are kept, so that a call makes no URL at all; use `url_of` where the suffix holds an id.
        """
        url = self._urls.get(suffix)
        if url is None:
            url = self.url_of(suffix)
            if len(self._urls) < MAX_CACHED_URLS:
                self._urls[suffix] = url
        return url

    def url_of(self, suffix: str) -> URL:
        """Return the same without keeping it: for suffixes that hold an object's id or a query."""
        return URL(self.url_prefix + suffix, encoded=True)


@dataclass(frozen=True, slots=True)
class ModelRoute:
    """A model as a call sees it. `via` is as set (a gateway's name, "server", None), `gateway` what that leads to.

    `base_url` is what is published; `created_at` is in milliseconds.
    """

    uid: str
    name: str
    team: str
    task: str
    state: str
    via: str | None
    endpoints: tuple[EndpointRoute, ...]
    stream_usage: bool
    first_byte_timeout_s: float | None
    idle_timeout_s: float | None
    total_timeout_s: float | None
    created_at: int
    gateway: str | None
    base_url: str
    rev: int

    @property
    def callable(self) -> bool:
        """Whether a call may be tried at all: the state allows it and an endpoint is switched on."""
        return self.state in CALLABLE_STATES and any(endpoint.enabled for endpoint in self.endpoints)


@dataclass(frozen=True, slots=True)
class GatewayRoute:
    """A public entry point."""

    id: str
    name: str
    url: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class TeamRoute:
    """A team with its own address and everything that may be called in it."""

    id: str
    name: str
    gateway: str | None
    base_url: str
    models: tuple[ModelRoute, ...] = ()
    by_name: Mapping[str, ModelRoute] = field(default_factory=dict, repr=False)
    defaults: Mapping[str, EndpointRoute] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The registry at one revision. Never changed; a newer one takes its place."""

    revision: int = 0
    teams: Mapping[str, TeamRoute] = field(default_factory=dict, repr=False)
    gateways: tuple[GatewayRoute, ...] = ()
    endpoints: Mapping[str, tuple[ModelRoute, EndpointRoute]] = field(default_factory=dict, repr=False)

    def find(self, team: str, name: str) -> ModelRoute | None:
        """Return the model of that name or alias in the team."""
        route = self.teams.get(team)
        return route.by_name.get(name) if route else None

    def has_team(self, name: str) -> bool:
        """Whether the team exists."""
        return name in self.teams

    def team(self, name: str) -> TeamRoute | None:
        """Return the team with its own address."""
        return self.teams.get(name)

    def models(self, team: str) -> tuple[ModelRoute, ...]:
        """Return the team's models, sorted by name."""
        route = self.teams.get(team)
        return route.models if route else ()

    def names(self, team: str) -> tuple[str, ...]:
        """Return every name of the team that a call may use, aliases included."""
        route = self.teams.get(team)
        return tuple(route.by_name) if route else ()

    def endpoint(self, endpoint_id: str) -> tuple[ModelRoute, EndpointRoute] | None:
        """Return an endpoint with its model."""
        return self.endpoints.get(endpoint_id)

    def default_endpoint(self, team: str, operation: str) -> EndpointRoute | None:
        """Return the endpoint that takes the team's calls of this operation which name no model and no known object."""
        route = self.teams.get(team)
        return route.defaults.get(operation) if route else None


def build(rows: Rows, previous: Snapshot | None = None) -> Snapshot:
    """Return the snapshot of the rows; endpoints that did not change are taken over together with their URLs."""
    gateways = {gateway.id: gateway for gateway in rows.gateways}
    default = default_gateway(rows.gateways)
    names = {model.uid: model.name for model in rows.models}
    # Tables are read one after the other: a row whose owner came later is left to the reload that is already due.
    known = tuple(row for row in rows.endpoints if row.model_uid in names)
    routes = {row.id: _endpoint(row, names[row.model_uid], previous or Snapshot()) for row in known}
    parts = _Parts(
        endpoints=_grouped((row.model_uid, routes[row.id]) for row in known),
        models=_grouped((row.team_id, row) for row in rows.models),
        aliases=_grouped((row.team_id, row) for row in rows.aliases),
        defaults=_grouped(
            (row.team_id, (row.operation, routes[row.endpoint_id]))
            for row in rows.defaults
            if row.endpoint_id in routes
        ),
    )
    teams = {team.name: _team(team, parts, gateways, default) for team in rows.teams}
    return Snapshot(
        revision=rows.revision,
        teams=teams,
        gateways=tuple(
            sorted((GatewayRoute(g.id, g.name, g.url, g.is_default) for g in rows.gateways), key=lambda g: g.name)
        ),
        endpoints={
            endpoint.id: (model, endpoint)
            for team in teams.values()
            for model in team.models
            for endpoint in model.endpoints
        },
    )


def changed_endpoints(before: Snapshot, after: Snapshot) -> tuple[EndpointRoute, ...]:
    """Return the endpoints of `before` that are gone or different in `after`: their pooled connections must close."""
    return tuple(
        endpoint
        for _, endpoint in before.endpoints.values()
        if (found := after.endpoints.get(endpoint.id)) is None or found[1] is not endpoint
    )


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Parts:
    """Rows by the id of what owns them."""

    endpoints: Mapping[str, list[EndpointRoute]]
    models: Mapping[str, list[ModelRecord]]
    aliases: Mapping[str, list[AliasRecord]]
    defaults: Mapping[str, list[tuple[str, EndpointRoute]]]


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    groups: dict[str, list[_T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _endpoint(row: EndpointRecord, model_name: str, previous: Snapshot) -> EndpointRoute:
    known = previous.endpoints.get(row.id)
    base_url = (
        known[1].base_url if known and str(known[1].base_url) == row.base_url else URL(row.base_url, encoded=True)
    )
    route = EndpointRoute(
        id=row.id,
        base_url=base_url,
        url_prefix=row.base_url.removesuffix("/"),
        upstream_model=row.upstream_model or model_name,
        weight=row.weight,
        enabled=row.enabled,
        credential=_credential(row, str(base_url.origin())),
        organization_headers=row.organization_headers,
    )
    return known[1] if known and known[1] == route else route


def _credential(row: EndpointRecord, origin: str) -> Credential | None:
    if row.secret_id:
        return Credential("stored", row.secret_id, origin)
    if not row.credential_ref:
        return None
    kind, _, ref = row.credential_ref.partition(":")
    return Credential("file" if kind == "file" else "env", ref, origin)


def _team(
    team: TeamRecord, parts: _Parts, gateways: Mapping[str, GatewayRecord], default: GatewayRecord | None
) -> TeamRoute:
    choice = team_gateway(team, gateways, default)
    by_uid = {
        row.uid: _model(row, team, model_gateway(row, gateways, choice), tuple(parts.endpoints.get(row.uid, ())))
        for row in sorted(parts.models.get(team.id, ()), key=lambda row: row.name)
    }
    by_name = {model.name: model for model in by_uid.values()}
    aliases = (alias for alias in parts.aliases.get(team.id, ()) if alias.model_uid in by_uid)
    by_name.update((alias.name, by_uid[alias.model_uid]) for alias in aliases)
    return TeamRoute(
        id=team.id,
        name=team.name,
        gateway=choice.name if choice else None,
        base_url=published(team.name, None, choice),
        models=tuple(by_uid.values()),
        by_name=by_name,
        defaults=dict(parts.defaults.get(team.id, ())),
    )


def _model(
    row: ModelRecord, team: TeamRecord, gateway: GatewayRecord | None, endpoints: tuple[EndpointRoute, ...]
) -> ModelRoute:
    return ModelRoute(
        uid=row.uid,
        name=row.name,
        team=team.name,
        task=row.task,
        state=row.state,
        via=via_as_set(row.via, gateway),
        endpoints=endpoints,
        stream_usage=row.stream_usage,
        first_byte_timeout_s=row.first_byte_timeout_s,
        idle_timeout_s=row.idle_timeout_s,
        total_timeout_s=row.total_timeout_s,
        created_at=row.created_at,
        gateway=gateway.name if gateway else None,
        base_url=published(team.name, row.path, gateway),
        rev=row.rev,
    )
