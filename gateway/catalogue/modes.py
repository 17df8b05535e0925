"""Which list counts: the configuration's (static), a hub's (dynamic), or both (hybrid), to move from one to the other.

    static    the configuration's list alone; no hub is asked
    hybrid    the hub's; what it does not have is taken from the configuration's, and what differs is reported
    dynamic   the hub's, or the one that came along where there is no hub

The configuration's list is a file of its own beside the hub's, of the same kind: searched and paged in the same way.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct

from gateway.catalogue.canonical import NotCanonical, canonical, decode
from gateway.catalogue.entry import Entry, parse_entry
from gateway.catalogue.store.build import Source
from gateway.catalogue.store.read import Stored, Version
from gateway.catalogue.store.search import Page, Query
from gateway.catalogue.store.store import CatalogueStore
from gateway.errors import ConfigError

Mode = Literal["static", "hybrid", "dynamic"]
_FILLED_IN: Final[Mapping[str, Any]] = {"schema": 1, "rev": 0, "kind": "offering"}
"""What an entry of the configuration need not say."""
_MAX_FILE: Final = 64 * 1024 * 1024  # bytes; a hub is the place for more
_ABOUT: Final = frozenset({"rev", "schema", "source", "updated_at"})
"""Members that say nothing about the model: who has only another one of these has the same."""


class Refused(NamedTuple):
    """An entry of the configuration that cannot be used."""

    id: str
    reason: str


class StaticList(NamedTuple):
    """The configuration's list: canonical forms by id."""

    entries: Mapping[str, bytes]
    refused: tuple[Refused, ...] = ()

    @property
    def serial(self) -> int:
        """A number that stands for exactly this list."""
        digest = hashlib.sha256(b"\n".join(self.entries[id_] for id_ in sorted(self.entries)))
        return int(digest.hexdigest()[:12], 16)


class Difference(NamedTuple):
    """An entry that the two lists do not have alike; `fields` are the members that differ."""

    id: str
    kind: Literal["missing", "differing", "refused"]
    fields: tuple[str, ...] = ()
    reason: str | None = None


class Comparison(Struct, frozen=True):
    """The configuration's list beside the hub's."""

    static: int
    same: int
    only_hub: int
    differences: tuple[Difference, ...]

    def count(self, kind: str) -> int:
        """How many differences there are of a kind."""
        return sum(one.kind == kind for one in self.differences)


def read_static(given: Path | Iterable[Mapping[str, Any]]) -> StaticList:
    """Return the list that `catalogue.static` means; a wrong entry never drops the rest (CAT-20).

    Raises:
        ConfigError: its file cannot be read, or is no list.
    """
    rows = _rows_of(given) if isinstance(given, Path) else list(given)
    entries, refused = dict[str, bytes](), list[Refused]()
    for number, row in enumerate(rows, start=1):
        try:
            form = canonical({**_FILLED_IN, **row})
        except (NotCanonical, TypeError) as error:
            refused.append(Refused(_name(row, number), str(error)))
            continue
        verdict = parse_entry(form)
        if not isinstance(verdict, Entry):
            refused.append(Refused(verdict.id or _name(row, number), verdict.reason))
        elif verdict.id in entries:
            refused.append(Refused(verdict.id, "it stands there twice; the first one counts"))
        else:
            entries[verdict.id] = form
    return StaticList(entries, tuple(refused))


