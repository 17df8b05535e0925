"""Collects what a source becomes while it is read, and makes the plan of it."""

import math
import re
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.errors import GatewayError
from gateway.importing.plan import Endpoint, Model, Plan, Row
from gateway.importing.source import Place
from gateway.registry.address import check_url
from gateway.registry.names import check_model_name

_MAX_WEIGHT = 1_000_000
_PARTS = 1000  # shares may be fractions: to a thousandth
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = "MODELPORT_"
_NO_KEY = frozenset(
    {"", "-", "none", "null", "na", "n/a", "empty", "dummy", "fake", "fake-key", "no-key", "no_key", "not-needed"}
    | {"not-used", "anything", "placeholder", "sk-no-key-required", "ollama", "lm-studio"}
)
"""What people write where a client insists on a key and the server wants none."""


class Found(Struct):
    """One endpoint as the source has it. `share` is its part of the calls, in the source's own measure."""

    place: Place
    name: str
    base_url: str
    upstream_model: str
    api_key: str | None = None
    share: float | None = None
    task: str | None = None
    limits: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Draft:
    """The rows so far. `environment` answers for variables that stand in addresses."""

    def __init__(self, kind: str, environment: Mapping[str, str]) -> None:
        self._kind = kind
        self._environment = environment
        self._rows: list[Row | Found] = []
        self._aliases: dict[str, tuple[str, Place, str]] = {}
        self._typed: dict[str, str] = {}

    def endpoint(self, found: Found) -> None:
        """Take an endpoint, or say why its name or address cannot be taken."""
        try:
            check_model_name(found.name)
            url = check_url(found.base_url, param="base_url")
        except GatewayError as error:
            # The address is not repeated: it may hold a password.
            why = "its address is refused" if error.code == "invalid_url" else error.message
            self.nothing(found.place, f"{why}; {error.hint}", name=found.name)
            return
        found.base_url = str(url)
        self._rows.append(found)

    def alias(self, place: Place, name: str, target: str, note: str = "") -> None:
        """Take another name for a model; whether there is such a model is seen in the end."""
        self._aliases.setdefault(name, (target, place, note))

    def nothing(self, place: Place, why: str, *, name: str | None = None) -> None:
        """Note what has no counterpart."""
        self._rows.append(Row(source=str(place), line=place.line, becomes="nothing", name=name, note=why))

    def variable(self, name: str) -> str | None:
        """Return a variable's value here, for an address; None where it is not set."""
        return self._environment.get(name)

    def reference(self, name: str, notes: list[str]) -> str | None:
        """Return the reference to a variable, None with a note where the server would not read it."""
        if _VARIABLE.fullmatch(name) and not name.upper().startswith(_OURS):
            return f"env:{name}"
        notes.append("the variable of its key cannot be one of modelport's own: rename it, then set the key")
        return None

    def typed_key(self, secret: str, suggestion: str, notes: list[str]) -> str | None:
        """Return a reference to take the place of a key that was typed into the source; the key is forgotten."""
        if secret.strip().lower() in _NO_KEY:
            return None
        if secret not in self._typed:
            wanted = re.sub(r"[^A-Z0-9]+", "_", suggestion.upper()).strip("_") or "UPSTREAM_API_KEY"
            wanted = f"KEY_{wanted}" if wanted[0].isdigit() or wanted.startswith(_OURS) else wanted
            taken = set(self._typed.values())
            names = [wanted, *(f"{wanted}_{number}" for number in range(2, len(taken) + 3))]
            self._typed[secret] = next(name for name in names if name not in taken)
        name = self._typed[secret]
        notes.append(f"the key typed there is not copied: give it to the server as the variable {name}")
        return f"env:{name}"

    def plan(self) -> Plan:
        """Return what it all comes to."""
        groups: dict[str, list[Found]] = {}
        for one in self._rows:
            if isinstance(one, Found):
                groups.setdefault(one.name, []).append(one)
        weights = {
            id(one): weight for group in groups.values() for one, weight in zip(group, _weights(group), strict=True)
        }
        rows = [one if isinstance(one, Row) else _row(one, weights[id(one)]) for one in self._rows]
        models = tuple(_model(name, group, weights) for name, group in groups.items())
        alias_rows = [_alias_row(name, *rest, known=groups) for name, rest in self._aliases.items()]
        aliases = tuple((str(row.name), str(row.target)) for row in alias_rows if row.becomes == "alias")
        return Plan(kind=self._kind, rows=(*rows, *alias_rows), models=models, aliases=aliases)


def _row(found: Found, weight: int) -> Row:
    return Row(
        source=str(found.place),
        line=found.place.line,
        becomes="endpoint",
        name=found.name,
        base_url=found.base_url,
        upstream_model=found.upstream_model,
        api_key=found.api_key,
        weight=weight,
        note="; ".join(found.notes),
    )


def _model(name: str, group: list[Found], weights: Mapping[int, int]) -> Model:
    limits: dict[str, float] = {}
    for one in group:
        for limit, seconds in one.limits.items():
            limits[limit] = max(seconds, limits.get(limit, 0))
    endpoints = tuple(
        Endpoint(
            base_url=one.base_url,
            upstream_model=None if one.upstream_model == name else one.upstream_model,
            api_key=one.api_key,
            weight=weights[id(one)],
        )
        for one in group
    )
    task = next((one.task for one in group if one.task), "chat")
    return Model(name=name, task=task, endpoints=tuple(dict.fromkeys(endpoints)), limits=tuple(sorted(limits.items())))


def _weights(group: list[Found]) -> list[int]:
    """Return whole numbers in the ratio of the shares; 1 each where the source names none."""
    if len(group) == 1 or not any(one.share for one in group):
        return [1] * len(group)
    parts = [max(1, round((one.share or 0) * _PARTS)) for one in group]
    least = math.gcd(*parts)
    scale = max(1.0, max(parts) / least / _MAX_WEIGHT)
    return [max(1, round(part / least / scale)) for part in parts]


def _alias_row(name: str, target: str, place: Place, note: str, *, known: Mapping[str, object]) -> Row:
    row = Row(source=str(place), line=place.line, becomes="alias", name=name, target=target, note=note)
    try:
        check_model_name(name)
    except GatewayError as error:
        return replace(row, becomes="nothing", note=f"{error.message}; {error.hint}")
    if name in known:
        return replace(row, becomes="nothing", note=f"a model is called {name} already")
    if target not in known:
        return replace(row, becomes="nothing", note=f"its model {target} is not imported")
    return row
