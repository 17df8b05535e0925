"""What one can ask of the catalogue and do about it. Nothing here is in a call's way, and nothing runs unasked.

The list's own part (files, hub, signatures) is opened at the first question: `opened` gives it, or says why it cannot.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.api.acting import acting
from gateway.api.principal import Principal
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.catalogue import decided
from gateway.catalogue.decided import EVERYBODY, Suppression
from gateway.catalogue.memory import Memory
from gateway.errors import NotFound
from gateway.storage.clock import Clock
from gateway.storage.engine import Database

if TYPE_CHECKING:
    from gateway.catalogue.modes import Comparison, Lists
    from gateway.catalogue.store.local import Pin
    from gateway.catalogue.store.read import Changed, Reason, Stored, Version
    from gateway.catalogue.store.search import Query
    from gateway.catalogue.sync.once import Sync

DEFAULT_TEAM: Final = "default"
DAY_MS: Final = 86_400_000
_ROUNDS: Final = 5
"""Pages that are read to fill one from which suppressed entries were taken out; then it is a shorter page."""
_SUPPRESSIONS: Final = "suppressions"
_PINS: Final = "pins"


class Opened(NamedTuple):
    """The catalogue's files. `sync` is None where no hub is asked."""

    lists: "Lists"
    sync: "Sync | None"


class Found(NamedTuple):
    """An entry of a page, and which list has it."""

    stored: "Stored"
    origin: str


class Listed(NamedTuple):
    """A page: `after` is where the next one begins."""

    items: Sequence[Found]
    after: str | None
    version: "Version"


