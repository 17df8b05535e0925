"""A record as its tests write, sign, break and verify it."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text

from gateway.audit.checkpoint import Signer
from gateway.audit.checkpoints import Checkpoints
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.audit.verification import Report, Verification
from gateway.storage.engine import Database
from tests.audit.trails import KEYS, make_trail
from tests.clock import ManualClock

SEED = b"signing seed of the tests, 32 by"


def event(number: int = 1, **more: object) -> Event:
    """Return an event."""
    values = {"uid": f"mdl_{number:020d}", "name": f"model-{number}", "team": "default", **more}
    return Event("model.change", "model", before={"weight": number}, after={"weight": number + 1}, **values)  # type: ignore[arg-type]


class Chronicle:
    """A record with its keys. What breaks it goes past the triggers, as the owner of a database can."""

    def __init__(self, database: Database, clock: ManualClock, directory: Path) -> None:
        self.database = database
        self.clock = clock
        self.path = directory / "audit-checkpoints.jsonl"
        self.trail: Trail = make_trail(database, clock)
        self.signer = Signer((SEED,))
        self.checkpoints = self.process("here")

    def process(self, name: str, path: Path | None = None) -> Checkpoints:
        """Return what signs in a process of this name."""
        return Checkpoints(self.database, self.clock, path=path or self.path, signer=lambda: self.signer, name=name)

    async def write(self, *events: Event) -> str:
        """Write a change of these events and return the last hash."""
        self.clock.advance(1)
        async with self.database.write() as conn:
            return await self.trail.write(conn, events, self.clock.now_ms())

    async def fill(self, rows: int) -> None:
        """Write so many rows, sign them, and let some time pass."""
        for number in range(1, rows + 1):
            await self.write(event(number))
        assert await self.checkpoints.step(ending=True)
        self.clock.advance(600)

    async def break_(self, *statements: str) -> None:
        """Run statements that the triggers would refuse."""
        async with self.database.write() as conn:
            if self.database.dialect == "sqlite":
                for verb in ("update", "delete"):
                    await conn.execute(text(f"DROP TRIGGER IF EXISTS audit_no_{verb}"))
            else:
                await conn.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                await conn.execute(text(statement))

    def verification(self, *, public: bytes | None = None) -> Verification:
        """Return what verifies it."""
        return Verification(
            self.database, self.clock, keys=KEYS, checkpoints=self.path, signer=self.signer, public=public
        )

    async def verify(self) -> Report:
        """Return what is wrong."""
        return await self.verification().verify()

    async def found(self) -> Sequence[tuple[int | None, str]]:
        """Return row and kind of each finding."""
        return [(one.seq, one.problem) for one in (await self.verify()).findings]
