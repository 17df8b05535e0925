"""One installation's keys with a clock that tests set: what a process has after its start."""

from collections import Counter
from typing import Self

from sqlalchemy import insert, select

from gateway.api.permissions import Role
from gateway.api.principal import Principal
from gateway.keys.model import DAY_MS, KeyInput
from gateway.keys.ring import KeyRing
from gateway.keys.service import KeyService
from gateway.keys.store import KeyUse
from gateway.storage.engine import Database
from gateway.storage.schema import teams
from gateway.vault.root_keys import RootKey, RootKeys
from tests.audit.trails import make_trail

PEPPER, OTHER_PEPPER = RootKey("aaaaaaaa", b"p" * 32), RootKey("bbbbbbbb", b"q" * 32)
START_MS = 1_767_225_600_000  # 2026-01-01
PEER = "192.0.2.7"


class SetClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = START_MS

    def now_ms(self) -> int:
        """Return the set time."""
        return self.now

    def monotonic(self) -> float:
        """Return the set time in seconds."""
        return self.now / 1000

    def later(self, *, days: float = 0, seconds: float = 0) -> None:
        """Let time pass."""
        self.now += int(days * DAY_MS + seconds * 1000)


class Installation:
    """A process with its key ring and key service over a database."""

    def __init__(self, database: Database, peppers: tuple[RootKey, ...], clock: SetClock) -> None:
        self.database = database
        self.clock = clock
        self.uses: list[KeyUse] = []
        self.refusals: Counter[str] = Counter()
        roots = RootKeys(peppers)
        self.ring = KeyRing(
            database, roots, note_use=self.uses.append, refused=lambda reason: self.refusals.update([reason])
        )
        self.service = KeyService(database, roots, clock, self.ring, trail=make_trail(database, clock))

    @classmethod
    async def start(
        cls, database: Database, *, peppers: tuple[RootKey, ...] = (PEPPER,), clock: SetClock | None = None
    ) -> Self:
        """Return a started process; the teams `default`, `team1` and `team2` exist."""
        process = cls(database, peppers, clock or SetClock())
        async with database.write() as conn:
            for name in ("default", "team1", "team2"):
                if (await conn.execute(select(teams.c.id).where(teams.c.name == name))).first() is None:
                    await conn.execute(
                        insert(teams).values(id=f"team_{name}", name=name, created_at=START_MS, updated_at=START_MS)
                    )
        await process.ring.reload()
        return process

    def verify(self, presented: str, *, peer: str | None = PEER) -> Principal:
        """Present a key now."""
        return self.ring.verify(presented, peer=peer, now_ms=self.clock.now)

    async def key(self, maker: Principal | None = None, /, **fields: object) -> tuple[str, Principal]:
        """Make a key and return its text and who it is."""
        wanted = KeyInput.model_validate({"name": "a key", **fields})
        _, minted = await self.service.create(wanted, maker)
        text = minted.text.reveal()
        return text, self.verify(text)

    async def admin(self) -> Principal:
        """Make an administrator."""
        return (await self.key(role=Role.ADMIN))[1]
