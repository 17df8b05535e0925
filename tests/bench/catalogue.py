"""What it costs to follow a hub of 100,000 entries, beside python-tuf alone with the whole list as one gzip target.

`python -m tests.bench.catalogue [N]` prints it alone; `make bench` prints it with the rest. Hub, reader and python-tuf
are processes of their own; CPU and memory are the reader's. A reader takes one command a line and answers in JSON.

python-tuf fetches, verifies, unpacks and parses the list with `json`, and has then one Python object of it; it stores,
judges and indexes nothing. How much of its CPU is unpacking and parsing is printed. Both sides count what they import.

The loop is late for two reasons: somebody in the process holds it, or the machine is busy with others. Held for, at
most: the lesser of a lateness and of the CPU that the whole process used in it, for who holds the loop works meanwhile.
"""

import asyncio
import contextlib
import gc
import gzip
import hashlib
import importlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import uvloop
from yarl import URL

from gateway.app.process import GC_THRESHOLDS
from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.store.search import Query
from gateway.catalogue.store.store import CatalogueStore
from gateway.catalogue.sync.lease import NoLease
from gateway.catalogue.sync.once import Sync
from gateway.catalogue.trust.floor import TimeFloor
from gateway.catalogue.trust.high_water import HighWater
from gateway.catalogue.trust.hub import TrustedHub
from gateway.storage.clock import SystemClock
from gateway.tasks import Tasks
from gateway.upstream.egress import EgressPolicy, guarded_session
from gateway.upstream.session_transport import SessionTransport
from tests.catalogue.entries import COMMIT, entry
from tests.catalogue.sync.machine import bundle_of
from tests.fakes.hub import FaultyHub, faulty_hub

ENTRIES: Final = 100_000
CHANGES: Final = 5
SEARCHES: Final = 400
_FAMILIES: Final = ("coder", "llama", "qwen", "mistral", "gemma", "phi")
_PAUSE_S: Final = 0.005
Answer = dict[str, Any]


