"""`modelport catalogue diff`: what the mode dynamic would lose, and what changed at the hub."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.cli.fake import Fake, page, running_fake
from tests.cli.program import Ended, Shell

STATUS = "GET /api/v1/catalogue/status"
COMPARISON = {"static": 3, "same": 1, "differing": 1, "missing": 1, "refused": 0, "only_hub": 7}
DIFFERENCES: tuple[dict[str, Any], ...] = (
    {"id": "acme/coder", "kind": "differing", "fields": ["license"], "reason": None},
    {"id": "own/one", "kind": "missing", "fields": [], "reason": None},
)


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Give a server in the mode hybrid."""
    async with running_fake() as running:
        running.answers["GET /api/v1/catalogue/differences"] = page(*DIFFERENCES)
        running.answers[STATUS] = web.json_response({"mode": "hybrid", "comparison": COMPARISON})
        yield running


async def diff(shell: Shell, fake: Fake, *words: str) -> Ended:
    """Run the command."""
    return await asyncio.to_thread(shell.having(MODELPORT_URL=fake.url).run, "catalogue", "diff", *words)


async def test_what_dynamic_would_lose_is_a_row_each(shell: Shell, fake: Fake) -> None:
    """With the members that differ; the sums are talk."""
    ended = await diff(shell, fake)
    assert ended.code == 0, ended.err
    assert [line.split()[:3] for line in ended.out.splitlines()[1:]] == [
        ["acme/coder", "differing", "license"],
        ["own/one", "missing", "-"],
    ]
    assert "1 the same, 1 differ, 1 not at the hub, 0 cannot be used, 7 at the hub alone" in ended.err
    listed = json.loads((await diff(shell, fake, "-o", "json")).out)
    assert [one["id"] for one in listed] == ["acme/coder", "own/one"]


async def test_where_there_is_one_list_it_says_so(shell: Shell, fake: Fake) -> None:
    """And what can be had instead."""
    fake.answers["GET /api/v1/catalogue/differences"] = page()
    fake.answers[STATUS] = web.json_response({"mode": "dynamic", "comparison": None})
    ended = await diff(shell, fake)
    assert (ended.code, "the mode is dynamic. --since SERIAL" in ended.err) == (0, True)


async def test_what_changed_since_a_serial_is_a_line_each(shell: Shell, fake: Fake) -> None:
    """As the server sends it."""
    lines = '{"op":"del","id":"acme/old"}\n{"op":"end","serial":9}\n'
    fake.answers["GET /api/v1/catalogue/changes"] = web.Response(text=lines, content_type="application/x-ndjson")
    ended = await diff(shell, fake, "--since", "7")
    assert (ended.code, ended.out) == (0, lines), ended.err
    assert fake.seen[-1].query["since"] == "7"
