"""Trial calls are booked as `preflight`, to no team and no key (preflight.md section 10)."""

import asyncio

import pytest
from msgspec import structs

from gateway.preflight.books import Books
from gateway.usage.model import UsageRecord
from gateway.vault.secret import Secret
from tests.app.caller import Caller, until
from tests.app.conftest import admin, caller, process_settings, product, start
from tests.app.installation import Installation
from tests.preflight.conftest import Bench, Check
from tests.preflight.server import Asked, answering, chat, error, listing, said, serving

__all__ = ["admin", "caller", "process_settings", "product", "start"]

USAGE = {
    "prompt_tokens": 8,
    "completion_tokens": 3,
    "total_tokens": 11,
    "prompt_tokens_details": {"cached_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 1},
}


@pytest.fixture
def rows(bench: Bench) -> list[UsageRecord]:
    """Give the rows that checks of this test make."""
    made: list[UsageRecord] = []
    books = Books(made.append, bench.registry, bench.clock)
    bench.preflight._tools = structs.replace(bench.preflight._tools, books=books)
    return made


async def test_a_trial_is_a_row_with_the_upstreams_own_numbers(check: Check, rows: list[UsageRecord]) -> None:
    """Exact where the upstream says so."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat(usage=USAGE))) as server:
        await check(server.url)
    (row,) = rows
    assert (row.team, row.key_id, row.outcome, row.status) == ("", "preflight", "preflight", 200)
    assert (row.model, row.operation, row.source) == ("qwen3", "chat.completions", "exact")
    assert (row.input_tokens, row.output_tokens, row.cached_tokens, row.reasoning_tokens) == (8, 3, 2, 1)


async def test_every_call_that_was_sent_is_a_row(check: Check, rows: list[UsageRecord]) -> None:
    """The second one that a refusal asks for, and the streamed one; nothing where nothing was sent."""
    answers = iter([error(400, "max_tokens must be >= 32"), chat(), said(200, b"data: {}\n\n", "text/event-stream")])

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        body = listing("qwen3") if asked.method == "GET" else next(answers)
        writer.write(body)

    async with serving(reply) as server:
        await check(server.url, stream=True, key=Secret("sk-0123456789abcdef"))
    assert [(row.status, row.source, row.input_tokens) for row in rows] == [
        (400, "estimated", 0),
        (200, "unknown", None),
        (200, "unknown", None),
    ]
    await check("http://127.0.0.1:9/v1")
    assert len(rows) == 3


async def test_no_teams_usage_grows(admin: Caller, product: Installation) -> None:
    """Registered, called once by the check and once by the team: each in its own books."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat(usage=USAGE))) as server:
        made = await admin.post("api/v1/models", {"name": "qwen3", "endpoints": [{"base_url": server.url}]})
        assert made.status == 201, made.text
        again = await admin.post("api/v1/preflight", {"model": "qwen3", "stream": True})
        assert again.status == 200
        assert (await admin.chat("qwen3")).status == 200

        async def is_written() -> bool:
            return bool((await admin.show("api/v1/usage?group_by=team"))["total"]["requests"] == 4)

        await until(is_written, within_s=30)
    shown = await admin.show("api/v1/usage?group_by=team&group_by=key&group_by=model")
    groups = {(one["team"], one["key"] == "preflight", one["model"]): one["requests"] for one in shown["items"]}
    assert groups == {("", True, "qwen3"): 3, ("default", False, "qwen3"): 1}
    team = await product.as_role("publisher", team="default")
    assert (await team.show("api/v1/usage"))["total"]["requests"] == 1