class Lists:
    """The lists that count, as one. `hub` is None in the mode static, `static` in the mode dynamic."""

    def __init__(self, hub: CatalogueStore | None, static: CatalogueStore | None, given: StaticList) -> None:
        self.hub = hub
        self.static = static
        self.given = given
        self._stores = [one for one in (hub, static) if one is not None]

    @property
    def first(self) -> CatalogueStore:
        """The list that goes before the other."""
        return self._stores[0]

    @property
    def version(self) -> Version | None:
        """Which list is in use: the first one's."""
        return self.first.version

    @property
    def stamp(self) -> str:
        """What changes whenever any of the lists does."""
        return "+".join("0" if one.version is None else _stamp(one.version) for one in self._stores)

    async def get(self, id_: str) -> tuple[Stored, Version] | None:
        """Return an entry and the list that has it, also one that is not shown; None where there is none."""
        hidden = None
        for store in self._stores:
            found, version = await store.get(id_), store.version
            if found is not None and version is not None:
                if found.standing == "shown":
                    return found, version
                hidden = hidden or (found, version)
        return hidden

    async def search(self, query: Query) -> tuple[list[tuple[Stored, str]], str | None]:
        """Return a page by id, each entry with the origin of its list, and where the next one begins."""
        pages = [await self._page(number, query) for number in range(len(self._stores))]
        found = sorted(((one, origin) for page, origin in pages for one in page.items), key=lambda one: one[0].id)
        more = len(found) > query.limit or any(page.next is not None for page, _ in pages)
        shown = found[: query.limit]
        ends = [page.next for page, _ in pages if page.next is not None]
        if ends and (not shown or shown[-1][0].id > min(ends)):  # beyond that, a list has not told yet what it has
            shown = [one for one in shown if one[0].id <= min(ends)]
            return shown, min(ends)
        return shown, shown[-1][0].id if more and shown else None

    async def _page(self, number: int, query: Query) -> tuple[Page, str]:
        """Return one list's page, without what an earlier list has as well."""
        store = self._stores[number]
        page = await store.search(query)
        origin = page.version.origin if page.version else "static"
        if number == 0:
            return page, origin
        own = [one for one in page.items if not await self._is_before(number, one.id)]
        return page._replace(items=own), origin

    async def _is_before(self, number: int, id_: str) -> bool:
        for store in self._stores[:number]:
            if await store.get(id_) is not None:
                return True
        return False

    async def compare(self) -> Comparison | None:
        """Return how the two lists differ; None where there are not two."""
        if self.hub is None or self.static is None:
            return None
        found, same = [Difference(one.id, "refused", reason=one.reason) for one in self.given.refused], 0
        for id_, form in sorted(self.given.entries.items()):
            other = await self.hub.get(id_)
            if other is None or other.is_gone:
                found.append(Difference(id_, "missing"))
            elif fields := differing(decode(form), decode(other.body)):
                found.append(Difference(id_, "differing", fields))
            else:
                same += 1
        shown = (await self.hub.counts()).shown
        both = same + sum(one.kind == "differing" for one in found)
        return Comparison(len(self.given.entries), same, max(0, shown - both), tuple(found))

    async def close(self) -> None:
        """Let go of the files."""
        for store in self._stores:
            await store.close()


def _stamp(version: Version) -> str:
    """Return what changes with the list, or with what its publishers say of it."""
    vouched = f".{hashlib.sha256(version.vouched.encode()).hexdigest()[:8]}" if version.vouched else ""
    return version.state_sha256[:12] + vouched


def differing(static: Mapping[str, Any], hub: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the members that the configuration says otherwise than the hub; what it leaves out is no difference.

    >>> differing({"id": "a", "rev": 0, "license": "mit"}, {"id": "a", "rev": 7, "license": "apache-2.0", "tags": []})
    ('license',)
    """
    return tuple(sorted(name for name in static.keys() - _ABOUT if static[name] != hub.get(name)))


async def take_static(store: CatalogueStore, given: StaticList, *, now_ms: int) -> None:
    """Have the file hold the configuration's list, unless it does already.

    Raises:
        Full: there is no room for it.
    """
    if store.version is not None and store.version.serial == given.serial and not store.is_broken:
        return
    source = Source(
        serial=given.serial, path="catalogue.static", state_sha256=None, origin="static", taken_at_ms=now_ms
    )
    await store.build(source, _lines(given))


def _lines(given: StaticList) -> Callable[[], Iterable[bytes]]:
    return lambda: (given.entries[id_] for id_ in sorted(given.entries))


def _rows_of(path: Path) -> list[Any]:
    """Return what a file holds: a list or an object with `models` in JSON, or an object in each line."""
    try:
        if path.stat().st_size > _MAX_FILE:
            raise ConfigError(f"catalogue.static: {path} is larger than {_MAX_FILE} bytes", hint="host a hub for it")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"catalogue.static: cannot read {path}: {error}", hint="name a file of entries") from error
    try:
        value = json.loads(text)
    except ValueError:
        return _rows_of_lines(path, text)
    rows = value.get("models") if isinstance(value, dict) and "id" not in value else value
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        raise ConfigError(f"catalogue.static: {path} holds no list of entries", hint='write [{"id": "acme/coder", …}]')
    return rows


def _rows_of_lines(path: Path, text: str) -> list[Any]:
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise ConfigError(
            f"catalogue.static: {path} is neither JSON nor an object in each line: {error}",
            hint='write [{"id": "acme/coder", …}]',
        ) from error


def _name(row: object, number: int) -> str:
    return str(row.get("id", f"number {number}"))[:200] if isinstance(row, Mapping) else f"number {number}"
