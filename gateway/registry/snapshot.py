"""What the hot path reads: the whole registry, immutable, every question one or two dict look-ups.

Made by draft.py, swapped in by registry.py when something changed. Everything that can be worked out before a call is
worked out by then: published addresses, upstream URLs, aliases. What did not change is shared with the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec
from msgspec import Struct
from yarl import URL

MAX_CACHED_URLS = 64  # the table of operations has some 30 suffixes; anything beyond is no constant
CALLABLE_STATES: Final = frozenset({"active", "deprecated"})
LEAVING_STATES: Final = frozenset({"draining", "deleted"})
_MOST_SUCCESSORS: Final = 8  # of one another that are followed; a longer chain, or a ring, leads nowhere


class Credential(Struct, frozen=True):
    """Where an upstream's secret is found, and the one origin that it may be sent to (EGR-7).

    `ref` is the variable's name ("env"), the path ("file"), the store's entry ("keyring") or the id of a row of
    `secrets` ("stored").
    """

    kind: Literal["env", "file", "keyring", "stored"]
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


class Deprecation(Struct, frozen=True):
    """What a deprecated model announces; times in milliseconds."""

    at_ms: int
    sunset_ms: int | None
    successor_uid: str | None


class ModelRoute(Struct, frozen=True):
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
    drain_for_usage_ms: int | None
    created_at: int
    gateway: str | None
    base_url: str
    rev: int
    deprecation: Deprecation | None = None
    """Of a deprecated model alone."""
    fallbacks: tuple[str, ...] = ()
    """Uids of the models that take over, in their order."""

    @property
    def callable(self) -> bool:
        """Whether a call may be tried at all: the state allows it, and an endpoint or a fallback may answer."""
        return self.state in CALLABLE_STATES and (self.served or bool(self.fallbacks))

    @property
    def served(self) -> bool:
        """Whether an endpoint is switched on."""
        return any(endpoint.enabled for endpoint in self.endpoints)


class Retired(msgspec.Struct, frozen=True, gc=False):
    """What is left of a model that is draining or deleted: a Struct, because there may be a hundred thousand.

    `at_ms` is when it was retired, `aliases` are names that it took along, `keys` those whose grant went with it.
    """

    uid: str
    team: str
    name: str
    state: str
    at_ms: int
    successor_uid: str | None = None
    aliases: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that it was called by."""
        return (self.name, *self.aliases)


class GatewayRoute(Struct, frozen=True):
    """A public entry point."""

    id: str
    name: str
    url: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class TeamRoute:
    """A team with its own address and everything that may be called in it.

    `retired` are those that left, by each name that they had: it may be a living model's again.
    """

    id: str
    name: str
    gateway: str | None
    base_url: str
    models: tuple[ModelRoute, ...] = ()
    by_name: Mapping[str, ModelRoute] = field(default_factory=dict, repr=False)
    defaults: Mapping[str, EndpointRoute] = field(default_factory=dict, repr=False)
    retired: Mapping[str, tuple[Retired, ...]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The registry at one revision. Never changed; a newer one takes its place.

    A draining model is in `by_uid` and its endpoints are in `endpoints`, for the calls that still run there; no name
    leads to it.
    """

    revision: int = 0
    teams: Mapping[str, TeamRoute] = field(default_factory=dict, repr=False)
    gateways: tuple[GatewayRoute, ...] = ()
    endpoints: Mapping[str, tuple[ModelRoute, EndpointRoute]] = field(default_factory=dict, repr=False)
    by_uid: Mapping[str, ModelRoute] = field(default_factory=dict, repr=False)
    aliases: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    """Team's id and name of each alias, by its id."""
    retired: Mapping[str, Retired] = field(default_factory=dict, repr=False)
    """Draining and deleted models, by uid."""
    draining: frozenset[str] = frozenset()

    def tables(self) -> list[object]:
        """Return what may be large, to be let go one by one."""
        tables: list[object] = [self.endpoints, self.by_uid, self.aliases, self.retired]
        for team in self.teams.values():
            tables += (team.by_name, team.models, team.retired)
        return tables

    def find(self, team: str, name: str) -> ModelRoute | None:
        """Return the model of that name or alias in the team."""
        route = self.teams.get(team)
        return route.by_name.get(name) if route else None

    def find_retired(self, team: str, name: str) -> Retired | None:
        """Return the model that had the name or alias in the team and left, of several the one that left last."""
        route = self.teams.get(team)
        found = route.retired.get(name) if route else None
        return max(found, key=lambda one: (one.state == "draining", one.at_ms, one.uid)) if found else None

    def successor(self, uid: str | None) -> ModelRoute | None:
        """Return the model that takes over for a model whose `successor_uid` this is; one that left names the next."""
        for _ in range(_MOST_SUCCESSORS):
            if uid is None:
                return None
            gone = self.retired.get(uid)
            if gone is None:
                route = self.by_uid.get(uid)
                return route if route is not None and route.state in CALLABLE_STATES else None
            uid = gone.successor_uid
        return None

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
