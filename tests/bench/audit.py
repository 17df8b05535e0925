"""What the record of changes costs: writing a row with a change, and verifying many.

Run by `make bench`; alone: `python -m tests.bench.audit [rows]`. Figures are CPU of the process: writing inside a
transaction that is open anyway; verifying with everything, the file of checkpoints included.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.audit.checkpoint import Signer
from gateway.audit.checkpoints import Checkpoints
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.audit.verification import Verification
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.migrate import create_schema
from tests.audit.trails import KEYS, make_trail

ROWS = 100_000
_CHANGES = 300
_AT_ONCE = 500


def rows(size: int = ROWS) -> Iterator[str]:
    """Yield the lines of a table."""
    write_us, seconds = asyncio.run(_measure(size))
    yield "| the record of changes | |"
    yield "|---|---|"
    yield f"| a row with a change, inside its transaction | {write_us:.0f} us |"
    yield f"| verify {size:,} rows | {seconds:.2f} s, {size / seconds:,.0f} rows/s |"


async def _measure(size: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = await Database.open(f"sqlite:///{folder}/bench.db")
        async with database.write() as conn:
            await create_schema(conn)
        clock, signer = SystemClock(), Signer((b"a seed of the bench of 32 bytes.",))
        trail, path = make_trail(database, clock), folder / "checkpoints.jsonl"
        write_us = await _write(database, trail, size)
        await Checkpoints(database, clock, path=path, signer=lambda: signer, name="bench").step(ending=True)
        verification = Verification(database, clock, keys=KEYS, checkpoints=path, signer=signer)
        costs = []
        for _ in range(3):
            began = time.process_time()
            report = await verification.verify()
            costs.append(time.process_time() - began)
            assert report.intact
            assert report.rows == size
        await database.close()
        return write_us, min(costs)


async def _write(database: Database, trail: Trail, size: int) -> float:
    """Fill the record and return the median of what one row took, in microseconds."""
    costs = []
    for number in range(min(_CHANGES, size)):
        async with database.write() as conn:
            began = time.process_time()
            await trail.write(conn, [_event(number)], time.time_ns() // 1_000_000)
            costs.append((time.process_time() - began) * 1e6)
    written = len(costs)
    while written < size:
        some = [_event(number) for number in range(written, min(size, written + _AT_ONCE))]
        async with database.write() as conn:
            await trail.write(conn, some, time.time_ns() // 1_000_000)
        written += len(some)
    return statistics.median(costs)


def _event(number: int) -> Event:
    after = {"name": f"model-{number}", "state": "active", "task": "chat", "description": "one of many", "weight": 1}
    return Event("model.create", "model", f"mdl_{number:020d}", after["name"], "default", rev_after=1, after=after)  # type: ignore[arg-type]


if __name__ == "__main__":
    for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS):
        sys.stdout.write(f"{line}\n")
