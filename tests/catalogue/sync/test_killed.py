"""Section 13 and the issue's "kill -9 at random moments": nothing lost, nothing half-visible."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yarl import URL

from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.store.store import CatalogueStore
from gateway.storage.clock import SystemClock
from tests.catalogue.sync.machine import many, varied
from tests.fakes.hub import FaultyHub, faulty_hub

ROUNDS = 5
ENTRIES = 60


@dataclass
class Publisher:
    """A hub that changes all the time, and what each of its lists held: names by id."""

    hub: Hub
    chance: random.Random
    lists: dict[int, dict[str, str]] = field(default_factory=dict)

    def change(self) -> None:
        """Publish a list in which a few entries are new, changed or gone, or every one is changed."""
        lists = dict(self.lists[max(self.lists)])
        chosen = range(1, ENTRIES) if self.chance.random() < 0.2 else self.chance.sample(range(1, ENTRIES), 2)
        word = f"{self.chance.random()}"
        changed = [varied(number, display_name=word) for number in chosen]
        self.hub.put(changed)
        lists |= {str(one["id"]): word for one in changed}
        gone = f"acme/coder-{self.chance.randrange(1, ENTRIES)}"
        if gone in lists:
            self.hub.remove(gone)
            del lists[gone]
        self._published(lists)

    def begin(self) -> None:
        """Publish the first list; its entry 0 never changes."""
        entries = many(ENTRIES)
        self.hub.put(entries)
        self._published({str(one["id"]): str(one["display_name"]) for one in entries})

    def _published(self, lists: dict[str, str]) -> None:
        self.lists[max(self.lists, default=0) + 1] = lists  # before it can be fetched
        assert self.hub.publish() == max(self.lists)


class Followers:
    """Followers one after the other, each killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.told = 0
        """The last serial that one of them said it had."""

    async def next(self) -> int:
        """Start one and return its number."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        await self._process.stdin.drain()
        return int((await self.hear())["number"])

    async def hear(self) -> dict[str, Any]:
        """Return what is said next."""
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            line = await self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line)
        self.told = said.get("serial", self.told)
        return said

    async def kill(self, number: int) -> None:
        """Kill it, and hear all that it had said."""
        os.kill(number, signal.SIGKILL)
        while "ended" not in (said := await self.hear()):
            pass
        assert said["ended"] == -signal.SIGKILL, "it ended before it was killed"


async def test_a_follower_that_is_killed_again_and_again_loses_nothing(tmp_path: Path, sqlite_template: Path) -> None:
    """After each kill the list is one that was published, whole, and not older than what was told before the kill."""
    chance = random.Random(20261121)
    publisher = Publisher(Hub.init(tmp_path / "hub", tmp_path / "keys"), chance)
    publisher.begin()
    shutil.copyfile(sqlite_template, tmp_path / "modelport.db")
    taken: list[int] = []
    async with faulty_hub(tmp_path / "hub") as served, _followers(served.url, publisher, tmp_path) as followers:
        life_s = await _first_list(followers)
        for moment in (_any_moment, _while_a_file_is_used, _after_a_list) * ROUNDS:
            number = await followers.next()
            async with _published_meanwhile(publisher), _read_meanwhile(tmp_path, publisher):
                await moment(followers, served)
                await asyncio.sleep(chance.random() * life_s)
                await followers.kill(number)
            taken.append(await _whole(tmp_path, publisher, at_least=followers.told))
        publisher.change()
        (tmp_path / "catalogue" / "incoming" / "9.delta.part").write_bytes(b"half of a file that nobody asks for again")
        await followers.next()
        while (await followers.hear())["serial"] < max(publisher.lists):
            pass
        assert await _whole(tmp_path, publisher, at_least=followers.told) == max(publisher.lists)
    assert taken == sorted(taken)
    assert len(set(taken)) >= ROUNDS, "kills that hit nothing prove nothing"
    left = {path.name.partition(".")[0].partition("-")[0] for path in (tmp_path / "catalogue").iterdir()}
    assert left == {"catalog", "tuf", "incoming"}
    assert list((tmp_path / "catalogue" / "incoming").iterdir()) == []


async def _first_list(followers: Followers) -> float:
    """Return the seconds until a follower has taken its first list: kills come at any moment of so long."""
    number = await followers.next()
    began = time.monotonic()
    await followers.hear()
    took_s = time.monotonic() - began
    await followers.kill(number)
    return took_s


async def _any_moment(followers: Followers, served: FaultyHub) -> None:
    """Wait for nothing: it may not even have begun."""


async def _while_a_file_is_used(followers: Followers, served: FaultyHub) -> None:  # noqa: ARG001 - as the others
    """Wait until a file was asked for: it is written into the list next."""
    served.forget()
    async with asyncio.timeout(60):
        while not any(path.startswith("targets/") for path in served.asked):  # noqa: ASYNC110 - the hub knows no tests
            await asyncio.sleep(0.001)


async def _after_a_list(followers: Followers, served: FaultyHub) -> None:  # noqa: ARG001 - as the others
    """Wait until a list was taken: the next one is on its way."""
    while (await followers.hear())["kind"] != "taken":
        pass


async def _whole(place: Path, publisher: Publisher, *, at_least: int) -> int:
    """Open the list as a new process does and return its serial, 0 for one that no hub was asked for yet."""
    store = CatalogueStore(place / "catalogue" / "catalog.db", SystemClock())
    await store.open()
    try:
        await store.verify()
        serial, names = await _seen(store)
        assert serial >= at_least
        if serial:
            assert names == publisher.lists[serial]
            await store.pin("acme/coder-0", by="the first who came")
            assert [(one.id, one.by) for one in await store.pins()] == [("acme/coder-0", "the first who came")]
        return serial
    finally:
        await store.close()


async def _seen(store: CatalogueStore) -> tuple[int, dict[str, str]]:
    """Return the serial and the names of one moment; 0 and nothing as long as the list is not the hub's."""
    while True:
        await store.poll()
        before = store.version
        names = {one.id: json.loads(one.body)["display_name"] for one in await store.bodies(limit=1000)}
        await store.poll()
        if store.version == before:
            return (before.serial, names) if before is not None and before.origin == "hub" else (0, {})


@contextlib.asynccontextmanager
async def _read_meanwhile(place: Path, publisher: Publisher) -> AsyncIterator[None]:
    """Read as another process does while the follower changes the list: each list that is seen is a published one."""
    done = asyncio.Event()

    async def read() -> None:
        store = CatalogueStore(place / "catalogue" / "catalog.db", SystemClock())
        await store.open()
        while not done.is_set():
            serial, names = await _seen(store)
            assert serial == 0 or names == publisher.lists[serial]
            await asyncio.sleep(0.005)
        await store.close()

    async with asyncio.TaskGroup() as group:
        group.create_task(read())
        yield
        done.set()


@contextlib.asynccontextmanager
async def _published_meanwhile(publisher: Publisher) -> AsyncIterator[None]:
    done = asyncio.Event()

    async def publish() -> None:
        while not done.is_set():
            await asyncio.to_thread(publisher.change)
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        group.create_task(publish())
        yield
        done.set()


@contextlib.asynccontextmanager
async def _followers(url: URL, publisher: Publisher, place: Path) -> AsyncIterator[Followers]:
    root = place / "root.json"
    root.write_bytes(publisher.hub.root)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.catalogue.sync.follower",
        str(url),
        str(root),
        str(place),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield Followers(process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
