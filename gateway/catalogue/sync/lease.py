"""Which process looks at the hub: one at a time for each file of the catalogue (CAT-33)."""

from typing import Final, Protocol

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.storage.schema.catalogue import catalogue_lease as table

LEASE_MS: Final = 60_000
"""What a process that was killed holds up the others for."""
RENEW_S: Final = 20.0


class Lease(Protocol):
    """Taken before a look, renewed while it lasts, and given back."""

    async def take(self) -> bool:
        """Take or renew it; return whether it is ours now."""
        ...

    async def give_back(self) -> None:
        """Let others have it at once."""
        ...


class DatabaseLease:
    """A row of the product's database. `id_` names the place of the catalogue's file, `owner` this process."""

    def __init__(self, database: Database, clock: Clock, *, id_: str, owner: str) -> None:
        self._database = database
        self._clock = clock
        self._id = id_
        self._owner = owner

    async def take(self) -> bool:
        """Take or renew it; return whether it is ours now."""
        now_ms = self._clock.now_ms()
        mine = {"owner": self._owner, "until": now_ms + LEASE_MS}
        try:
            async with self._database.write() as conn:
                query = select(table.c.owner, table.c.until).where(table.c.id == self._id).with_for_update()
                held = (await conn.execute(query)).first()
                if held is None:
                    await conn.execute(insert(table).values(id=self._id, **mine))
                    return True
                if held.owner != self._owner and held.until > now_ms:
                    return False
                await conn.execute(update(table).where(table.c.id == self._id).values(**mine))
                return True
        except IntegrityError:  # another process was first to write the row
            return False

    async def give_back(self) -> None:
        """Let others have it at once."""
        query = update(table).where(table.c.id == self._id, table.c.owner == self._owner).values(until=0)
        async with self._database.write() as conn:
            await conn.execute(query)


class NoLease:
    """For a command that works on a folder of its own."""

    async def take(self) -> bool:
        """Say yes."""
        return True

    async def give_back(self) -> None:
        """Do nothing."""