def rows(count: int = ENTRIES) -> Iterator[str]:
    """Yield the lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        yield from asyncio.run(_measured(Path(name), count))


async def _measured(place: Path, count: int) -> list[str]:
    hub = Hub.init(place / "hub", place / "keys", entries=place / "entries")
    await asyncio.to_thread(_publish, hub, range(count))
    async with (
        faulty_hub(hub.folder) as served,
        _reader(place, served, "read") as ours,
        _reader(place, served, "tuf") as tuf,
    ):
        table = [
            f"| {count:,} entries, a list of {_size(hub) / 1e6:.1f} MB | modelport | python-tuf alone | goal |",
            "|---|---|---|---|",
        ]
        table += _line("the whole list", await ours("look"), await tuf("look"), "3 s CPU, 60 MiB, 20 ms late")
        table += _line("nothing new", await ours("look"), await tuf("look"), "2 requests, 1 KB")
        looks = []
        for number in range(CHANGES):
            await asyncio.to_thread(_publish, hub, range(number * 10, number * 10 + 10), f"form {number}")
            looks.append((await ours("look"), await tuf("look") if number == 0 else {}))
        looks[0] = (sorted((one for one, _ in looks), key=lambda one: one["wall_s"])[CHANGES // 2], looks[0][1])
        table += _line(f"10 changed (median of {CHANGES})", *looks[0], "20 KB, 0.5 s")
        table += _line("the whole list again, while the old one is read", await ours("again"), {}, "20 ms late")
        found = await ours("search")
        table.append(
            f"| {SEARCHES} searches, ms: median, p99, longest | "
            f"{found['median_ms']:.1f}, {found['p99_ms']:.1f}, {found['longest_ms']:.1f} | - | p99 10 ms |"
        )
        return table


def _line(name: str, ours: Answer, theirs: Answer, goal: str) -> list[str]:
    return [f"| {name} | {_said(ours)} | {_said(theirs)} | {goal} |"]


def _said(one: Answer) -> str:
    if not one:
        return "-"
    lag = parsed = ""
    if "late_ms" in one:
        lag = (
            f", loop {one['late_ms']:.1f} ms late at most, {one['late_p99_ms']:.1f} at p99, "
            f"held for {one['held_ms']:.1f} at most, {one['held_p99_ms']:.1f} at p99"
        )
    if one.get("parse_cpu_s"):
        parsed = f" ({one['parse_cpu_s']:.2f} of it unpacks and parses)"
    return (
        f"{one['cpu_s']:.2f} s CPU{parsed}, {one['wall_s']:.2f} s, {one['requests']} requests, {one['bytes']:,} B, "
        f"+{one['extra_mib']:.0f} MiB{lag}"
    )


def _publish(hub: Hub, numbers: range, name: str = "first form") -> None:
    hub.put(_entry(number, name) for number in numbers)
    hub.publish()


def _size(hub: Hub) -> int:
    return max(one.stat().st_size for one in (hub.folder / "targets" / "catalog").glob("*.jsonl.gz"))


def _entry(number: int, name: str) -> dict[str, Any]:
    chance = random.Random(number)
    family, publisher = chance.choice(_FAMILIES), f"pub{number % 700}"
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return entry(
        number,
        id=f"{publisher}/{family}-{number:06d}-instruct",
        display_name=f"{family.title()} {number} {name}",
        base_model=f"{publisher}/{family}",
        publisher=publisher,
        family=family,
        license=chance.choice(("apache-2.0", "mit", "llama3")),
        status=chance.choice(("active", "active", "active", "preview", "deprecated")),
        endpoint={"base_url": f"https://api.{publisher}.example/v1/", "auth": "bearer", "region": ["eu", "us"]},
        capabilities={"stream": True, "tools": number % 3 > 0, "json_schema": True, "reasoning": number % 900 == 0},
        limits={"context": chance.choice((8192, 32_768, 131_072)), "max_output": 8192},
        price={
            "currency": "USD",
            "unit": "1M_tokens",
            "in": f"0.{chance.randint(1, 99):02}",
            "out": f"1.{chance.randint(0, 99):02}",
            "as_of": "2026-11-01",
        },
        aliases=[f"{publisher}/{family}-latest-{number}"],
        artifacts=[
            {
                "role": "weights",
                "url": f"https://files.{publisher}.example/resolve/{COMMIT}/{number}.gguf",
                "size": 4_100_000_000 + number,
                "sha256": digest,
                "quant": "Q4_K_M",
            }
        ]
        if number % 3 == 0
        else [],
    )


@contextlib.asynccontextmanager
async def _reader(place: Path, served: FaultyHub, kind: str) -> AsyncIterator[Callable[[str], Awaitable[Answer]]]:
    command = (sys.executable, "-m", "tests.bench.catalogue", kind, str(served.url), str(place))
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    sending, receiving = process.stdin, process.stdout

    async def ask(command: str) -> Answer:
        served.forget()
        sending.write(f"{command}\n".encode())
        line = await receiving.readline()
        if not line:
            raise RuntimeError(f"the reader {kind!r} ended at {command!r}")
        answer: Answer = json.loads(line)
        return {"requests": len(served.asked), "bytes": served.sent} | answer

    try:
        yield ask
    finally:
        sending.close()
        await process.wait()


async def _read(url: URL, place: Path) -> None:
    """Follow the hub as a server does."""
    clock, tasks = SystemClock(), Tasks()
    store = CatalogueStore(place / "data" / "catalog.db", clock)
    transport = SessionTransport(guarded_session(EgressPolicy("dev"), connect_timeout_s=5))
    root = (place / "hub" / "metadata" / "1.root.json").read_bytes()
    floor, high_water = TimeFloor(clock), HighWater(store)
    hub = TrustedHub(url, place / "tuf", root, transport=transport, floor=floor, high_water=high_water)
    sync = Sync(
        store,
        hub,
        clock=clock,
        lease=NoLease(),
        tasks=tasks,
        bundle=bundle_of,
        suppressed=_nothing,
        folder=place / "incoming",
        every_s=900,
    )
    await sync.start()
    importlib.import_module("cryptography.hazmat.primitives.ciphers.aead")  # a server has it, for its secrets
    gc.collect()
    gc.freeze()  # and does this when it has started
    gc.set_threshold(*GC_THRESHOLDS)

    async def look() -> str:
        return (await sync.once(forced=True)).kind

    async def again() -> str:
        await store.mark_bad("every way but the whole list")
        assert store.version is not None
        with contextlib.closing(await asyncio.to_thread(_connected, store)) as conn, conn:
            conn.execute("UPDATE meta SET value = 0 WHERE key = 'serial'")
        await store.poll()
        return await look()

    async for command in _commands():
        if command == "search":
            answer = await _searched(store)
        else:
            answer = await _cost(look if command == "look" else again)
        print(json.dumps(answer), flush=True)
    await hub.close()
    await store.close()
    await transport.close()


def _connected(store: CatalogueStore) -> Any:
    from gateway.catalogue.store.schema import open_writer

    current = store._files.current()
    assert current is not None
    return open_writer(current)


async def _tuf(url: URL, place: Path) -> None:
    """Do what python-tuf's own client does: the whole list is one target, and is parsed as one."""
    root = (place / "hub" / "metadata" / "1.root.json").read_bytes()

    parsing = [0.0]

    async def look() -> str:
        return await asyncio.to_thread(_alone, str(url), root, place / "alone", parsing)

    async for _ in _commands():
        parsing[0] = 0.0
        answer = await _cost(look)
        del answer["late_ms"]
        print(json.dumps(answer | {"parse_cpu_s": parsing[0]}), flush=True)