class CatalogueService:
    """One for each process. `opened` gives the files, and opens them the first time."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        database: Database,
        clock: Clock,
        trail: Trail,
        memory: Memory,
        opened: Callable[[], Awaitable[Opened]],
        suppressed: Callable[[], Awaitable[object]],
    ) -> None:
        self.memory = memory
        self._database = database
        self._clock = clock
        self._trail = trail
        self._opened = opened
        self._suppressed = suppressed

    async def opened(self) -> Opened:
        """Return the files.

        Raises:
            Unavailable: they cannot be opened, or hold nothing yet.
        """
        return await self._opened()

    # what there is

    async def stamp(self, principal: Principal, team: str | None) -> str:
        """Return what changes whenever this caller's list does: half of its ETag."""
        lists = (await self._opened()).lists
        hidden, pins = await self._hidden(principal, team), await self._pins()
        text = f"{lists.stamp}|{sorted(hidden)}|{pins}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    async def version(self) -> "Version":
        """Return which list is in use.

        Raises:
            Unavailable: there is none.
        """
        version = (await self._opened()).lists.version
        if version is None:
            # Inner import: who asks nothing loads nothing of the list's own files.
            from gateway.catalogue.store.errors import Empty

            raise Empty("there is no catalogue yet", hint="it is built from the list that came along within seconds")
        return version

    async def list(self, principal: Principal, query: "Query", team: str | None) -> Listed:
        """Return a page of what the caller's team may choose from, by id."""
        # Inner import: as above.
        from msgspec.structs import replace

        lists, hidden = (await self._opened()).lists, await self._hidden(principal, team)
        version, items, after = await self.version(), list[Found](), query.after
        for _ in range(_ROUNDS):
            found, after = await lists.search(replace(query, after=after, limit=query.limit - len(items)))
            items += [Found(one, origin) for one, origin in found if one.id not in hidden]
            if after is None or len(items) >= query.limit:
                break
        return Listed(items, after, version)

    async def get(self, principal: Principal, entry_id: str, team: str | None) -> tuple[Found, Suppression | None]:
        """Return an entry, also one that is not in the list, and what keeps it out of the caller's.

        Raises:
            NotFound: there is none.
        """
        found = await (await self._opened()).lists.get(entry_id)
        if found is None:
            raise unknown(entry_id)
        mine = {(entry_id, EVERYBODY), (entry_id, await self._team(principal, team))}
        hidden = [one for one in await self.suppressions(principal) if (one.entry_id, one.team) in mine]
        return Found(found[0], found[1].origin), hidden[0] if hidden else None

    async def made_of(self, principal: Principal, entry_id: str) -> Sequence[str]:
        """Return the caller's models that were made of the entry."""
        async with self._database.read() as conn:
            return await decided.made_of(conn, entry_id, principal.team)

    async def changes(self, serial: int, after: str) -> "Sequence[Changed]":
        """Return a page of what changed after a serial.

        Raises:
            Gone: that is not remembered any more.
        """
        lists = (await self._opened()).lists
        return await lists.first.changes_since(serial, after=after)

    async def reason_of(self, entry_id: str) -> str | None:
        """Return why an entry is hidden or in quarantine."""
        return await (await self._opened()).lists.first.find_reason(entry_id)

    async def reasons(self, *, after: str, limit: int) -> "Sequence[Reason]":
        """Return a page of what is not shown and why, by id."""
        return await (await self._opened()).lists.first.reasons(after=after, limit=limit)

    async def compare(self) -> "Comparison | None":
        """Return the configuration's list beside the hub's; None where there are not two."""
        lists = (await self._opened()).lists
        return await self.memory.get(("comparison", lists.stamp), lists.compare)

    # what is decided about it

    async def pins(self) -> "Sequence[Pin]":
        """Return what is pinned."""
        lists = (await self._opened()).lists
        return await lists.first.pins()

    async def pin(self, entry_id: str) -> "Pin":
        """Have an entry stay as it is.

        Raises:
            NotFound: there is none that is shown.
        """
        store, by, now_ms = (await self._opened()).lists.first, acting().id or acting().name, self._clock.now_ms()
        found = await store.get(entry_id)
        if found is None or found.standing in {"hidden", "quarantined"}:
            raise unknown(entry_id)
        async with self._database.write() as conn:
            await decided.pin(conn, decided.Pinned(entry_id, found.body, now_ms, by))
            await self._trail.write(conn, [Event("pin.create", "pin", uid=entry_id, name=entry_id)], now_ms)
        await store.set_pinned(await self.pinned())
        self.memory.drop(_PINS)
        return next(one for one in await store.pins() if one.id == entry_id)

    async def unpin(self, entry_id: str) -> None:
        """Show what the hub says again.

        Raises:
            NotFound: it is not pinned.
        """
        store, now_ms = (await self._opened()).lists.first, self._clock.now_ms()
        async with self._database.write() as conn:
            if not await decided.unpin(conn, entry_id):
                hint = "modelport catalogue pin --list"
                raise NotFound(f"{entry_id!r} is not pinned", code="pin_not_found", hint=hint)
            await self._trail.write(conn, [Event("pin.delete", "pin", uid=entry_id, name=entry_id)], now_ms)
        await store.set_pinned(await self.pinned())
        self.memory.drop(_PINS)

    async def pinned(self) -> Sequence[decided.Pinned]:
        """Return what is pinned as it is kept outside the list's file."""
        async with self._database.read() as conn:
            return await decided.pins(conn)

    async def suppressions(self, principal: Principal) -> Sequence[Suppression]:
        """Return what is kept out of lists that the caller can see."""
        found = await self.all_suppressions()
        return [one for one in found if principal.team is None or one.team in {EVERYBODY, principal.team}]

    async def all_suppressions(self) -> Sequence[Suppression]:
        """Return everybody's that are in force."""
        found, now_ms = await self.memory.get(_SUPPRESSIONS, self._read_suppressions), self._clock.now_ms()
        return [one for one in found if one.until is None or one.until > now_ms]

    def look_again(self) -> None:
        """Read suppressions anew at the next question: a model left or came back, and maybe its entry with it."""
        self.memory.drop(_SUPPRESSIONS)

    async def suppress(
        self, principal: Principal, entry_id: str, *, team: str | None, reason: str, days: int | None
    ) -> Suppression:
        """Keep an entry out of a team's list; without a team, and for a key without one, out of everybody's.

        Raises:
            NotFound: there is no such team for the caller.
        """
        owner = await self._owner(principal, team)
        who, now_ms = acting(), self._clock.now_ms()
        until = None if days is None else now_ms + days * DAY_MS
        one = Suppression(entry_id, owner, reason or who.reason or "", who.id or who.name, now_ms, until, None)
        event = Event(
            "suppression.create",
            "suppression",
            uid=entry_id,
            name=entry_id,
            team=owner or None,
            after={"entry_id": entry_id, "team": owner or None, "until": until},
            reason=reason or None,
        )
        async with self._database.write() as conn:
            await decided.suppress(conn, one)
            await self._trail.write(conn, [event], now_ms)
        await self._changed()
        return one

    async def unsuppress(self, principal: Principal, entry_id: str, *, team: str | None) -> None:
        """Have an entry on offer again.

        Raises:
            NotFound: it is not suppressed there.
        """
        owner = await self._owner(principal, team)
        async with self._database.write() as conn:
            gone = await decided.unsuppress(conn, entry_id, owner)
            if gone is None:
                raise NotFound(
                    f"{entry_id!r} is not suppressed for {owner or 'everybody'}",
                    code="suppression_not_found",
                    hint="modelport catalogue suppressions lists them with their teams",
                )
            event = Event(
                "suppression.delete",
                "suppression",
                uid=entry_id,
                name=entry_id,
                team=owner or None,
                before={"entry_id": entry_id, "team": owner or None},
            )
            await self._trail.write(conn, [event], self._clock.now_ms())
        await self._changed()

    async def _changed(self) -> None:
        self.memory.drop(_SUPPRESSIONS)
        await self._suppressed()

    async def _hidden(self, principal: Principal, team: str | None) -> frozenset[str]:
        owner = await self._team(principal, team)
        return frozenset(one.entry_id for one in await self.suppressions(principal) if one.team in {EVERYBODY, owner})

    async def _pins(self) -> object:
        found = await self.memory.get(_PINS, self.pins)
        return [(one.id, one.at_ms) for one in found]

    async def _read_suppressions(self) -> Sequence[Suppression]:
        async with self._database.read() as conn:
            return await decided.suppressions(conn, now_ms=self._clock.now_ms())

    async def _team(self, principal: Principal, team: str | None) -> str:
        """Return whose list is looked at: a team that there is."""
        return principal.team or DEFAULT_TEAM if team is None else await self._owner(principal, team)

    async def _owner(self, principal: Principal, team: str | None) -> str:
        """Return whose list is meant: a team that there is, or everybody's."""
        if team is None:
            return principal.team or EVERYBODY
        # Inner import: the registry's look-up of a team, which only these two need.
        from gateway.registry.service.lookup import find_team

        async with self._database.read() as conn:
            return (await find_team(conn, principal, team)).name


def unknown(entry_id: str) -> NotFound:
    """Return the refusal of an id that no list has."""
    return NotFound(
        f"the catalogue has no entry {entry_id!r}",
        code="entry_not_found",
        hint="modelport catalogue list --search WORD finds some",
    )
