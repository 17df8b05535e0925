"""What it costs to retire models among 100,000: one, and all of them while others write.

Run by `make bench`; alone: `python -m tests.bench.lifecycle [N]` on SQLite, `… N postgresql` on a PostgreSQL of its
own. The product runs whole, in this process; "another process" is one that takes the same lock a hundred times a
second, as any management call does, and says how long it waited at the longest. Late is the loop by the wall clock, so
that other programs on the machine count; of single calls the CPU of the process stands beside it, least and median of
some, which a busy machine makes half as large again.

What the figures leave out: no calls run meanwhile, so that drains are not in them; the disk is this machine's; another
process of the product would read the registry anew, which is in the rows of the snapshot.
"""

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, update

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.app import Modelport
from gateway.app.ground import Ground
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.filter import parse
from gateway.lifecycle.mass import Mass
from gateway.registry.snapshot import Snapshot
from gateway.settings import Settings
from gateway.storage import schema
from gateway.storage.engine import Database
from gateway.storage.versions import REGISTRY_VERSION
from tests.bench.lifecycle_rows import Amount, fill
from tests.postgres import running_cluster

MANY: Final = 100_000
REFERENCES: Final = 1000
ADMIN: Final = Principal("key_bench", "bench", Role.ADMIN, ROLES[Role.ADMIN], None, ())
_TIMES: Final = 15
_PAUSE_S: Final = 0.005
_ALONE_S: Final = 5.0
_STAMPS: Final = {"created_at": 1, "updated_at": 1}


def rows(size: int = MANY, dialect: str = "sqlite") -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {size:,} models, {dialect} | ms | most that is wanted |"
    yield "|---|---|---|"
    with tempfile.TemporaryDirectory() as folder, _address(dialect, folder) as url:
        for what, found, wanted in asyncio.run(_measure(Path(folder), url, size)):
            yield f"| {what} | {found} | {wanted} |"


@contextlib.contextmanager
def _address(dialect: str, folder: str) -> Iterator[str]:
    if dialect == "sqlite":
        yield f"sqlite:///{folder}/modelport.db"
        return
    with running_cluster() as cluster:
        cluster.administrator.run("CREATE DATABASE bench")
        yield cluster.url("bench")


async def _measure(folder: Path, url: str, size: int) -> list[tuple[str, str, str]]:
    given = {
        "data_dir": str(folder),
        "server": {"port": 0},
        "database": {"url": url, "auto_migrate": True},
        "health": {"interval_s": 0},
        "log": {"level": "error"},
    }
    modelport = Modelport(Settings.model_validate(given), environment=os.environ)
    await modelport.start()
    try:
        return await _figures(modelport.ground, size)
    finally:
        await modelport.stop()