def _alone(url: str, root: bytes, place: Path, parsing: list[float]) -> str:
    from tuf.ngclient.updater import Updater

    (place / "targets").mkdir(parents=True, exist_ok=True)
    folders = (str(place / "metadata"), f"{url}metadata/", str(place / "targets"), f"{url}targets/")
    updater = Updater(*folders, bootstrap=root)
    updater.refresh()
    index = updater.get_targetinfo("catalog/index.json")
    assert index is not None
    info = updater.get_targetinfo(index.custom["snapshot"]["path"])
    assert info is not None
    if updater.find_cached_target(info) is not None:
        return "current"
    file = updater.download_target(info)
    begun = time.thread_time()
    lines = gzip.decompress(Path(file).read_bytes()).splitlines()
    count = len(json.loads(b"[" + b",".join(lines) + b"]"))
    parsing[0] = time.thread_time() - begun
    return f"{count} entries"


async def _commands() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.strip()


async def _cost(act: Callable[[], Awaitable[str]]) -> Answer:
    """Return what it takes, and how late the loop is meanwhile."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # noqa: ASYNC240 - begins a new high-water mark
    late: list[tuple[float, float]] = []
    watching = asyncio.get_running_loop().create_task(_watch(late))
    await asyncio.sleep(0.1)
    late.clear()
    before, cpu_s, wall_s = _memory("VmRSS"), time.process_time(), time.perf_counter()
    kind = await act()
    answer: Answer = {"kind": kind, "cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}
    watching.cancel()
    extra = (_memory("VmHWM") - before) / 1024
    for name, found in (("late", [one for one, _ in late]), ("held", [min(one) for one in late])):
        ordered = sorted(found) or [0.0]
        answer[f"{name}_ms"] = ordered[-1] * 1000
        answer[f"{name}_p99_ms"] = ordered[len(ordered) * 99 // 100] * 1000
    return answer | {"extra_mib": extra}


async def _watch(late: list[tuple[float, float]]) -> None:
    """Note how late each turn is, and the CPU that the process used from where it was due, or a little more."""
    while True:
        asked, cpu_s = time.perf_counter(), time.process_time()
        await asyncio.sleep(_PAUSE_S)
        late.append((time.perf_counter() - asked - _PAUSE_S, time.process_time() - cpu_s))


def _memory(name: str) -> int:
    """Return a line of /proc/self/status in KiB."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.partition(f"{name}:")[2].split()[0])


async def _searched(store: CatalogueStore) -> Answer:
    chance = random.Random(1)
    took = []
    for number in range(SEARCHES):
        query = _query(chance, number)
        begun = time.perf_counter()
        await store.search(query)
        took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    return {"median_ms": statistics.median(took), "p99_ms": took[SEARCHES * 99 // 100], "longest_ms": took[-1]}


def _query(chance: random.Random, number: int) -> Query:
    """Return what people look for: words and beginnings of words, a page further on, and rare combinations."""
    family = chance.choice(_FAMILIES)
    kinds: tuple[Callable[[], Query], ...] = (
        lambda: Query(text=family),
        lambda: Query(text=family[: chance.randint(2, 4)]),
        lambda: Query(text=f"{family} {chance.randint(1, 99)}"),
        lambda: Query(text=f"pub{chance.randint(1, 699)}", capabilities=("tools",)),
        lambda: Query(publisher=f"pub{chance.randint(1, 699)}"),
        lambda: Query(after=f"pub{chance.randint(1, 699)}/x"),
        lambda: Query(capabilities=("reasoning",), regions=("eu",)),
        lambda: Query(max_price_in=Decimal("0.05"), min_context=100_000, status=("active",)),
        lambda: Query(text=family, license="mit", max_price_out=Decimal("1.10")),
        lambda: Query(text="instruct", status=("deprecated",), min_context=100_000),
    )
    return kinds[number % len(kinds)]()


async def _nothing() -> tuple[str, ...]:
    return ()


def main() -> None:
    """Print the table, or be one of the readers."""
    if len(sys.argv) > 3:
        kind, url, place = sys.argv[1:]
        uvloop.run((_read if kind == "read" else _tuf)(URL(url), Path(place)))
        return
    for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES):
        print(line, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
