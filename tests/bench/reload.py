"""How late streams are served while their process reads the registry anew: 50 streams over loopback, one each 10 ms.

Run by `make bench`; alone: `python -m tests.bench.reload [N …]`. Lateness is by the wall's clock, so other programs on
the machine count as well: compare with the first column, in which nothing is read. The longest time without a turn of
the loop, in CPU, is in `tests.bench.snapshot`.
"""

import asyncio
import contextlib
import gc
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from sqlalchemy import update

from gateway.registry.inputs import ModelCreate
from gateway.registry.registry import Registry
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.snapshot import Snapshot
from gateway.storage import schema
from gateway.storage.engine import Database
from gateway.storage.migrate import create_schema
from gateway.storage.versions import REGISTRY_VERSION
from tests.bench.snapshot import ADMIN, ORIGIN, SIZES, fill, make_service

STREAMS = 50
EVERY_S = 0.01
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"token"}}]}\n\n'
_QUIET_S = 1.0


def rows(sizes: tuple[int, ...] = SIZES) -> Iterator[str]:
    """Yield the lines of a table."""
    yield "| models | events late by, p99 / longest ms: nothing read | one change | all read | all deleted | all back |"
    yield "|---|---|---|---|---|---|"
    for size in sizes:
        figures = asyncio.run(_measure(size))
        yield f"| {size:,} | " + " | ".join(f"{p99:.1f} / {longest:.1f}" for p99, longest in figures) + " |"


async def _measure(size: int) -> list[tuple[float, float]]:
    with tempfile.TemporaryDirectory() as directory:
        database = await Database.open(f"sqlite:///{directory}/bench.db")
        async with database.write() as conn:
            await create_schema(conn)
        service = make_service(database, Path(directory))
        await service.ensure_default()
        await fill(database, service.registry.snapshot.teams["default"].id, size)
        registry = Registry(database)
        await registry.reload()
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)  # as the server does
        async with _streams() as late:
            figures = [
                await _late(late, step)
                for step in (
                    lambda: asyncio.sleep(_QUIET_S),
                    lambda: _one_change(service, registry),
                    lambda: _everything(registry),
                    lambda: _all(database, registry, "deleted"),
                    lambda: _all(database, registry, "active"),
                )
            ]
        await database.close()
        return figures


async def _one_change(service: RegistryService, registry: Registry) -> None:
    for number in range(10):
        await service.models.create(ADMIN, ModelCreate(name=f"new-{number}"), server=ORIGIN)
        await registry.reload()


async def _everything(registry: Registry) -> None:
    registry.snapshot = Snapshot()
    await registry.reload()


async def _all(database: Database, registry: Registry, state: str) -> None:
    async with database.write() as conn:
        await conn.execute(update(schema.models).values(state=state, deleted_at=1))
        far = update(schema.meta).where(schema.meta.c.key == REGISTRY_VERSION)
        await conn.execute(far.values(value=str(registry.snapshot.revision + 5000)))
    await registry.reload()


async def _late(late: list[float], step: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Return the lateness of events during a step, in milliseconds: the 99th of 100, and the longest."""
    late.clear()
    await step()
    ordered = sorted(late) or [0.0]
    return ordered[len(ordered) * 99 // 100] * 1e3, ordered[-1] * 1e3


@contextlib.asynccontextmanager
async def _streams() -> AsyncIterator[list[float]]:
    """Give the list to which each event of each running stream adds by how many seconds it was late."""
    late: list[float] = []

    async def write(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                due = time.perf_counter() + EVERY_S
                await asyncio.sleep(EVERY_S)
                writer.write(EVENT)
                await writer.drain()
                late.append(time.perf_counter() - due)

    server = await asyncio.start_server(write, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    readers = [asyncio.get_running_loop().create_task(_read(port)) for _ in range(STREAMS)]
    try:
        yield late
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        server.close()


async def _read(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while await reader.read(65536):
            pass
    finally:
        writer.close()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    for line in rows(tuple(int(size) for size in sys.argv[1:]) or SIZES):
        print(line, flush=True)
