"""What a change of the registry costs: one model more among N, and reading everything anew, with the longest stall.

Run by `make bench`; alone: `python -m tests.bench.snapshot [N …]`. A stall is the longest time in which the event loop
served nobody, seen by a task that wants to run all the time; in CPU of its thread, so that other programs do not count.
"""

import asyncio
import gc
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import insert

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.registry.inputs import GatewayCreate, ModelCreate
from gateway.registry.registry import Registry
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.snapshot import Snapshot
from gateway.settings import Settings
from gateway.storage import schema
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.migrate import create_schema
from gateway.upstream.policy import EgressPolicy
from gateway.vault.setup import make_vault
from tests.audit.trails import make_trail

SIZES = (500, 10_000, 100_000)
ADMIN = Principal("key_bench", "bench", Role.ADMIN, ROLES[Role.ADMIN], None, ())
ORIGIN = "http://localhost:3000/"


def rows(sizes: tuple[int, ...] = SIZES) -> Iterator[str]:
    """Yield the lines of a table."""
    yield "| models | snapshot swap, one more: ms | stall | all read: ms | stall | every address new: ms | stall |"
    yield "|---|---|---|---|---|---|---|"
    for size in sizes:
        figures = asyncio.run(_measure(size))
        yield f"| {size:,} | " + " | ".join(f"{ms:.1f}" for ms in figures) + " |"


async def _measure(size: int) -> list[float]:
    with tempfile.TemporaryDirectory() as directory:
        database = await Database.open(f"sqlite:///{directory}/bench.db")
        async with database.write() as conn:
            await create_schema(conn)
        service = make_service(database, Path(directory))
        await service.ensure_default()
        await fill(database, service.registry.snapshot.teams["default"].id, size)
        await service.registry.reload()
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)  # as the server does

        async def publish(number: int) -> None:
            await service.models.create(ADMIN, ModelCreate(name=f"new-{number}"), server=ORIGIN)

        async def readdress(number: int) -> None:
            body = GatewayCreate(name=f"g{number}", url=f"https://g{number}.example.com", is_default=True)
            await service.gateways.create(ADMIN, body)

        async def nothing(_: int) -> None:
            other.snapshot = Snapshot()

        other = Registry(database)
        await other.reload()
        figures = [
            *await _timed(publish, other, 10),
            *await _timed(nothing, other, 2),
            *await _timed(readdress, other, 2),
        ]
        await database.close()
        return figures


async def _timed(change: Callable[[int], Awaitable[None]], registry: Registry, times: int) -> tuple[float, float]:
    """Return the median time in which the registry follows a change, and the longest stall, in milliseconds."""
    took: list[float] = []
    stalls: list[float] = []
    for number in range(times):
        await change(2 * number)
        begun = time.perf_counter()
        await registry.reload()
        took.append(time.perf_counter() - begun)
        await change(2 * number + 1)
        with watched() as stall:  # not while the time is taken: it competes with the database's thread
            await asyncio.sleep(0)
            await registry.reload()
            await asyncio.sleep(0.01)
        stalls += stall
    return statistics.median(took) * 1e3, max(stalls) * 1e3


@contextmanager
def watched() -> Iterator[list[float]]:
    """Give the longest stall, in seconds, while something runs inside."""
    stalls: list[float] = [0.0]

    async def watch() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            stalls[0], last = max(stalls[0], now - last), now

    task = asyncio.get_running_loop().create_task(watch())
    try:
        yield stalls
    finally:
        task.cancel()


def make_service(database: Database, directory: Path) -> RegistryService:
    """Return a registry as a server has it."""
    settings, clock = Settings.model_construct(data_dir=directory), SystemClock()
    vault = make_vault(settings, database, environment={}, clock=clock)
    policy = EgressPolicy("dev")
    return RegistryService(
        database,
        Registry(database),
        clock,
        secrets=vault,
        judge_url=policy.judge,
        trail=make_trail(database, clock),
    )


async def fill(database: Database, team_id: str, size: int) -> None:
    """Write so many models with an endpoint each."""
    stamps = {"created_at": 1, "updated_at": 1}
    async with database.write() as conn:
        for start in range(0, size, 1000):
            numbers = range(start, min(size, start + 1000))
            models = [
                {
                    "uid": f"mdl_{n:06}",
                    "team_id": team_id,
                    "name": f"m{n:06}",
                    "task": "chat",
                    "state": "active",
                    **stamps,
                }
                for n in numbers
            ]
            url = "https://upstream.example.com/v1"
            endpoints = [
                {"id": f"ep_{n:06}", "model_uid": f"mdl_{n:06}", "base_url": url, "upstream_model": None, **stamps}
                for n in numbers
            ]
            await conn.execute(insert(schema.models), models)
            await conn.execute(insert(schema.endpoints), endpoints)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    for line in rows(tuple(int(size) for size in sys.argv[1:]) or SIZES):
        print(line, flush=True)
