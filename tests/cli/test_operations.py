"""`modelport operations`: against answers that are written down, and once against a server that drains."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.app.caller import calling
from tests.cli.fake import Fake, page, problem, running_fake
from tests.cli.program import Ended, Shell
from tests.cli.server import Server
from tests.fakes.upstream import Upstream
from tests.lifecycle.fleet import LIMIT_S, WHOLE, Process, held_stream, until

PATH = "/api/v1/operations"
AT = "2026-11-21T18:00:00.000Z"


def _row(state: str = "running", **more: Any) -> dict[str, Any]:
    row = {
        "id": "op_1",
        "kind": "drain",
        "state": state,
        "team": "default",
        "target": "mdl_1",
        "target_name": "qwen3",
        "actor": "key:key_ann",
        "done": 0,
        "total": 2,
        "failed": 0,
        "blockers": [],
        "cancel_requested": False,
        "worker": None,
        "result": None,
        "error": None,
        "etag": '"op_1.2"',
        "due_at": None,
        "created_at": AT,
        "updated_at": AT,
        "finished_at": None,
    }
    return row | more


BLOCKED = _row(blockers=[{"worker": "wrk_b", "host": "gpu1", "inflight": 2, "behind": True}])
FAILED = _row("failed", error={"status": 503, "code": "database_busy", "message": "the database is away"})


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Give a server that answers what the test says."""
    async with running_fake() as running:
        yield running


def _script(fake: Fake, *rows: dict[str, Any]) -> None:
    """Have the operation be what the rows say, one after the other; the last one stays."""
    left = list(rows)

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.json_response(left.pop(0) if len(left) > 1 else left[0])

    fake.answers[f"GET {PATH}/op_1"] = answer


def _shell(shell: Shell, fake: Fake) -> Shell:
    return shell.having(MODELPORT_URL=fake.url, MODELPORT_KEY="mp_live_mine")


async def _run(shell: Shell, fake: Fake, *arguments: str) -> Ended:
    return await asyncio.to_thread(_shell(shell, fake).run, "operations", *arguments)


async def test_a_list_shows_how_far_each_is(shell: Shell, fake: Fake) -> None:
    """And offers to watch what still runs."""
    fake.answers[f"GET {PATH}"] = page(_row(done=1, failed=1), _row("done", id="op_0", total=None, done=7))
    ended = await _run(shell, fake, "list", "--state", "running", "--kind", "drain")
    assert ended.code == 0
    assert fake.seen[-1].query["state"] == "running"
    assert fake.seen[-1].query["kind"] == "drain"
    first, second = ended.out.splitlines()[1:]
    assert first.split()[:6] == ["op_1", "drain", "qwen3", "default", "running", "1/2,"]
    assert second.split()[:6] == ["op_0", "drain", "qwen3", "default", "done", "7"]
    assert "modelport operations watch op_1" in ended.err


async def test_one_operation_says_what_it_waits_for(shell: Shell, fake: Fake) -> None:
    """Which process, where it runs, and why."""
    _script(fake, BLOCKED | {"cancel_requested": True})
    ended = await _run(shell, fake, "show", "op_1")
    assert "wrk_b on gpu1 (2 calls, has not seen the change)" in ended.out
    assert "cancelling" in ended.out


@pytest.mark.parametrize(
    ("last", "code", "says"),
    [
        (_row("done", done=2), 0, "done"),
        (_row("done", done=2, failed=1), 9, "1 of 2 were refused"),
        (_row("cancelled"), 6, "drain of 'qwen3' was cancelled"),
        (FAILED, 11, "drain of 'qwen3' failed: the database is away"),
    ],
    ids=["done", "partly", "cancelled", "failed"],
)
async def test_watching_ends_as_the_operation_does(
    shell: Shell, fake: Fake, last: dict[str, Any], code: int, says: str
) -> None:
    """On a terminal and on a pipe; JSON is the operation alone, whichever way it ended."""
    _script(fake, BLOCKED, BLOCKED, last)
    piped = await _run(shell, fake, "watch", "op_1", "-o", "json")
    assert piped.code == code, piped.err
    assert json.loads(piped.out) == last
    assert says in piped.err
    assert "drain of 'qwen3': 0 of 2, 2 calls in flight\n" in piped.err
    _script(fake, BLOCKED, BLOCKED, last)
    shown = await asyncio.to_thread(_shell(shell, fake).run_on_terminal, "operations", "watch", "op_1")
    assert shown.code == code, shown.out
    assert says in shown.out
    assert "Traceback" not in shown.out


async def test_a_wait_that_takes_too_long_leaves_the_operation_alone(shell: Shell, fake: Fake) -> None:
    """Exit 10, and the id is on stdout for whoever goes on."""
    _script(fake, BLOCKED)
    ended = await _run(shell, fake, "watch", "op_1", "--timeout", "1s")
    assert (ended.code, ended.out) == (10, "op_1\n")
    assert f"POST {PATH}/op_1/cancel" not in fake.paths()


