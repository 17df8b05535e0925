"""Hard filters: an entry fits only where its facts say so. Pure.

What is unknown does not fit: a residency that nobody promised is none. How many were left out, for which reason and
whether they were known not to fit, is part of the answer.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from gateway.catalogue.entry import Entry
from gateway.catalogue.recommend import facts
from gateway.catalogue.recommend.wanted import Wanted

Check: TypeAlias = Callable[[Entry, Wanted], bool | None]
"""True: it fits; False: it does not; None: nobody knows."""


class Misfit(NamedTuple):
    """Why an entry was left out."""

    filter: str
    is_unknown: bool


def checks_of(wanted: Wanted) -> tuple[tuple[str, Check], ...]:
    """Return the filters that this question has, in the order in which they are asked."""
    return (("status", _status), *((name, check) for name, (is_asked, check) in _FILTERS.items() if is_asked(wanted)))


def misfit(entry: Entry, wanted: Wanted, checks: tuple[tuple[str, Check], ...]) -> Misfit | None:
    """Return the first reason to leave the entry out, None where it fits."""
    for name, check in checks:
        fits = check(entry, wanted)
        if fits is not True:
            return Misfit(name, fits is None)
    return None


def _status(entry: Entry, _: Wanted) -> bool:
    return entry.status != "retired"


def _task(entry: Entry, wanted: Wanted) -> bool | None:
    return _among(wanted.task, facts.tasks_of(entry))


def _region(entry: Entry, wanted: Wanted) -> bool | None:
    return False if wanted.region in facts.not_in(entry) else _among(wanted.region, facts.regions_of(entry))


def _residency(entry: Entry, wanted: Wanted) -> bool | None:
    return _among(wanted.residency, facts.residency_of(entry))


def _licence(entry: Entry, wanted: Wanted) -> bool | None:
    return None if entry.license is None else entry.license.lower() in {one.lower() for one in wanted.licences}


def _open(entry: Entry, wanted: Wanted) -> bool | None:
    return None if entry.open_weights is None else entry.open_weights is wanted.open_weights


def _needs(entry: Entry, wanted: Wanted) -> bool | None:
    found = {entry.capabilities.get(one) for one in wanted.needs}
    return False if False in found else None if None in found else True


def _inputs(entry: Entry, wanted: Wanted) -> bool | None:
    return _all(wanted.inputs, facts.FACTS["input"](entry))


def _outputs(entry: Entry, wanted: Wanted) -> bool | None:
    return _all(wanted.outputs, facts.FACTS["output"](entry))


def _price_in(entry: Entry, wanted: Wanted) -> bool | None:
    price = facts.price_of(entry, "into")
    return None if price is None or wanted.max_price_in is None else price <= wanted.max_price_in


def _price_out(entry: Entry, wanted: Wanted) -> bool | None:
    price = facts.price_of(entry, "out")
    return None if price is None or wanted.max_price_out is None else price <= wanted.max_price_out


def _context(entry: Entry, wanted: Wanted) -> bool | None:
    known = None if entry.limits is None else entry.limits.context
    return None if known is None or wanted.context is None else known >= wanted.context


def _ram(entry: Entry, wanted: Wanted) -> bool | None:
    needed = None if entry.requires is None else entry.requires.ram_bytes
    return None if needed is None or wanted.ram_bytes is None else needed <= wanted.ram_bytes


def _among(value: str | None, known: frozenset[str] | None) -> bool | None:
    return None if known is None else value in known


def _all(values: tuple[str, ...], known: object) -> bool | None:
    return known >= set(values) if isinstance(known, frozenset) else None


_FILTERS: Final[Mapping[str, tuple[Callable[[Wanted], object], Check]]] = {
    "task": (lambda wanted: wanted.task, _task),
    "residency": (lambda wanted: wanted.residency, _residency),
    "region": (lambda wanted: wanted.region, _region),
    "licence": (lambda wanted: wanted.licences, _licence),
    "open_weights": (lambda wanted: wanted.open_weights is not None, _open),
    "needs": (lambda wanted: wanted.needs, _needs),
    "input": (lambda wanted: wanted.inputs, _inputs),
    "output": (lambda wanted: wanted.outputs, _outputs),
    "context": (lambda wanted: wanted.context is not None, _context),
    "max_price_in": (lambda wanted: wanted.max_price_in is not None, _price_in),
    "max_price_out": (lambda wanted: wanted.max_price_out is not None, _price_out),
    "ram": (lambda wanted: wanted.ram_bytes is not None, _ram),
}
FILTERS: Final = ("status", *_FILTERS)
