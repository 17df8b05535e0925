"""`modelport usage`: sums with what is exact, estimated and unknown apart."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from tests.cli.fake import Fake, running_fake
from tests.cli.program import Ended, Shell

USAGE = "GET /api/v1/usage"


def _tokens(requests: int, given: int, cached: int, out: int) -> dict[str, int]:
    return {
        "requests": requests,
        "input_tokens": given,
        "cached_tokens": cached,
        "output_tokens": out,
        "reasoning_tokens": 0,
    }


def _sums(**dimensions: str | None) -> dict[str, Any]:
    own = {"day": None, "team": None, "key": None, "key_name": None, "model": None, **dimensions}
    kinds = {"exact": _tokens(3, 10, 4, 20), "estimated": _tokens(2, 7, 0, 9), "unknown": _tokens(1, 0, 0, 0)}
    return {**own, "requests": 6, **kinds}


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Give a server with two pages of usage."""
    async with running_fake() as running:
        head = {"first_day": "2026-11-01", "last_day": "2026-11-21", "total": _sums()}

        async def pages(request: web.BaseRequest) -> web.StreamResponse:
            rows = [_sums(key="key_2", model="b")] if "cursor" in request.query else [_sums(key="key_1", key_name="ci")]
            return web.json_response(
                {**head, "items": rows, "next_cursor": None if "cursor" in request.query else "more"}
            )

        running.answers[USAGE] = pages
        yield running


async def _run(shell: Shell, fake: Fake, *words: str) -> Ended:
    return await asyncio.to_thread(shell.having(MODELPORT_URL=fake.url).run, "usage", *words)


async def test_what_is_certain_estimated_and_unknown_stays_apart(shell: Shell, fake: Fake) -> None:
    """USE-1: three kinds of columns, a key by its name, and the total below."""
    ended = await _run(shell, fake, "--by", "key,model")
    assert ended.code == 0, ended.err
    head, first, second, total = ended.out.splitlines()
    assert head.startswith("KEY")
    for word in ("CALLS", "IN", "CACHED", "OUT", "ESTIMATED IN", "ESTIMATED OUT", "UNKNOWN CALLS"):
        assert word in head
    assert first.split() == ["ci", "-", "6", "10", "4", "20", "7", "9", "1"]
    assert second.split()[:2] == ["key_2", "b"]
    assert total.startswith("total")
    assert "2026-11-01 to 2026-11-21, UTC; 6 calls" in ended.err
    assert fake.seen[0].query.getall("group_by") == ["key", "model"]


async def test_as_json_it_is_what_the_server_said_with_all_pages(shell: Shell, fake: Fake) -> None:
    """The rows of every page, and the sum of all."""
    answer = json.loads((await _run(shell, fake, "-o", "json")).out)
    assert [row["key"] for row in answer["items"]] == ["key_1", "key_2"]
    assert answer["total"]["exact"]["output_tokens"] == 20
    assert (await _run(shell, fake, "-o", "yaml")).out.startswith("first_day:")


async def test_a_span_counts_back_from_the_last_day(shell: Shell, fake: Fake) -> None:
    """7d is seven days, today included."""
    await _run(shell, fake, "--since", "7d")
    await _run(shell, fake, "--since", "2w", "--until", "2026-03-20")
    today = datetime.now(UTC).date()
    assert fake.seen[0].query["from"] in {(today - timedelta(days=days)).isoformat() for days in (6, 7)}  # midnight
    assert (fake.seen[-1].query["from"], fake.seen[-1].query["to"]) == ("2026-03-07", "2026-03-20")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--by", "modle"), "did you mean model?"),
        (("--by", ","), "names nothing"),
        (("--since", "yesterday"), "'yesterday' is no day"),
        (("--until", "2026-02-31"), "is no day"),
    ],
)
def test_a_wrong_word_is_wrong_usage(shell: Shell, words: tuple[str, ...], said: str) -> None:
    """Exit 2, and nothing is asked."""
    ended = shell.run("usage", *words, "--server", "http://127.0.0.1:9")
    assert (ended.code, ended.out, said in ended.err) == (2, "", True)


def test_a_call_is_counted(admin: Shell) -> None:
    """Of a real server."""
    assert admin.run("call", "echo", "count me").code == 0
    answer = json.loads(admin.run("usage", "--by", "model", "-o", "json").out)
    assert answer["total"]["requests"] == sum(row["requests"] for row in answer["items"])