async def test_ctrl_c_ends_the_watching_alone(shell: Shell, fake: Fake) -> None:
    """Exit 130, with the id."""
    _script(fake, BLOCKED)

    def run() -> Ended:
        return _shell(shell, fake).run_on_terminal("operations", "watch", "op_1", typed="\x03", when="2 calls")

    ended = await asyncio.to_thread(run)
    assert ended.code == 130, ended.out
    assert "op_1" in ended.out
    assert "Traceback" not in ended.out
    assert f"POST {PATH}/op_1/cancel" not in fake.paths()


async def test_several_are_watched_to_the_last(shell: Shell, fake: Fake) -> None:
    """Exit 9 when some did not end well."""
    _script(fake, _row("done", done=2))
    fake.answers[f"GET {PATH}/op_2"] = web.json_response(FAILED | {"id": "op_2"})
    ended = await _run(shell, fake, "watch", "op_1", "op_2", "-o", "ndjson")
    assert ended.code == 9
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == ["op_1", "op_2"]


async def test_cancelling_waits_for_its_end(shell: Shell, fake: Fake) -> None:
    """Or not; what was done before it could be cancelled is no success."""
    fake.answers[f"POST {PATH}/op_1/cancel"] = web.json_response(_row(cancel_requested=True), status=202)
    _script(fake, _row(cancel_requested=True), _row("cancelled", cancel_requested=True))
    waited = await _run(shell, fake, "cancel", "op_1", "-o", "json")
    assert (waited.code, json.loads(waited.out)["state"]) == (0, "cancelled")
    _script(fake, _row("done", done=2, cancel_requested=True))
    late = await _run(shell, fake, "cancel", "op_1", "-o", "json")
    assert (late.code, json.loads(late.out)["state"]) == (6, "done")
    assert "models restore" in late.err
    begun = await _run(shell, fake, "cancel", "op_1", "--no-wait")
    assert begun.code == 0
    assert "cancelling" in begun.out
    dry = await _run(shell, fake, "cancel", "op_1", "--dry-run")
    assert dry.code == 0
    assert fake.paths().count(f"POST {PATH}/op_1/cancel") == 3


async def test_an_operation_that_is_none(shell: Shell, fake: Fake) -> None:
    """Exit 3, with the server's words."""
    fake.answers[f"GET {PATH}/op_1"] = problem(404, "operation_not_found", "operation 'op_1' not found")
    for verb in ("show", "watch"):
        ended = await _run(shell, fake, verb, "op_1")
        assert (ended.code, ended.out) == (3, "")
        assert "operation 'op_1' not found" in ended.err


async def test_items_are_a_table_or_lines(shell: Shell, fake: Fake) -> None:
    """NDJSON passes as it comes."""
    rows = [{"position": n, "item": f"mdl_{n}", "outcome": "ok", "detail": {}} for n in range(3)]
    body = "".join(json.dumps(row) + "\n" for row in rows).encode()
    fake.answers[f"GET {PATH}/op_1/items"] = web.Response(body=body, content_type="application/x-ndjson")
    table = await _run(shell, fake, "items", "op_1")
    assert [line.split()[1] for line in table.out.splitlines()] == ["ITEM", "mdl_0", "mdl_1", "mdl_2"]
    lines = await _run(shell, fake, "items", "op_1", "-o", "ndjson")
    assert [json.loads(line) for line in lines.out.splitlines()] == rows


async def test_a_real_drain_is_watched_and_cancelled(admin: Shell, server: Server) -> None:
    """From the deletion to the model's return, with a stream that runs all the while."""
    async with Upstream() as upstream, calling() as opened:
        caller = opened.at(server.url).keyed(server.key)
        await caller.make("models", name="drained", endpoints=[{"base_url": upstream.url}])
        process = Process.at(caller)
        async with held_stream(upstream).on(process, "drained") as stream:
            begun = await process.delete("drained", drain="60s")
            assert begun.status == 202, begun.text
            operation = begun.headers["Location"].rpartition("/")[2]
            await process.until(operation, lambda now: bool(now["blockers"]))
            listed = await asyncio.to_thread(admin.run, "operations", "list", "--state", "running", "-o", "json")
            assert operation in [row["id"] for row in json.loads(listed.out)]
            late = await asyncio.to_thread(admin.run, "operations", "watch", operation, "--timeout", "1s")
            assert (late.code, late.out) == (10, f"{operation}\n")
            cancelled = await asyncio.to_thread(admin.run, "operations", "cancel", operation)
            assert cancelled.code == 0, cancelled.err

            async def answers() -> bool:
                return (await caller.chat("drained")).status == 200

            async with asyncio.timeout(LIMIT_S):
                await until(answers)
            stream.go_on()
            assert await stream.rest() == WHOLE
