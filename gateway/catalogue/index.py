"""What a hub offers: one snapshot, and the deltas that lead to it; and which of them to fetch. Pure.

The index is the `custom` member of the target `catalog/index.json`, so that it arrives with the signed metadata. It is
written short, for a client fetches it with every change: a delta's path follows from its serials, and the state at a
serial stands there once.
"""

import heapq
import itertools
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Meta, Struct, ValidationError, convert, field, to_builtins

INDEX_PATH: Final = "catalog/index.json"
INDEX_SCHEMA: Final = 1
SNAPSHOT_PERCENT: Final = 40
"""Deltas are taken while they sum to less than this share of the snapshot (section 5, step 3)."""

_REQUEST = 500  # bytes that a file costs besides its own: a request with its headers

_Serial: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]
_Sha: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Path: TypeAlias = Annotated[str, Meta(max_length=300, pattern=r"^catalog/(?:delta/)?[A-Za-z0-9_-]+\.jsonl\.gz\Z")]


class BadIndex(ValueError):
    """An index that is none; `needs_upgrade` says that a later program would read it."""

    def __init__(self, message: str, *, needs_upgrade: bool = False) -> None:
        super().__init__(message)
        self.needs_upgrade = needs_upgrade


class Snapshot(Struct, frozen=True):
    """The whole list as one file. `size` counts its compressed bytes, `count` its entries."""

    path: _Path
    size: _Serial
    count: _Serial
    state_sha256: _Sha


class Delta(Struct, frozen=True):
    """What changed between two serials: it leads to `to` from every serial between `start` and it."""

    path: str
    start: int
    to: int
    size: int
    """Compressed bytes."""
    ops: int
    state_from: str | None
    """The state at `start`; None where the index no longer tells."""
    state_to: str


class CatalogueIndex(Struct, frozen=True):
    """What a hub offers now."""

    serial: int
    snapshot: Snapshot
    deltas: tuple[Delta, ...] = ()
    schema: int = INDEX_SCHEMA
    min_client: str | None = None

    def custom(self) -> dict[str, Any]:
        """Return the member as it is signed; `read_index` gives this index again."""
        told = {self.serial}  # serials whose state stands somewhere: the newest one's in the snapshot
        ends = {one.to for one in self.deltas}
        deltas: list[dict[str, Any]] = []
        for one in self.deltas:
            delta: dict[str, Any] = {"from": one.start, "to": one.to, "size": one.size, "ops": one.ops}
            if one.to not in told:
                delta["state_to"] = one.state_to
            if one.start not in told | ends and one.state_from:
                delta["state_from"] = one.state_from
                told.add(one.start)
            told.add(one.to)
            deltas.append(delta)
        said = {"serial": self.serial, "schema": self.schema, "snapshot": to_builtins(self.snapshot), "deltas": deltas}
        return said | ({"min_client": self.min_client} if self.min_client else {})


class _Written(Struct, frozen=True):
    """A delta as it stands in the index."""

    start: _Serial = field(name="from")
    to: _Serial
    size: _Serial
    ops: _Serial
    path: _Path | None = None
    state_from: _Sha | None = None
    state_to: _Sha | None = None


class _Index(Struct, frozen=True):
    serial: _Serial
    snapshot: Snapshot
    deltas: Annotated[tuple[_Written, ...], Meta(max_length=1000)] = ()
    min_client: Annotated[str, Meta(max_length=100)] | None = None


def delta_path(start: int, to: int) -> str:
    """Return the path of a delta's target.

    >>> delta_path(7, 8)
    'catalog/delta/7-8.jsonl.gz'
    """
    return f"catalog/delta/{start}-{to}.jsonl.gz"


def snapshot_path(serial: int) -> str:
    """Return the path of a snapshot's target."""
    return f"catalog/{serial}.jsonl.gz"


def read_index(custom: Mapping[str, Any] | None) -> CatalogueIndex:
    """Return the index that a `custom` member holds; deltas whose end has no known state are left out.

    Raises:
        BadIndex: it is none, or its schema is not known here.
    """
    if custom is None:
        raise BadIndex(f"{INDEX_PATH} carries no index")
    schema = custom.get("schema")
    if isinstance(schema, int) and schema != INDEX_SCHEMA:
        raise BadIndex(f"the hub's index has schema {schema}, and {INDEX_SCHEMA} is known here", needs_upgrade=True)
    try:
        said = convert(custom, _Index)
    except ValidationError as error:
        raise BadIndex(f"{INDEX_PATH}: {error}") from error
    states = {one.to: one.state_to for one in said.deltas if one.state_to}
    states |= {one.start: one.state_from for one in said.deltas if one.state_from}
    states[said.serial] = said.snapshot.state_sha256
    deltas = tuple(
        Delta(
            one.path or delta_path(one.start, one.to), one.start, one.to, one.size, one.ops, states.get(one.start), end
        )
        for one in said.deltas
        if one.start < one.to <= said.serial and (end := states.get(one.to))
    )
    return CatalogueIndex(said.serial, said.snapshot, deltas, INDEX_SCHEMA, said.min_client)


def find_path(index: CatalogueIndex, serial: int | None, *, bad: Collection[str] = ()) -> tuple[Delta, ...] | Snapshot:
    """Return the deltas that lead from `serial` to the hub's with the fewest bytes on the wire, or the snapshot.

    `serial` is None where there is no list yet; `bad` are paths of deltas that did not keep what they promised. With
    nothing to do the path is empty. Deltas that sum to 40 % of the snapshot and more are not taken.
    """
    if serial is None or serial > index.serial:
        return index.snapshot
    usable = [one for one in index.deltas if one.path not in bad]
    order = itertools.count()  # breaks ties: deltas are not compared
    ways: list[tuple[int, int, int, tuple[Delta, ...]]] = [(0, next(order), serial, ())]
    seen: set[int] = set()
    while ways:
        cost, _, here, path = heapq.heappop(ways)
        if here == index.serial:
            size = sum(one.size for one in path)
            return path if not path or size * 100 < index.snapshot.size * SNAPSHOT_PERCENT else index.snapshot
        if here in seen:
            continue
        seen.add(here)
        for one in usable:
            if one.start <= here < one.to:
                heapq.heappush(ways, (cost + one.size + _REQUEST, next(order), one.to, (*path, one)))
    return index.snapshot
