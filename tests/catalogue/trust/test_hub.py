"""What a hub that goes right costs, and what its client leaves behind."""

import asyncio
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from yarl import URL

from gateway.catalogue.index import snapshot_path
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.hub import VOUCHES_S, hub_url, root_print
from gateway.errors import ConfigError
from tests.catalogue.trust.world import QUICK, World
from tests.fakes.hub import hang, stall, status


async def test_a_first_refresh_tells_what_is_current(world: World) -> None:
    """Section 4: the index comes with the metadata, no further request."""
    trusted = await world.refresh()
    assert trusted.index == world.repository.index()
    assert (trusted.root_version, trusted.timestamp_version) == (1, 1)
    assert trusted.signed_at_ms == world.clock.now_ms()
    assert trusted.expires_ms == world.clock.now_ms() + 2 * 86_400_000
    assert trusted.clock_behind_ms == 0
    assert world.hub.asked == [
        f"metadata/{name}.json" for name in ("2.root", "timestamp", "1.snapshot", "1.targets", "1.catalog")
    ]


async def test_nothing_new_is_two_requests_and_less_than_a_kilobyte(world: World) -> None:
    """Section 5, step 1: counted on the wire, heads included."""
    await world.refresh()
    world.hub.forget()
    trusted = await world.refresh()
    assert world.hub.asked == ["metadata/2.root.json", "metadata/timestamp.json"]
    assert (trusted.requests, trusted.index.serial) == (2, 1)
    assert trusted.received < 700
    assert world.hub.sent < 1024


async def test_a_change_is_five_requests(world: World) -> None:
    """Section 9: the index comes with the role that names the list."""
    await world.refresh()
    world.repository.publish()
    world.hub.forget()
    assert (await world.refresh()).index.serial == 2
    assert len(world.hub.asked) == 5
    assert world.hub.asked[1:] == [
        f"metadata/{name}.json" for name in ("timestamp", "2.snapshot", "2.targets", "2.catalog")
    ]


async def test_who_never_asked_or_not_lately_asks_before_a_fetch(world: World) -> None:
    """One process follows the hub; the others, which serve a mirror or a chunk list, fetch as well."""
    client, into, path = world.client(), world.place / "list.gz", snapshot_path(1)
    asked = []
    for seconds in (0, 60, VOUCHES_S):
        into.unlink(missing_ok=True)
        world.clock.advance(seconds)
        world.hub.forget()
        await client.fetch(path, into, max_length=1000)
        asked.append(len(world.hub.asked))
    assert asked == [6, 1, 3]
    world.clock.advance(VOUCHES_S + 1)
    world.hub.fail("metadata/*", status(503))
    with pytest.raises(HubError, match="503"):
        await client.fetch(path, into, max_length=1000)
    world.hub.heal()
    await client.fetch(path, into, max_length=1000)


async def test_what_is_there_already_is_not_fetched_again(world: World) -> None:
    """It is read and hashed: a file of the same length that is another one is fetched."""
    client, into, path = world.client(), world.place / "list.gz", snapshot_path(1)
    await client.fetch(path, into, max_length=1000)
    good = into.read_bytes()
    world.hub.forget()
    await client.fetch(path, into, max_length=1000)
    assert world.hub.asked == []
    into.write_bytes(b"x" * len(good))
    await client.fetch(path, into, max_length=1000)
    assert into.read_bytes() == good


async def test_has_tells_what_was_signed(world: World) -> None:
    """Without a request for the file itself."""
    client = world.client()
    assert await client.has(snapshot_path(1))
    world.hub.forget()
    assert not await client.has("catalog/9.jsonl.gz")
    assert world.hub.asked == []


async def test_cancelling_ends_at_once_and_leaves_no_thread(world: World) -> None:
    """A shut-down in the middle of a sync is quick: far below the deadline of 10 s."""
    await world.refresh()  # tuf is imported now
    for fault in (hang, stall(10)):
        world.hub.forget()
        world.hub.fail("metadata/timestamp.json", fault)
        task = asyncio.get_running_loop().create_task(world.client().refresh())
        await _until(lambda: "metadata/timestamp.json" in world.hub.asked)
        assert _threads() == 1
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 1
        assert _threads() == 0


