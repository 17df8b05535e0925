"""A thousand reloads leave nothing behind: memory, tasks, files, log handlers and series stay as they were."""

import asyncio
import gc
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.declared.house import House, Living
from tests.fakes.upstream import Upstream

TEXT = """\
log: {{level: {level}, requests: false}}
timeouts: {{idle_s: {idle}}}
egress: {{allow_networks: [10.{network}.0.0/16]}}
models:
  qwen3:
    description: number {number}
    endpoints: [{{base_url: '{url}'}}]
  {other}: {{via: server}}
aliases: {{fast: {alias}}}
"""


FILES_OF_A_CONNECTION = 3
"""SQLite's file, its log and its index: the pool may open another connection or two, never ten."""

OBJECTS_OF_A_RELOAD = 50
"""A reload makes thousands; what is kept of each would be hundreds."""
PASSING_TASKS = 30
"""What may be under way at any moment; one for each reload would be 500."""


@pytest.mark.alone
async def test_a_thousand_reloads_leave_nothing_behind(house: Living, upstream: Upstream) -> None:
    """Each of them changes settings, each fifth objects; each tenth is refused."""
    async with house(text(0, upstream.url).partition("\n")[2]) as product:
        await reload_each(product, upstream.url, range(1, 501))
        before, memory, objects = await left(product), rss(), sys.getallocatedblocks()
        await reload_each(product, upstream.url, range(501, 1001))
        after, grown, more_objects = await left(product), rss() - memory, sys.getallocatedblocks() - objects
        files = after.pop("files") - before.pop("files")
        assert files <= 2 * FILES_OF_A_CONNECTION, f"{files} open files more after 500 reloads"
        for kind in ("tasks", "supervised"):  # checks and drains of the last reloads come and go by themselves
            more = after.pop(kind) - before.pop(kind)
            assert more <= PASSING_TASKS, f"{more} {kind} more after 500 reloads"
        assert after == before
        assert more_objects < 500 * OBJECTS_OF_A_RELOAD, f"{more_objects} objects more after 500 reloads"
        assert grown < 20_000_000, f"{grown} bytes more after 500 reloads"  # some more connections of the pool: 9 MB
        assert await product.metric('modelport_config_reloads_total{result="refused"}') == 100
        assert (await product.admin.chat("qwen3")).status == 200


def text(number: int, url: str) -> str:
    """Return the file's text at its n-th saving."""
    return TEXT.format(
        level=("error", "critical" if number % 10 == 0 and number else "warning")[number % 2 or number % 10 == 0],
        idle=30 + number % 7,
        network=number % 200,
        number=number // 5,
        url=url,
        other=f"other-{number // 5 % 3}",
        alias=("qwen3", f"other-{number // 5 % 3}")[number // 5 % 2],
    )


async def reload_each(product: House, url: str, numbers: range) -> None:
    """Save and read the file again and again."""
    for number in numbers:
        status = await product.write(text(number, url))
        assert status.successful is (number % 10 != 0), status.findings


async def left(product: House) -> dict[str, Any]:
    """Return what reloads might leave behind."""
    lines = (await product.admin.get("metrics")).text.splitlines()
    gc.collect()
    return {
        "tasks": len(asyncio.all_tasks()),
        "supervised": len(product.inside.ground.tasks),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - a folder of the kernel's memory
        "handlers": len(logging.getLogger().handlers),
        "followers": len(product.inside.ground.live._followers),
        "listeners": len(product.inside.ground.registry._listeners),
        "series": sorted({line.partition(" ")[0] for line in lines if line.startswith("modelport_config")}),
    }


def rss() -> int:
    """Return the bytes of memory that this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
