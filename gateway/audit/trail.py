"""Writing the record: in the transaction of the change itself, as its last statement; refusals in one of their own.

Whoever changes management state collects events and calls `Trail.write` before COMMIT; then either both are there or
neither. The counter's row is the lock that keeps the rows in one order: it is taken last (registry_version, then
keys_version, then audit_sequence), so no two writers wait for each other.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from gateway.api.acting import Acting, act_as, acting
from gateway.audit.appending import append
from gateway.audit.chain import GENESIS, Keys, Sealer
from gateway.audit.event import Event
from gateway.audit.flood import Flood
from gateway.audit.record import columns_of, key_id_of, record_of, text_of
from gateway.errors import GatewayError
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import audit
from gateway.storage.versions import AUDIT_SEQUENCE, bump_version

OFF = "audit.off"
ON = "audit.on"
logger = logging.getLogger("modelport.audit")


class Trail:
    """The record of one database. `keys` gives what seals it; with `enabled` off nothing is written.

    `masked` takes credentials out of a text that somebody pasted where none belongs.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        keys: Keys,
        enabled: bool = True,
        masked: Callable[[str], str] = str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._sealer = Sealer(keys.current.value)
        self._masked = masked
        self._flood = Flood()
        self.enabled = enabled

    async def write(self, conn: AsyncConnection, events: Sequence[Event], now_ms: int) -> str:
        """Write the events inside the caller's transaction, last of all, and return the hash of the last row.

        It is empty when there is nothing to write, or the record is switched off.
        """
        return await self._append(conn, events, now_ms) if events and self.enabled else ""

    async def _append(self, conn: AsyncConnection, events: Sequence[Event], now_ms: int, *, anew: bool = False) -> str:
        """Write the rows; `anew` begins a new chain, as after a time without a record."""
        writer = acting()

        def rows(first: int, previous: str) -> list[dict[str, Any]]:
            return list(self._rows(GENESIS if anew else previous, events, first, now_ms, writer))

        return await append(conn, len(events), rows)

    async def switch(self) -> None:
        """Have the record say that it is switched off from now on, or on again, unless it says so already (LIF-22).

        To be called at each start. What is written after a time without a record begins a new chain, so that nobody who
        verifies it can overlook the gap.
        """
        async with self._database.read() as conn:
            newest = await _newest_action(conn)
        if self.enabled is (newest != OFF):
            return
        async with self._database.write() as conn:
            await bump_version(conn, AUDIT_SEQUENCE, by=0)  # of two processes that start at once, the second waits here
            if self.enabled is (await _newest_action(conn) != OFF):
                return
            action = ON if self.enabled else OFF
            event = Event(action, "audit", name="the record of changes", reason="audit.enabled")
            await self._append(conn, [event], self._clock.now_ms(), anew=self.enabled)

    async def sealed_with(self) -> str | None:
        """Return which key sealed the newest row, None when there is none that says."""
        newest = select(audit.c.record).order_by(audit.c.seq.desc()).limit(1)
        async with self._database.read() as conn:
            text = (await conn.execute(newest)).scalar_one_or_none()
        return None if text is None else key_id_of(text)

    async def note(self, event: Event) -> None:
        """Write an event that is no change of the database, in a transaction of its own."""
        if self.enabled:
            await self._write_alone(event)

    async def refuse(self, event: Event) -> None:
        """Write a refusal in a transaction of its own; of a flood only the first, and every minute how many (LIF-24).

        The caller is refused whether or not it can be written: a busy database is told in the log.
        """
        if not self.enabled:
            return
        if (due := self._flood.pass_(event, acting(), self._clock.monotonic())) is not None:
            await self._write_alone(due)

    async def flush(self, *, everything: bool = False) -> None:
        """Write how often refusals were repeated, of those whose minute is over; with `everything` of all."""
        for due, who in self._flood.over(self._clock.monotonic(), everything=everything):
            with act_as(who):
                await self._write_alone(due)

    async def _write_alone(self, event: Event) -> None:
        try:
            async with self._database.write() as conn:
                await self.write(conn, [event], self._clock.now_ms())
        except GatewayError as error:
            logger.warning("%s (%s) is not on the record: %s", event.action, event.outcome, error.message)

    def _rows(
        self, previous: str, events: Sequence[Event], first: int, now_ms: int, writer: Acting
    ) -> Iterator[dict[str, Any]]:
        key, sealer = self._keys.current, self._sealer
        for seq, event in enumerate(events, start=first):
            who = event.who or writer
            record = record_of(event, who, seq=seq, at_ms=now_ms, key_id=key.id, previous=previous)
            text = self._masked(text_of(record))
            previous = sealer.seal(previous, text.encode())
            yield {"seq": seq, **columns_of(record, now_ms), "record": text, "hash": previous}


async def _newest_action(conn: AsyncConnection) -> str | None:
    newest = select(audit.c.action).order_by(audit.c.seq.desc()).limit(1)
    return (await conn.execute(newest)).scalar_one_or_none()