async def test_close_ends_what_is_under_way(world: World) -> None:
    """Whoever waited is told; nothing is asked afterwards."""
    world.hub.fail("metadata/timestamp.json", hang)
    client = world.client()
    task = asyncio.get_running_loop().create_task(client.refresh())
    await _until(lambda: "metadata/timestamp.json" in world.hub.asked)
    began = time.monotonic()
    await client.close()
    assert time.monotonic() - began < 1
    assert _threads() == 0
    with pytest.raises(HubError, match="called off"):
        await task
    with pytest.raises(HubError, match="stopping"):
        await client.refresh()
    await client.close()


async def test_no_thread_stays_between_two_looks(world: World) -> None:
    """A quarter of an hour is long: nothing waits for it."""
    client = world.client()
    await client.refresh()
    assert _threads() == 0
    await client.refresh()
    assert _threads() == 0


async def test_two_at_once_take_turns(world: World) -> None:
    """One act at a time: the second finds what the first brought."""
    client = world.client()
    first, second = await asyncio.gather(client.refresh(), client.refresh())
    assert (first.requests, second.requests) == (5, 2)


async def test_one_process_at_a_time_uses_the_directory(world: World) -> None:
    """CAT-33: another process is waited for, and not for long."""
    await world.refresh()
    with _another_process(world.cache / "lock"):
        error = await world.refused("busy", QUICK)
        assert error.state == "stale"
        waiting = asyncio.get_running_loop().create_task(world.client().refresh())
        await asyncio.sleep(0.1)
        assert not waiting.done()
    assert (await waiting).index.serial == 1


async def test_a_long_file_keeps_nobody_out(world: World) -> None:
    """The lock is for the directory: a list may take minutes, and others ask meanwhile."""
    world.hub.fail("targets/*", stall(10))
    client = world.client()
    await client.refresh()
    world.hub.forget()
    long = asyncio.get_running_loop().create_task(
        client.fetch(snapshot_path(1), world.place / "list.gz", max_length=1000)
    )
    await _until(lambda: len(world.hub.asked) == 1)
    assert (await world.refresh()).requests == 2
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long


async def test_the_loop_goes_on_while_metadata_are_verified(world: World) -> None:
    """169 KB of metadata are parsed and verified in the thread: section 9 has 9.5 ms of CPU for it, section 8 a lag."""
    world.repository.files |= {f"catalog/delta/{n}-{n + 1}.jsonl.gz": b"%d" % n for n in range(1270)}
    world.repository.publish()
    assert len(world.repository.meta["catalog"]) > 160_000
    await world.refresh()
    world.repository.publish()
    lags: list[float] = []
    task = asyncio.get_running_loop().create_task(world.client().refresh())
    while not task.done():
        before = time.monotonic()
        await asyncio.sleep(0.001)
        lags.append(time.monotonic() - before)
    assert (await task).index.serial == world.repository.serial
    assert max(lags) < 0.5, "a ceiling; `make bench` says what it is"


@pytest.mark.parametrize(
    "url",
    ["ftp://hub.example.com/", "https:///x", "https://u:p@hub.example.com/", "https://hub.example.com/?a=1", "/hub"],
)
def test_a_hub_is_the_address_of_a_folder(url: str) -> None:
    """No credentials: they would stand in the database, and in logs."""
    with pytest.raises(ConfigError, match=r"catalogue\.url"):
        hub_url(URL(url))


@pytest.mark.parametrize(
    "root", [b"", b"<html>", b"[]", b'{"signed": {}}', b'{"signed": {"_type": "root", "roles": 7}}']
)
def test_a_root_that_is_none_is_told_at_once(root: bytes) -> None:
    """Not only when the hub is asked for the first time."""
    with pytest.raises(ConfigError, match=r"catalogue\.root"):
        root_print(root)


def _threads() -> int:
    return sum(thread.name.startswith("modelport-hub") for thread in threading.enumerate())


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - what is waited for happens in the hub, which knows nothing of tests
            await asyncio.sleep(0.005)


@contextlib.contextmanager
def _another_process(lock: Path) -> Iterator[None]:
    """Hold the lock in another process."""
    script = "import fcntl,sys; f=open(sys.argv[1]); fcntl.flock(f, 2); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.communicate()
