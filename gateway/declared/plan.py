"""What has to change so that the database holds what a file declares: pure, from declared objects and rows to steps.

Settled here: the order (what is named comes before who names it, what leaves goes when nobody names it any more), and
that a line which moved is no change. What forbids a plan is found by `judge.py`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct, field

from gateway.api.managed import FILE
from gateway.configuration.finding import Finding
from gateway.configuration.masking import shown_path
from gateway.declared import compare
from gateway.declared.held import Held
from gateway.declared.judge import judge
from gateway.declared.model import Declared, DeclaredKey, Entry, shown
from gateway.errors import GatewayError
from gateway.keys.model import KeyRecord
from gateway.registry.names import DEFAULT_TEAM
from gateway.registry.record import EndpointRecord, GatewayRecord, ModelRecord, TeamRecord
from gateway.registry.snapshot import LEAVING_STATES

Kind: TypeAlias = Literal["team", "gateway", "model", "endpoint", "alias", "key", "default_endpoints", "fallbacks"]
Verb: TypeAlias = Literal["create", "restore", "update", "delete", "adopt", "release"]
_SIGNS: Mapping[Verb, str] = {"create": "+", "restore": "+", "update": "~", "delete": "-", "adopt": "~", "release": "-"}


class Step(Struct, frozen=True):
    """One change. `values` are the fields that differ, under their API names; `at` is where it is or was declared."""

    verb: Verb
    kind: Kind
    name: str
    at: str
    team: str = ""
    id: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    entry: Entry[Any] | None = None

    def __str__(self) -> str:
        fields = f": {', '.join(self.values)}" if self.verb == "update" else ""
        if self.verb == "restore":
            fields = " (restored)"
        return f"{_SIGNS[self.verb]} {self.kind} {shown(self.team, self.name)}{fields}"


class Move(Struct, frozen=True):
    """A declaration that stands on another line now."""

    kind: Kind
    id: str
    at: str


class Plan(Struct, frozen=True):
    """Steps in their order, lines that moved, what forbids it all, and keys that wait for being made."""

    steps: tuple[Step, ...] = ()
    moves: tuple[Move, ...] = ()
    findings: tuple[Finding, ...] = ()
    waiting: tuple[Finding, ...] = ()


class _Row(Protocol):
    @property
    def managed_by(self) -> str | None: ...
    @property
    def managed_at(self) -> str | None: ...


_R = TypeVar("_R", bound=_Row)


def make_plan(declared: Declared, held: Held) -> Plan:
    """Return how to get from the rows to what is declared; a second plan after it is empty."""
    findings, waiting = judge(declared, held)
    maker = _Maker(declared, held)
    return Plan(tuple(maker.steps()), tuple(maker.moves()), tuple(findings), tuple(waiting))


def refusal_of(step: Step, error: GatewayError) -> Finding:
    """Return what stands against a step, at its line."""
    if step.entry is not None:
        field = (error.param,) if error.param in step.values else ()
        return Finding(step.at, shown_path((*step.entry.path, *field)), error.message, error.hint)
    return Finding(step.at, f"{step.kind}s", f"no longer declared here, but {error.message}", error.hint)


class _Maker:
    """Pairs what is declared with the rows that a file owns."""

    def __init__(self, declared: Declared, held: Held) -> None:
        self._declared = declared
        self._held = held
        self._gateways = {gateway.id: gateway for gateway in held.gateways.values()}
        self._models = _own(held.models)
        self._left = {
            entry.key: row
            for entry in declared.models
            if (row := held.left.get(entry.key)) is not None and held.models.get(entry.key, row) is row
        }
        self._models = {key: row for key, row in self._models.items() if row.state not in LEAVING_STATES} | self._left
        self._aliases = _own(held.aliases)
        self._pairs = {
            entry.key: compare.pair_endpoints(declared.endpoints.get(entry.key, ()), self._own_endpoints(entry.key))
            for entry in declared.models
        }
        self._keys: list[tuple[Entry[DeclaredKey], KeyRecord]] = [
            (entry, found[0]) for entry in declared.keys if len(found := compare.keys_meant(entry, held)) == 1
        ]

    def steps(self) -> Iterator[Step]:
        """Yield every change."""
        declared, held = self._declared, self._held
        yield from _gone("alias", self._aliases, declared.aliases)
        yield from self._gateway_steps()
        yield from self._team_steps()
        yield from self._model_steps()
        yield from self._endpoint_steps()
        yield from self._fallback_steps()
        yield from (step for step in self._alias_steps() if step.verb == "update")
        yield from self._default_endpoints()
        yield from self._endpoints_gone()
        yield from _gone("model", self._models, declared.models)
        yield from (step for step in self._alias_steps() if step.verb == "create")
        yield from self._teams_gone()
        yield from _gone("gateway", _own({("", name): row for name, row in held.gateways.items()}), declared.gateways)
        yield from self._key_steps()

    def moves(self) -> Iterator[Move]:
        """Yield the declarations that stand elsewhere than before."""
        for kind, row, entry in self._matched():
            if row is not None and row.managed_at not in {None, entry.at}:
                yield Move(kind, _id(row), entry.at)

    def _matched(self) -> Iterator[tuple[Kind, Any, Entry[Any]]]:
        yield from (("team", self._held.teams.get(entry.name), entry) for entry in self._declared.teams)
        yield from (("gateway", self._held.gateways.get(entry.name), entry) for entry in self._declared.gateways)
        yield from (("model", self._models.get(entry.key), entry) for entry in self._declared.models)
        for pairs in self._pairs.values():
            yield from (("endpoint", row, entry) for entry, row in pairs if entry is not None)
        yield from (("alias", self._aliases.get(entry.key), entry) for entry in self._declared.aliases)
        yield from (("key", row, entry) for entry, row in self._keys)

    def _gateway_steps(self) -> Iterator[Step]:
        for entry in self._declared.gateways:
            row = self._held.gateways.get(entry.name)
            yield from _step("gateway", entry, row, compare.gateway_values(entry.body, row))

    def _team_steps(self) -> Iterator[Step]:
        for entry in self._declared.teams:
            row = self._held.teams.get(entry.name)
            if row is not None and row.managed_by is None:
                yield Step("adopt", "team", entry.name, entry.at, id=row.id, entry=entry)
            via = self._gateway(row.default_gateway_id) if row else None
            yield from _step("team", entry, row, compare.team_values(entry.body, row, via))

    def _model_steps(self) -> Iterator[Step]:
        for entry in self._declared.models:
            row = self._models.get(entry.key)
            if row is not None and entry.key in self._left:
                yield Step("restore", "model", entry.name, entry.at, entry.team, row.uid, entry=entry)
                row = compare.restored(row)
            via = self._gateway(row.gateway_id) if row else None
            yield from _step("model", entry, row, compare.model_values(entry.body, row, via))

    def _endpoint_steps(self) -> Iterator[Step]:
        for pairs in self._pairs.values():
            for entry, row in pairs:
                if entry is not None:
                    yield from _step("endpoint", entry, row, compare.endpoint_values(entry.body, row))

    def _fallback_steps(self) -> Iterator[Step]:
        """Yield lists of fallbacks that differ; a model that was restored has none."""
        for entry in self._declared.models:
            row = self._models.get(entry.key)
            held = () if entry.key in self._left else self._held.fallbacks.get(entry.key, ())
            if entry.body.fallbacks != held:
                uid, values = row.uid if row else "", {"fallbacks": entry.body.fallbacks}
                yield Step("update", "fallbacks", entry.name, entry.at, entry.team, uid, values, entry)

    def _alias_steps(self) -> Iterator[Step]:
        names = {model.uid: name for (_, name), model in self._held.models.items()}
        for entry in self._declared.aliases:
            row = self._aliases.get(entry.key)
            yield from _step("alias", entry, row, compare.alias_values(entry.body, row, names))

    def _default_endpoints(self) -> Iterator[Step]:
        for entry in self._declared.teams:
            team = self._held.teams.get(entry.name)
            current = self._held.defaults.get(team.id, {}) if team else {}
            said = entry.body.default_endpoints
            wanted: dict[str, object] = {
                operation: model
                for operation, model in said.items()
                if current.get(operation) not in self._staying(entry.name, model)
            }
            wanted |= {operation: None for operation in current if operation not in said}
            if wanted:
                yield Step("update", "default_endpoints", entry.name, entry.at, values=wanted, entry=entry)

    def _staying(self, team: str, model: str) -> Collection[str]:
        """Return the ids of those endpoints of a model that are held and stay."""
        if (pairs := self._pairs.get((team, model))) is not None:
            return {row.id for entry, row in pairs if entry is not None and row is not None}
        return {row.id for row in self._endpoints_of((team, model))}

    def _endpoints_gone(self) -> Iterator[Step]:
        for (team, model), pairs in self._pairs.items():
            for entry, row in pairs:
                if entry is None and row is not None:
                    name = f"{model} at {row.base_url}"
                    yield Step("delete", "endpoint", name, row.managed_at or "", team=team, id=row.id)

    def _teams_gone(self) -> Iterator[Step]:
        declared = {entry.name for entry in self._declared.teams}
        for name, row in self._held.teams.items():
            if row.managed_by == FILE and name not in declared:
                # Two stay, as bare as they were made: the team that every installation begins with, and one with
                # models that can still be restored.
                verb: Verb = "release" if name == DEFAULT_TEAM or self._keeps_models(row) else "delete"
                yield Step(verb, "team", name, row.managed_at or "", id=row.id)

    def _keeps_models(self, team: TeamRecord) -> bool:
        """Whether the team holds models that can be restored, or will after this plan."""
        return team.id in self._held.keeping or any(name == team.name for name, _ in self._models)

    def _key_steps(self) -> Iterator[Step]:
        for entry, row in self._keys:
            if row.managed_by is None:
                yield Step("adopt", "key", entry.name, entry.at, entry.team, row.id, entry=entry)
            if values := compare.key_values(entry.body, row):
                yield Step("update", "key", entry.name, entry.at, entry.team, row.id, values, entry)
        meant = {row.id for _, row in self._keys}
        for row in self._held.keys:
            if row.managed_by == FILE and row.id not in meant:
                yield Step("release", "key", row.name, row.managed_at or "", row.team or "", row.id)

    def _gateway(self, gateway_id: str | None) -> GatewayRecord | None:
        return self._gateways.get(gateway_id or "")

    def _own_endpoints(self, key: tuple[str, str]) -> Sequence[EndpointRecord]:
        """Return the endpoints of the row that a declared model is, or becomes again."""
        row = self._models.get(key)
        return self._held.endpoints.get(row.uid, ()) if row else ()

    def _endpoints_of(self, key: tuple[str, str]) -> Sequence[Any]:
        row = self._held.models.get(key)
        return self._held.endpoints.get(row.uid, ()) if row else ()


def _own(rows: Mapping[tuple[str, str], _R]) -> dict[tuple[str, str], _R]:
    return {key: row for key, row in rows.items() if row.managed_by == FILE}


def _step(kind: Kind, entry: Entry[Any], row: Any, values: Mapping[str, object]) -> Iterator[Step]:
    """Yield the making of what is not there, or the change of what differs."""
    if row is None:
        yield Step("create", kind, entry.name, entry.at, entry.team, values=values, entry=entry)
    elif values:
        yield Step("update", kind, entry.name, entry.at, entry.team, _id(row), values, entry)


def _gone(kind: Kind, own: Mapping[tuple[str, str], Any], declared: Sequence[Entry[Any]]) -> Iterator[Step]:
    stay = {entry.key for entry in declared}
    for (team, name), row in own.items():
        if (team, name) not in stay:
            yield Step("delete", kind, name, row.managed_at or "", team, _id(row))


def _id(row: Any) -> str:
    key: str = row.uid if isinstance(row, ModelRecord) else row.id
    return key
