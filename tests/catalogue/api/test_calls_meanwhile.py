"""Every row of the failure matrix (section 7 of the specification), and calls through the gateway while it lasts.

One installation goes through all of them, since the hub goes wrong by switches; each row first shows its state, so that
what is called beside it is known to have happened. What a row does to the list is tested in `tests/catalogue/sync/`.
"""

import asyncio
import contextlib
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from tests.app.caller import until
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.catalogue.api.world import READY_S
from tests.catalogue.api.world import status as told
from tests.catalogue.sync.machine import DAY_S, many, varied
from tests.catalogue.sync.raw import RawHub, lines_of, raw_hub
from tests.catalogue.sync.test_matrix_file import full_disk
from tests.catalogue.sync.test_readme import matrix_rows
from tests.clock import ManualClock
from tests.fakes.hub import FaultyHub, Reply, cut, cut_head, faulty_hub, flipped, portal
from tests.fakes.hub import status as answering
from tests.fakes.upstream import Upstream

HUB_LIST: Final = many(60)
ROOM: Final = 8 * 1024**2  # bytes of a file: more than the registry's has here, less than those of LARGE
LARGE: Final = 9000  # entries


@dataclass
class World:
    """The product, its hub, and what a row may break."""

    product: Installation
    raw: RawHub
    served: FaultyHub
    folder: Path
    """Where the catalogue's files lie."""
    aside: Path
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def held(self, reply: Reply) -> None:
        """Answer nothing until the row is over."""
        self.asked.set()
        await self.go_on.wait()
        await reply.whole()

    async def dropped(self, reply: Reply) -> None:
        """Answer nothing, and then not at all."""
        self.asked.set()
        await self.go_on.wait()
        reply.end(reset=True)

    def remember(self, **values: int) -> None:
        """Change what is remembered of the looks at the hub, as another process would; the next look takes it over."""
        note = "json_set(value, '$.looked_at_ms', ?" + ", ?, ?" * len(values) + ")"
        new = (round(time.time() * 1000) + 1, *(one for name, at in values.items() for one in (f"$.{name}", at)))
        with contextlib.closing(sqlite3.connect(self.folder / "catalog.db")) as conn, conn:
            conn.execute(f"UPDATE meta SET value = {note} WHERE key = 'note_sync'", new)  # noqa: S608 - marks

    def say(self, *entries: dict[str, object]) -> None:
        """Publish this list."""
        self.raw.say(*lines_of(entries))

    def set_clock(self, *, ahead_s: float = 0) -> None:
        """Let the hub's own clock be so far ahead of this machine's."""
        self.raw.clock.at_ms = round((time.time() + ahead_s) * 1000)

    async def look(self) -> None:
        """Have the hub asked, and return when that is over, whatever came of it."""
        begun = await self.product.admin.post("api/v1/catalogue:sync", None)
        assert begun.status == 202, begun.text

        async def over() -> bool:
            found = await self.product.admin.show(f"api/v1/operations/{begun.json['id']}")
            return bool(found["state"] in {"done", "failed"})

        await until(over, within_s=READY_S)

    async def shows(self, state: str) -> None:
        """Return when the status has this word."""

        async def so() -> bool:
            return bool((await told(self.product.admin))["state"] == state)

        await until(so, within_s=READY_S)

    async def calls(self) -> None:
        """Call a model both ways, and ask whether the gateway is ready."""
        product = self.product
        assert (await product.anonymous.get("-/ready")).status == 200
        assert (await product.admin.chat("mine")).status == 200
        asked = {"model": "mine", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
        streamed = await product.admin.post("v1/chat/completions", asked)
        assert (streamed.status, "data: [DONE]" in streamed.text) == (200, True)


Begin: TypeAlias = Callable[[World], Awaitable[None] | None]


class Row(NamedTuple):
    """A failure: how it begins, and the state that is shown after a look; `held`: while the hub does not answer."""

    failure: str
    state: str
    begin: Begin
    held: str | None = None


def _down(world: World) -> None:
    world.served.fail("*", answering(502))


def _slow(world: World) -> None:
    world.served.fail("metadata/timestamp.json", world.dropped)


def _portal(world: World) -> None:
    world.served.fail("*", portal())


def _tampered(world: World) -> None:
    world.say(*many(61))
    world.served.fail("targets/catalog/*.jsonl.gz", flipped())


def _expired(world: World) -> None:
    world.set_clock(ahead_s=-10 * DAY_S)
    world.raw.sign_timestamp()


async def _rolled_back(world: World) -> None:
    shutil.copytree(world.raw.folder, world.aside)
    world.say(*many(61))
    await world.look()
    world.served.folder = world.aside


def _no_cache(world: World) -> None:
    shutil.rmtree(world.folder / "tuf")
    world.say(*many(61))
    world.served.fail("targets/catalog/*.jsonl.gz", world.held)


def _torn(world: World) -> None:
    world.say(*many(61))
    world.served.fail("targets/*", answering(404))


def _cut(world: World) -> None:
    world.say(*many(61))
    world.served.fail("targets/catalog/*.jsonl.gz", cut(200))


def _lying_delta(world: World) -> None:
    world.say(varied(0, display_name="changed"), *HUB_LIST[1:])
    world.raw.add_delta(varied(1, display_name="a lie"))
    whole = f"*.{world.raw.serial}.jsonl.gz"  # what is asked for when the delta was found out
    world.served.fail(f"targets/catalog/{whole}", world.held)


def _invalid(world: World) -> None:
    world.say(*HUB_LIST, varied(99, limits={"context": "many"}))


def _too_new(world: World) -> None:
    world.raw.min_client = "99.1"
    world.say(*many(61))


def _removal(world: World) -> None:
    world.say(*many(30))


def _full(world: World) -> None:
    world.say(*many(LARGE))


def _damaged(world: World) -> None:
    path = (world.folder / "catalog.db").resolve()
    content = bytearray(path.read_bytes())
    content[100:8000] = b"\0" * 7900
    path.write_bytes(content)
    world.served.fail("metadata/timestamp.json", world.dropped)


def _clock_ahead(world: World) -> None:
    _expired(world)
    world.served.date_s = world.raw.clock.at_ms / 1000


def _rotated(world: World) -> None:
    world.raw.rotate("timestamp", 40)
    world.say(*many(61))


def _gone(world: World) -> None:
    world.remember(checked_at_ms=round((time.time() - 31 * DAY_S) * 1000))
    world.served.fail("*", cut_head)


async def _clock_behind(world: World) -> None:
    world.set_clock(ahead_s=30 * DAY_S)
    world.say(*many(61))
    await world.look()  # from now on it is known that this was signed


ROWS: Final = (
    Row("hub down, DNS, refused; 500, 502, 429", "stale", _down),
    Row("slow, or drip", "stale", _slow, held="fresh"),
    Row("captive portal: 200 with HTML", "untrusted", _portal),
    Row("bad signature, tampered", "untrusted", _tampered),
    Row("expired timestamp, clock sane", "expired", _expired),
    Row("rollback, lower serial", "untrusted", _rolled_back),
    Row("TUF cache directory lost", "fresh", _no_cache, held="syncing"),
    Row("torn publish (404 on a versioned file)", "stale", _torn),
    Row("truncated, oversize", "stale", _cut),
    Row("delta does not give `state_sha256`", "fresh", _lying_delta, held="syncing"),
    Row("one invalid entry", "fresh", _invalid),
    Row("schema too new", "outdated-client", _too_new),
    Row("mass removal", "held", _removal),
    Row("disk full", "disk-full", _full),
    Row("corrupt SQLite", "bundled", _damaged, held="rebuilding"),
    Row("clock ahead", "clock_skew", _clock_ahead),
    Row("keys rotated", "fresh", _rotated),
    Row("hub gone for ever", "stale", _gone),
    Row("clock behind", "clock_skew", _clock_behind),  # the last: no earlier time is believed after it
)
FIRST: Final = "first start, no network"


async def test_calls_are_served_under_every_failure(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    """A call, a stream and `/-/ready`, beside each look that fails and after it."""
    raw = raw_hub(tmp_path / "hub", ManualClock(round(time.time() * 1000)), HUB_LIST)
    (tmp_path / "root.json").write_bytes(raw.bootstrap)
    async with faulty_hub(raw.folder) as served:
        served.fail("*", cut_head)
        async with start(catalogue={"url": str(served.url), "root": tmp_path / "root.json"}) as product:
            await product.publish("mine", upstream.url)
            world = World(product, raw, served, tmp_path / "data" / "catalogue", tmp_path / "old")
            await world.look()
            await world.shows("bundled")
            await world.calls()
            for row in ROWS:
                try:
                    await _healed(world)
                    await _tried(world, row)
                except (AssertionError, TimeoutError) as error:
                    said: Any = await told(product.admin)
                    raise AssertionError(f"{row.failure}: {said}") from error


def test_it_is_every_failure_of_the_matrix() -> None:
    """As the specification names them."""
    assert sorted((FIRST, *(row.failure for row in ROWS))) == sorted(matrix_rows())


async def _tried(world: World, row: Row) -> None:
    begun = row.begin(world)
    if begun is not None:
        await begun
    if row.failure == "disk full":
        with full_disk(ROOM):
            await asyncio.gather(world.look(), world.calls())
    elif row.held:
        looking = asyncio.get_running_loop().create_task(world.look())
        try:
            async with asyncio.timeout(READY_S):
                await world.asked.wait()
            await world.shows(row.held)
            await world.calls()
        finally:
            world.go_on.set()
            await looking
    else:
        await asyncio.gather(world.look(), world.calls())
    await world.shows(row.state)
    await world.calls()


async def _healed(world: World) -> None:
    world.served.heal()
    world.served.folder, world.served.date_s = world.raw.folder, None
    world.raw.min_client = None
    world.asked.clear()
    world.go_on.clear()
    world.set_clock()
    world.say(*HUB_LIST)
    world.remember(not_before_ms=0)  # a torn publication is given a minute
    await world.look()
    await world.shows("fresh")