async def _figures(ground: Ground, size: int) -> list[tuple[str, str, str]]:
    team = ground.registry.snapshot.teams["default"].id
    await fill(ground.database, team, Amount(size, size // 10, size, keys=1000))
    await _point_at(ground.database, team, size)
    ground.registry.snapshot = Snapshot()
    await ground.registry.reload()
    await ground.ring.reload()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as the server does
    found = [
        ("a page of references, the first", await _pages(ground, last=False), "20"),
        ("a page of references, the last", await _pages(ground, last=True), "20"),
        (f"one model with {REFERENCES:,} references is deleted, all in all", await _one(ground), "50"),
    ]
    async with _another_writer(ground.database) as waits:
        await asyncio.sleep(_ALONE_S)
    found.append(("another process writes while nothing else happens: p99, longest wait", _waited(waits), ""))
    for verb, text in (("delete", "name=m*"), ("purge", "name=m*")):
        found += await _bulk(ground, verb, text)
    return found


async def _point_at(database: Database, team: str, size: int) -> None:
    """Have a thousand rows point at each of some models: aliases, entries of keys' lists, fallbacks."""
    part = REFERENCES // 4
    for number in range(_TIMES):
        uid = f"mdl_{number:06}"
        names = [f"x{number}-{n}" for n in range(REFERENCES)]
        alias = [{"id": f"als_{one}", "team_id": team, "name": one, "model_uid": uid, **_STAMPS} for one in names]
        key = {"env": "live", "team_id": team, "role": "developer", "hash": b"", "pepper_id": "p", "limited": True}
        keys = [{"id": f"key_{one}", "key_id": one, "name": one, **key, **_STAMPS} for one in names[:part]]
        entries = [
            {"key_id": one["id"], "position": place, "pattern": f"m{n:06}", "model_uid": f"mdl_{n:06}"}
            for one in keys
            for place, n in enumerate((number, size - 1))
        ]
        legs = [{"model_uid": f"mdl_{size // 2 + n:06}", "position": number, "fallback_uid": uid} for n in range(part)]
        async with database.write() as conn:
            await conn.execute(insert(schema.aliases), alias[: REFERENCES - 2 * part])
            await conn.execute(insert(schema.keys), keys)
            await conn.execute(insert(schema.key_models), entries)
            await conn.execute(insert(schema.model_fallbacks), legs)


async def _pages(ground: Ground, *, last: bool) -> str:
    async def page() -> object:
        after = ("key", "x6-249", "key_x6-24") if last else None
        return await ground.lifecycle.references.list(ADMIN, "mdl_000006", team=None, kind=None, after=after, limit=50)

    return await _timed([page] * 20)


async def _one(ground: Ground) -> str:
    wanted = Wanted(references="cascade", drain_s=0, if_match=_any())
    return await _timed(
        [partial(ground.lifecycle.retirement.retire, ADMIN, f"mdl_{number:06}", wanted) for number in range(_TIMES)]
    )


def _any() -> Any:
    from gateway.api.etag import IfMatch  # the one place that needs it

    return IfMatch(given=True, anything=True)


async def _timed(calls: Sequence[Callable[[], Awaitable[object]]]) -> str:
    """Return the median of what the calls took, and the CPU of it."""
    took, cpu = [], []
    for call in calls:
        begun, used = time.perf_counter(), time.process_time()
        await call()
        took.append((time.perf_counter() - begun) * 1e3)
        cpu.append((time.process_time() - used) * 1e3)
        await asyncio.sleep(_PAUSE_S)
    return f"{statistics.median(took):.1f} (CPU {min(cpu):.1f} to {statistics.median(cpu):.1f})"


async def _bulk(ground: Ground, verb: Any, text: str) -> list[tuple[str, str, str]]:
    """Carry out an operation over all models while another process writes."""
    mass = Mass(verb=verb, filter=parse(text), references="cascade", drain_s=0)
    begun = time.perf_counter()
    plan = await ground.many.mass.plan(ADMIN, mass)
    planned = time.perf_counter() - begun
    mass = Mass(
        verb=verb,
        filter=parse(text),
        references="cascade",
        drain_s=0,
        plan_token=plan.token,
        confirm_count=plan.load.count,
    )
    async with _another_writer(ground.database) as waits, _wal(ground.database) as peak, _late() as late:
        begun = time.perf_counter()
        operation = await ground.many.mass.start(ADMIN, mass)
        while not (await ground.work.operations.wait(ADMIN, operation.id, 60)).over:
            pass
        took = time.perf_counter() - begun
    over = await ground.work.operations.get(ADMIN, operation.id)
    assert (over.state, over.failed) == ("done", 0), over
    told = f"{over.done:,} models are {verb}d"
    return [
        (f"{told}: the plan", f"{planned * 1e3:,.0f}", ""),
        (f"{told}: all in all", f"{took * 1e3:,.0f}", ""),
        (f"{told}: another process writes: p99, longest wait", _waited(waits), "500"),
        (f"{told}: the event loop is late by, p99, longest", _lateness(late), ""),
        (f"{told}: the write-ahead log at most, MiB", f"{peak[0] / 2**20:.1f}", ""),
    ]


@contextlib.asynccontextmanager
async def _another_writer(database: Database) -> AsyncIterator[dict[str, float]]:
    """Run a process that writes; what it says at its end is in the dictionary afterwards."""
    found: dict[str, float] = {}
    url = database.url.render_as_string(hide_password=False).replace("+aiosqlite", "").replace("+asyncpg", "")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.lifecycle", "--write", url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        found.update(json.loads(await process.stdout.readline()))
        await process.wait()


@contextlib.asynccontextmanager
async def _late() -> AsyncIterator[list[float]]:
    """Give how late the loop comes to what is due, in milliseconds; a loop that never sleeps would take the CPU."""
    found = [0.0]

    async def look() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(_PAUSE_S)
            found.append((time.perf_counter() - asked - _PAUSE_S) * 1e3)

    task = asyncio.get_running_loop().create_task(look())
    try:
        yield found
    finally:
        task.cancel()


def _waited(waits: dict[str, float]) -> str:
    return f"{waits['p99']:.0f}, {waits['longest']:.0f}"


def _lateness(late: list[float]) -> str:
    ordered = sorted(late)
    return f"{ordered[len(ordered) * 99 // 100]:.0f}, {ordered[-1]:.0f}"


@contextlib.asynccontextmanager
async def _wal(database: Database) -> AsyncIterator[list[int]]:
    peak = [0]

    async def look(path: Path) -> None:
        while True:
            with contextlib.suppress(FileNotFoundError):
                peak[0] = max(peak[0], path.stat().st_size)  # noqa: ASYNC240 - a few us
            await asyncio.sleep(0.05)

    if database.path is None:
        yield peak
        return
    task = asyncio.get_running_loop().create_task(look(Path(f"{database.path}-wal")))
    try:
        yield peak
    finally:
        task.cancel()


async def _write(url: str) -> None:
    """Take the writers' lock again and again until told to stop; print how long it waited, in milliseconds."""
    database, stopping = await Database.open(url), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    waits = [0.0]
    lock = update(schema.meta).where(schema.meta.c.key == REGISTRY_VERSION).values(value=schema.meta.c.value)
    print("writing", flush=True)
    while not stopping.is_set():
        begun = time.perf_counter()
        async with database.write() as conn:
            await conn.execute(lock)
        waits.append((time.perf_counter() - begun) * 1e3)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), 0.01)
    ordered = sorted(waits)
    print(json.dumps({"p99": ordered[len(ordered) * 99 // 100], "longest": ordered[-1]}), flush=True)
    await database.close()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    if sys.argv[1:2] == ["--write"]:
        asyncio.run(_write(sys.argv[2]))
    else:
        for line in rows(int(sys.argv[1]) if sys.argv[1:] else MANY, *sys.argv[2:3]):
            print(line, flush=True)
