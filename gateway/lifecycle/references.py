"""Who points at a model: one query for each kind, read whole for a deletion or in pages for a list.

What follows from it is plan.py. Each reference says besides kind, id and name whether a file declares it and whether
it is `sole`: a key's only entry, or the last place that a fallback's owner could be served from.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from gateway.lifecycle.reference_queries import KINDS, Kind, columns_of, counting, paged, present, whole
from gateway.storage.connection import AsyncConnection

__all__ = ["KINDS", "Kind", "Place", "Reference", "count", "page", "read_all"]

Place: TypeAlias = tuple[str, str, str]
"""Where a page ended: kind, name, id."""


class Reference(NamedTuple):
    """Something that points at the model; `row` is its row of the table that holds the pointer."""

    kind: Kind
    id: str
    name: str
    sole: bool = False
    declared_at: str | None = None
    row: Mapping[str, Any] | None = None


async def read_all(conn: AsyncConnection, uid: str, *, now_ms: int) -> list[Reference]:
    """Return every reference with its row, in order of the kinds and their names."""
    found: list[Reference] = []
    (there,) = await present().rows(conn, uid=uid, now_ms=now_ms)
    for kind in (kind for kind, any_of_it in zip(KINDS, there, strict=True) if any_of_it):
        names = columns_of(kind)
        for key, name, sole, declared_at, *row in await whole(kind).rows(conn, uid=uid, now_ms=now_ms):
            held = dict(zip(names, row, strict=True))
            found.append(Reference(kind, key, name, bool(sole), declared_at, held))
    return found


async def count(conn: AsyncConnection, uid: str, *, now_ms: int) -> dict[Kind, int]:
    """Return how many references there are of each kind that has any, in order of the kinds."""
    (numbers,) = await counting().rows(conn, uid=uid, now_ms=now_ms)
    return {kind: number for kind, number in zip(KINDS, numbers, strict=True) if number}


async def page(  # noqa: PLR0913 - three are keyword-only
    conn: AsyncConnection, uid: str, kinds: Sequence[Kind], *, after: Place | None, limit: int, now_ms: int
) -> tuple[list[Reference], Place | None]:
    """Return up to `limit` references of these kinds from behind `after` on, and the place to go on from."""
    found: list[Reference] = []
    begun = KINDS.index(_kind(after[0])) if after else 0
    for kind in kinds:
        if KINDS.index(kind) < begun:
            continue
        which: dict[str, Any] = {"uid": uid, "now_ms": now_ms, "limit": limit + 1 - len(found)}
        further = after is not None and after[0] == kind
        if after is not None and further:
            which |= {"name": after[1], "id": after[2]}
        found += [_reference(kind, row) for row in await paged(kind, further=further).rows(conn, **which)]
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], (last.kind, last.name, last.id)
    return found, None


def _kind(text: str) -> Kind:
    return next((kind for kind in KINDS if kind == text), KINDS[0])


def _reference(kind: Kind, about: Sequence[Any]) -> Reference:
    key, name, sole, declared_at = about
    return Reference(kind, key, name, bool(sole), declared_at)
