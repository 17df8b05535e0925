"""A snapshot in the making: of everything, or of what changed since the one before. Pure; used by loading.py.

Parts go in by turns, so that no single step takes long however large the registry is; the maker waits in between
(docs/decisions/0008-the-snapshot-follows-changes.md). Objects that come out as they were before are the very same
objects: upstream URLs stay made, and dropping the older snapshot costs little.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, TypeVar

from gateway.registry.address import default_gateway, model_gateway, published, team_gateway
from gateway.registry.record import (
    DefaultRecord,
    EndpointRecord,
    GatewayRecord,
    ModelRecord,
    Page,
    RetiredRecord,
    TeamRecord,
)
from gateway.registry.routing import endpoint_route, model_route, retired_of
from gateway.registry.snapshot import (
    LEAVING_STATES,
    EndpointRoute,
    GatewayRoute,
    ModelRoute,
    Retired,
    Snapshot,
    TeamRoute,
)
from gateway.registry.team_draft import TeamDraft

_NAME = attrgetter("name")
_UID = attrgetter("uid")
_A_TURN: Final = 100
"""Models that are taken or dropped at once: some 3 ms."""


class Draft:
    """Takes rows, gives a snapshot. `whole` begins with nothing, otherwise `take_over` begins with `previous`."""

    def __init__(
        self, previous: Snapshot, *, revision: int, gateways: Sequence[GatewayRecord], whole: bool = True
    ) -> None:
        self.whole = whole
        self._previous = previous
        self._revision = revision
        self._gateways = {gateway.id: gateway for gateway in gateways}
        self._default = default_gateway(gateways)
        self._teams: dict[str, TeamDraft] = {}
        self._finished: dict[str, TeamRoute] = {}
        self._endpoints: dict[str, tuple[ModelRoute, EndpointRoute]] = {}
        self._by_uid: dict[str, ModelRoute] = {}
        self._aliases: dict[str, tuple[str, str]] = {}
        self._retired: dict[str, Retired] = {}
        self._draining: set[str] = set()
        self._leaving = _copied(previous.endpoints) if whole else {}

    def take_over(self, team_ids: Iterable[str]) -> Iterator[None]:
        """Begin with what the snapshot before holds, and copy what is to be changed in these teams; each turn is short.

        A copy of 100,000 entries takes a millisecond or two.
        """
        before = self._previous
        self._draining = set(before.draining)
        self._finished = {team.id: team for team in before.teams.values()}
        yield
        self._endpoints = _copied(before.endpoints)
        yield
        self._by_uid = _copied(before.by_uid)
        yield
        self._aliases = _copied(before.aliases)
        self._retired = _copied(before.retired)
        yield
        for team_id in team_ids:
            yield from self._open(self._finished.get(team_id) or TeamRoute(team_id, "", None, ""))

    def put_teams(self, teams: Iterable[TeamRecord]) -> None:
        """Take teams with their own address, before the models that belong to them."""
        for record in teams:
            draft = self._team(record.id)
            draft.name = record.name
            draft.gateway = team_gateway(record, self._gateways, self._default)
            draft.base_url = published(record.name, None, draft.gateway)

    def drop_teams(self, team_ids: Iterable[str]) -> None:
        """Take out teams that are gone, after their models."""
        for team_id in team_ids:
            self._teams.pop(team_id, None)
            self._finished.pop(team_id, None)

    def drop_aliases(self, alias_ids: Iterable[str]) -> None:
        """Take out aliases that are gone or will come again changed, before anything is put."""
        for alias_id in alias_ids:
            team_id, name = self._aliases.pop(alias_id, ("", ""))
            if team_id:
                self._team(team_id).by_name.pop(name, None)

    def drop_models(self, uids: Iterable[str]) -> Iterator[None]:
        """Take out models that are gone or will come again changed, before anything is put; each turn is short."""
        for number, uid in enumerate(uids):
            if number % _A_TURN == 0:
                yield
            model = self._by_uid.pop(uid, None)
            if model is not None:
                self._drop_model(model)
            gone = self._retired.pop(uid, None)
            if gone is not None:
                self._drop_retired(gone)

    def put(self, page: Page) -> Iterator[None]:
        """Take models with all their endpoints and aliases, deleted ones excepted; each turn is short.

        Further aliases name models that are here already. Each table grows in a turn of its own: making room for
        100,000 entries takes some milliseconds, and all would need it at once.
        """
        rows = _grouped((row.model_uid, row) for row in page.endpoints)
        for start in range(0, len(page.models), _A_TURN):
            records = page.models[start : start + _A_TURN]
            routes = [
                self._route(one, None if one.uid in page.settled else rows.get(one.uid, ()), page.fallbacks)
                for one in records
            ]
            yield
            self._by_uid.update((route.uid, route) for route in routes)
            yield
            self._endpoints.update((one.id, (route, one)) for route in routes for one in route.endpoints)
            yield
            self._list((record.team_id, route) for record, route in zip(records, routes, strict=True))
            yield
        for alias in page.aliases:
            if target := self._by_uid.get(alias.model_uid):
                self._team(alias.team_id).by_name[alias.name] = target
                self._aliases[alias.id] = (alias.team_id, alias.name)

    def put_retired(self, records: Iterable[RetiredRecord]) -> None:
        """Take what is left of draining and deleted models, in order of their uids."""
        for record in records:
            team = self._team(record.team_id)
            retired = retired_of(record, team.name)
            known = self._previous.retired.get(record.uid)
            retired = known if known is not None and known == retired else retired
            self._retired[record.uid] = retired
            if retired.state == "draining":
                self._draining.add(record.uid)
            for name in retired.names:
                others = team.retired.get(name, ())
                at = bisect_left(others, retired.uid, key=_UID)
                team.retired[name] = (*others[:at], retired, *others[at:])

    def put_defaults(self, team_ids: Collection[str], defaults: Iterable[DefaultRecord]) -> None:
        """Take every default endpoint of these teams."""
        for team_id in team_ids:
            self._team(team_id).defaults = {}
        for row in defaults:
            self._team(row.team_id).defaults[row.operation] = row.endpoint_id

    def finish(self) -> tuple[Snapshot, tuple[EndpointRoute, ...]]:
        """Return the snapshot, and the endpoints of the one before that are gone or different in it.

        Connections to those must close (EGR-6).
        """
        self._finished |= {team.id: self._finish_team(team) for team in self._teams.values()}
        gateways = (GatewayRoute(one.id, one.name, one.url, one.is_default) for one in self._gateways.values())
        snapshot = Snapshot(
            revision=self._revision,
            teams={team.name: team for team in self._finished.values()},
            gateways=tuple(sorted(gateways, key=_NAME)),
            endpoints=self._endpoints,
            by_uid=self._by_uid,
            aliases=self._aliases,
            retired=self._retired,
            draining=frozenset(self._draining),
        )
        return snapshot, tuple(endpoint for _, endpoint in self._leaving.values())

    def _finish_team(self, team: TeamDraft) -> TeamRoute:
        return TeamRoute(
            id=team.id,
            name=team.name,
            gateway=team.gateway.name if team.gateway else None,
            base_url=team.base_url,
            models=team.settled(),
            by_name=team.by_name,
            defaults={one: self._endpoints[id_][1] for one, id_ in team.defaults.items() if id_ in self._endpoints},
            retired=team.retired,
        )

    def _team(self, team_id: str) -> TeamDraft:
        """Return the team's draft; the first touch of a team of the snapshot before copies it."""
        if team_id not in self._teams:
            for _ in self._open(self._finished.get(team_id) or TeamRoute(team_id, "", None, "")):
                pass
        return self._teams[team_id]

    def _open(self, team: TeamRoute) -> Iterator[None]:
        """Copy a team by turns, each large table in one of its own."""
        by_name = {gateway.name: gateway for gateway in self._gateways.values()}
        draft = self._teams[team.id] = TeamDraft(
            id=team.id,
            name=team.name,
            gateway=by_name.get(team.gateway or ""),
            base_url=team.base_url,
            models=[],
            by_name={},
            defaults={operation: endpoint.id for operation, endpoint in team.defaults.items()},
            retired=_copied(team.retired),
        )
        yield
        draft.models = list(team.models)
        yield
        draft.by_name = _copied(team.by_name)
        yield

    def _drop_model(self, model: ModelRoute) -> None:
        if model.state not in LEAVING_STATES:
            self._team(self._previous.teams[model.team].id).drop(model.name)
        for endpoint in model.endpoints:
            self._leaving[endpoint.id] = self._endpoints.pop(endpoint.id)

    def _drop_retired(self, gone: Retired) -> None:
        team = self._team(self._previous.teams[gone.team].id)
        self._draining.discard(gone.uid)
        for name in gone.names:
            others = tuple(one for one in team.retired[name] if one.uid != gone.uid)
            if others:
                team.retired[name] = others
            else:
                del team.retired[name]

    def _route(
        self, record: ModelRecord, rows: Sequence[EndpointRecord] | None, fallbacks: Mapping[str, tuple[str, ...]]
    ) -> ModelRoute:
        """Return a model with its endpoints, made of these rows; None: they are as they were."""
        team, known = self._team(record.team_id), self._previous.by_uid.get(record.uid)
        if rows is None and known is not None:
            endpoints = known.endpoints
            for one in endpoints:
                self._leaving.pop(one.id, None)
        else:
            rows = sorted(rows or (), key=lambda row: (row.created_at, row.id))
            endpoints = tuple([self._put_endpoint(row, record.name) for row in rows])
        gateway = model_gateway(record, self._gateways, team.gateway)
        route = model_route(record, team.name, gateway, endpoints, fallbacks.get(record.uid, ()))
        return known if known is not None and known == route else route

    def _list(self, routes: Iterable[tuple[str, ModelRoute]]) -> None:
        """Add models to what their teams, by id, show; unless they leave."""
        for team_id, route in routes:
            if route.state not in LEAVING_STATES:
                self._team(team_id).put(route)

    def _put_endpoint(self, row: EndpointRecord, model_name: str) -> EndpointRoute:
        known = self._previous.endpoints.get(row.id)
        route = endpoint_route(row, model_name, known[1] if known else None)
        if known is not None and known[1] is route:
            self._leaving.pop(row.id, None)
        return route


_T = TypeVar("_T")


def _copied(table: Mapping[str, _T]) -> dict[str, _T]:
    """Return a copy; of a dict from which something was taken `dict()` enters each of 100,000 anew: 40 ms, not 4."""
    return table.copy() if isinstance(table, dict) else dict(table)


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    groups: dict[str, list[_T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
