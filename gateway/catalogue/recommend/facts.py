"""What can be said of an entry, by name: for filters and for hubs' rules. Pure. None is unknown, never no (CAT-8)."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeAlias

from gateway.catalogue.entry import Entry

Fact: TypeAlias = str | int | bool | Decimal | frozenset[str] | dict[str, bool | None] | None
"""Of a dictionary each name is true, false or unknown by itself."""

CURRENCY: Final = "USD"
UNIT: Final = "1M_tokens"
"""Prices are compared in these alone: what is priced otherwise has no known price here."""
_TASKS: Final[Mapping[str, frozenset[str]]] = {
    "chat": frozenset({"openai.chat", "openai.responses"}),
    "completions": frozenset({"openai.completions"}),
    "embeddings": frozenset({"openai.embeddings"}),
    "images": frozenset({"openai.images"}),
    "audio": frozenset({"openai.audio", "openai.speech", "openai.transcriptions"}),
    "moderations": frozenset({"openai.moderations"}),
    "rerank": frozenset({"openai.rerank", "rerank"}),
}
"""The APIs that mean a task; how registry and catalogue call the same thing."""
TASKS: Final = tuple(_TASKS)


def tasks_of(entry: Entry) -> frozenset[str] | None:
    """Return what the entry can be called for, by its APIs; unknown where it names none."""
    if not entry.api:
        return None
    apis = frozenset(entry.api)
    return frozenset(task for task, meant in _TASKS.items() if apis & meant)


def regions_of(entry: Entry) -> frozenset[str] | None:
    """Return where it may be used; unknown where nothing is said."""
    said: frozenset[str] = frozenset()
    if entry.availability is not None:
        said = frozenset(entry.availability.regions)
    if entry.endpoint is not None:
        said |= frozenset(entry.endpoint.region)
    return (said - not_in(entry)) if said else None


def not_in(entry: Entry) -> frozenset[str]:
    """Return where it certainly may not be used."""
    return frozenset() if entry.availability is None else frozenset(entry.availability.not_in)


def residency_of(entry: Entry) -> frozenset[str] | None:
    """Return where what is sent stays; unknown where nothing is said."""
    return None if entry.availability is None else frozenset(entry.availability.residency) or None


def price_of(entry: Entry, part: str) -> Decimal | None:
    """Return the price `into` or `out` in dollars for a million tokens, None where it is unknown or in other units."""
    price = entry.price
    if price is None or (price.currency, price.unit) != (CURRENCY, UNIT):
        return None
    amount: str | None = getattr(price, part)
    return None if amount is None else Decimal(amount)


def _modalities(entry: Entry, part: str) -> frozenset[str] | None:
    names: tuple[str, ...] | None = None if entry.modalities is None else getattr(entry.modalities, part)
    return None if names is None else frozenset(names)


class Known:
    """The facts of one entry, each made when it is first asked for: a hub's rules ask for the same ones again."""

    __slots__ = ("_entry", "_known")

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._known: dict[str, Fact] = {}

    def get(self, name: str) -> Fact:
        """Return one of `FACTS`."""
        try:
            return self._known[name]
        except KeyError:
            found = self._known[name] = FACTS[name](self._entry)
            return found


FACTS: Final[Mapping[str, Callable[[Entry], Fact]]] = {
    "id": lambda entry: entry.id,
    "kind": lambda entry: entry.kind,
    "base_model": lambda entry: entry.base_model,
    "publisher": lambda entry: entry.publisher,
    "family": lambda entry: entry.family,
    "license": lambda entry: entry.license,
    "open_weights": lambda entry: entry.open_weights,
    "status": lambda entry: entry.status,
    "task": tasks_of,
    "region": regions_of,
    "residency": residency_of,
    "capability": lambda entry: entry.capabilities or None,
    "input": lambda entry: _modalities(entry, "into"),
    "output": lambda entry: _modalities(entry, "out"),
    "context": lambda entry: None if entry.limits is None else entry.limits.context,
    "max_output": lambda entry: None if entry.limits is None else entry.limits.max_output,
    "price_in": lambda entry: price_of(entry, "into"),
    "price_out": lambda entry: price_of(entry, "out"),
    "ram_bytes": lambda entry: None if entry.requires is None else entry.requires.ram_bytes,
    "tag": lambda entry: frozenset(entry.tags),
    "updated_at": lambda entry: entry.updated_at,
}
