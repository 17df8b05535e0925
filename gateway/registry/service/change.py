"""How the registry is changed: one transaction that also raises the revision, then the new snapshot, then the answer.

Every service writes through `Changes.begin`; whoever reads after the answer therefore sees the change.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from gateway.api.acting import acting
from gateway.api.idempotency import Once
from gateway.api.managed import Owned, require_owner
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.errors import Conflict
from gateway.registry.registry import Registry
from gateway.registry.store.changes import forget
from gateway.registry.store.references import Reference
from gateway.storage.clock import Clock
from gateway.storage.conflicts import FOREIGN_KEY, LEAVING, conflict_of
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database, Dialect
from gateway.storage.versions import KEYS_VERSION, REGISTRY_VERSION, bump_version

T = TypeVar("T")


class Change(Struct):
    """An open transaction with its time, the caller's wish to carry it out once, and in whose name (None: the API)."""

    conn: AsyncConnection
    now_ms: int
    once: Once[Any] | None = None
    by: str | None = None
    revision: int = 0
    """The registry's, which this change makes."""
    keys_version: int | None = None
    """That of the keys, when what some may call is another after it."""
    keys: set[str] | None = field(default_factory=set)
    """Which these are, by id; None where nobody counted them."""
    events: list[Event] = field(default_factory=list)
    """What goes on the record with it."""

    def record(self, event: Event) -> None:
        """Have something written into the record with this change, in the name of who acts now."""
        self.events.append(event if event.who is not None else replace(event, who=acting()))

    async def change_keys(self, ids: Iterable[str] | None = None) -> None:
        """Have every process read these keys anew, without ids all: this one before the answer, others when they look.

        Within seconds, then (KEY-5).
        """
        if self.keys_version is None:
            self.keys_version = await bump_version(self.conn, KEYS_VERSION)
        self.keys = None if ids is None or self.keys is None else self.keys.union(ids)

    def require_owner(self, kind: str, name: str, row: Owned) -> None:
        """Raise Conflict unless the row belongs to whom this change is made for."""
        require_owner(kind, name, row, self.by)

    async def finish(self, result: T) -> T:
        """Keep the answer beside the change, as the last statement, and return the result."""
        if self.once is not None:
            await self.once.end(self.conn, result, now_ms=self.now_ms)
        return result


class ReloadKeys(Protocol):
    """Reads anew what changed of the keys; `only` these, where nothing but `version` is missing."""

    def __call__(self, only: Collection[str] | None = None, *, version: int | None = None) -> Awaitable[object]:
        """Return when requests are judged by it."""
        ...


async def no_keys(only: Collection[str] | None = None, *, version: int | None = None) -> None:
    """Read no keys: where no requests are verified."""
    del only, version


class Changes:
    """Makes transactions of the registry. `reload_keys` is awaited after one that changed what keys may call."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        clock: Clock,
        *,
        trail: Trail,
        reload_keys: ReloadKeys = no_keys,
    ) -> None:
        self._database = database
        self._trail = trail
        self._registry = registry
        self._clock = clock
        self._reload_keys = reload_keys

    @property
    def dialect(self) -> Dialect:
        """Which database this is."""
        return self._database.dialect

    @contextlib.asynccontextmanager
    async def begin(
        self, once: Once[Any] | None = None, *, by: str | None = None, follow: bool = True
    ) -> AsyncIterator[Change]:
        """Give a transaction; when it is committed, this process already serves what it wrote.

        Raising the revision comes first: it keeps other writers out until the end, so that what is looked up inside
        (a free name, an ETag) still holds when it is written. Without `follow` this process serves it when it next
        looks, as others do: for one of very many changes, after the last of which `follow()` is called.

        Raises:
            Replayed: the very same call was carried out before.
            Conflict: the database's own constraints refuse the change after all.
        """
        now_ms = self._clock.now_ms()
        try:
            async with self._database.write() as conn:
                revision = await bump_version(conn, REGISTRY_VERSION)
                if once is not None:
                    await once.begin(conn, now_ms=now_ms)
                change = Change(conn, now_ms, once, by, revision)
                yield change
                await forget(conn, revision)
                await self._trail.write(conn, change.events, now_ms)
        except IntegrityError as error:
            raise _conflict(error) from error
        if follow:
            if change.keys_version is not None:  # at once: whoever looks by himself meanwhile would read all of them
                await self._reload_keys(change.keys, version=change.keys_version)
            await self.follow(revision, keys=False)

    async def follow(self, revision: int, *, keys: bool) -> None:
        """Serve at least this revision, and the keys as they are now."""
        await self._registry.reload(at_least=revision)
        if keys:
            await self._reload_keys()

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that shows one moment of the database."""
        async with self._database.read() as conn:
            yield conn


class Joined(Changes):
    """Carries out the changes of several services as parts of one: no commit, revision or reload of their own."""

    def __init__(self, change: Change) -> None:
        self._change = change

    @contextlib.asynccontextmanager
    async def begin(
        self, once: Once[Any] | None = None, *, by: str | None = None, follow: bool = True
    ) -> AsyncIterator[Change]:
        """Give the open transaction; whoever opened it ends it."""
        del once, by, follow
        try:
            yield self._change
        except IntegrityError as error:
            raise _conflict(error) from error

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give the same connection: it shows what was written so far."""
        yield self._change.conn


def differing(given: Mapping[str, object], record: NamedTuple) -> dict[str, object]:
    """Return the given fields that are not so already: a patch that changes nothing makes no new revision."""
    return {name: value for name, value in given.items() if value != getattr(record, name)}


def referenced(kind: str, name: str, found: tuple[Sequence[Reference], int]) -> Conflict:
    """Return the refusal to delete something that other rows point at, with their list (LIF-3)."""
    references, total = found
    shown = ", ".join(f"{one['kind']} {one['name']}" for one in references[:3])
    more = f" and {total - 3} more" if total > 3 else ""  # noqa: PLR2004 - as many as were shown
    return Conflict(
        f"{kind} {name!r} is still in use by {shown}{more}",
        code=f"{kind}_referenced",
        hint="change or delete these first",
        references=[dict(one) for one in references],
        references_total=total,
    )


def _conflict(error: IntegrityError) -> Conflict:
    """Name a constraint's refusal; services look first, so this is what another writer did in between."""
    constraint = conflict_of(error)
    if constraint is None:
        raise error
    if constraint == LEAVING:
        return Conflict(
            "a model that is being retired or is deleted gets no new references",
            code="state_conflict",
            hint="restore it first, or name another model",
        )
    if constraint == FOREIGN_KEY:
        return Conflict("something still refers to this, or what it refers to is gone", code="referenced")
    return Conflict(f"another object has this value already ({constraint})", code="name_taken")
