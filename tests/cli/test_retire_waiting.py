"""Waiting for a drain: progress, time-outs, Ctrl-C, a server that is away; against answers that are written down.

With a real server and real calls: test_retire_drain.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.cli.fake import Fake, page, problem, running_fake
from tests.cli.program import Ended, Shell

MODEL = "/api/v1/models/mdl_1"
OPERATION = "/api/v1/operations/op_1"
ROW = {"uid": "mdl_1", "name": "slow", "team": "default", "state": "active", "etag": '"mdl_1.3"'}
TOMBSTONE = {**ROW, "state": "draining", "delete_time": "2026-11-21T18:00:00Z", "purge_time": "2026-12-21T18:00:00Z"}
AFTER = {**TOMBSTONE, "state": "deleted", "rev": 5, "etag": '"mdl_1.5"'}
LINES = ["3 calls in the last 24 hours.", "2 calls are under way and may end first."]


def _operation(state: str, *, inflight: int = 0, **more: Any) -> dict[str, Any]:
    blockers = [{"worker": "w1", "inflight": inflight}] if inflight else []
    base = {"id": "op_1", "state": state, "done": 0, "total": 1, "failed": 0, "error": None, "due_at": None}
    return {**base, "blockers": blockers, **more}


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Give a server with one model, whose deletion waits for two calls."""
    async with running_fake() as running:
        begun = {**TOMBSTONE, "effects": [], "operation": "op_1"}

        async def delete(request: web.BaseRequest) -> web.StreamResponse:
            if request.query.get("dry_run"):
                told = {"phrase": "slow", "needed": True, "lines": LINES}
                return web.json_response(
                    {**begun, "operation": None, "dry_run": True, "confirmation": told}, status=202
                )
            return web.json_response(begun, status=202, headers={"Location": OPERATION})

        running.answers["GET /api/v1/models"] = page(ROW)
        running.answers[f"GET {MODEL}"] = web.json_response(AFTER)
        running.answers[f"DELETE {MODEL}"] = delete
        running.answers[f"GET {OPERATION}"] = web.json_response(_operation("running", inflight=2))
        yield running


def _script(fake: Fake, *rows: dict[str, Any]) -> None:
    """Have the operation be what the rows say, one after the other; the last one stays."""
    left = list(rows)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert request.query["wait"].endswith("s")
        return web.json_response(left.pop(0) if len(left) > 1 else left[0])

    fake.answers[f"GET {OPERATION}"] = answer


def _shell(shell: Shell, fake: Fake) -> Shell:
    return shell.having(MODELPORT_URL=fake.url, MODELPORT_KEY="mp_live_mine")


async def _run(shell: Shell, fake: Fake, *arguments: str) -> Ended:
    return await asyncio.to_thread(_shell(shell, fake).run, "models", *arguments)


async def test_a_drain_is_waited_for_and_told_line_by_line(shell: Shell, fake: Fake) -> None:
    """On a pipe each change is one line on stderr; stdout is the tombstone as it is in the end."""
    due = _operation("running", inflight=2, due_at="2026-11-21T18:00:30Z")
    _script(fake, due, due, _operation("running", inflight=1), _operation("done"))
    ended = await _run(shell, fake, "delete", "slow", "--yes", "-o", "json")
    assert ended.code == 0, ended.err
    tombstone = json.loads(ended.out)
    assert (tombstone["state"], tombstone["rev"], tombstone["operation"]) == ("deleted", 5, "op_1")
    assert ended.err.count("2 calls in flight, ended at 18:00:30 UTC at the latest\n") == 1
    assert "draining model 'slow': 1 call in flight\n" in ended.err
    assert "it can be restored until 2026-12-21" in ended.err


async def test_a_terminal_sees_progress_in_one_place(shell: Shell, fake: Fake) -> None:
    """And the plan before the question, in the server's words."""
    _script(fake, _operation("running", inflight=2), _operation("done"))
    arguments = ("models", "delete", "slow")
    typed = {"typed": "slow\n", "when": "anything else is no"}
    ended = await asyncio.to_thread(lambda: _shell(shell, fake).run_on_terminal(*arguments, **typed))
    assert ended.code == 0, ended.out
    plan, _, after = ended.out.partition("Delete model 'slow'? Type slow")
    for line in LINES:
        assert line in plan
    assert "2 calls in flight" in after


async def test_no_wait_says_where_to_look(shell: Shell, fake: Fake) -> None:
    """The operation is on stdout, the command for it on stderr; nothing is asked of it."""
    ended = await _run(shell, fake, "delete", "slow", "--yes", "--no-wait")
    assert ended.code == 0, ended.err
    assert "op_1" in ended.out
    assert "Try: modelport operations watch op_1" in ended.err
    assert not any("operations" in path for path in fake.paths())


async def test_a_wait_that_takes_too_long_leaves_the_id_on_stdout(shell: Shell, fake: Fake) -> None:
    """Exit 10; the operation goes on (lifecycle.md section 11)."""
    ended = await _run(shell, fake, "delete", "slow", "--yes", "--timeout", "500ms")
    assert (ended.code, ended.out) == (10, "op_1\n")
    assert "modelport operations watch op_1" in ended.err
    shown = json.loads((await _run(shell, fake, "delete", "slow", "--yes", "--timeout", "0", "-o", "json")).out)
    assert (shown["exit_code"], shown["problem"]["operations"]) == (10, ["op_1"])


async def test_an_interrupted_wait_leaves_the_operation_to_itself(shell: Shell, fake: Fake) -> None:
    """Ctrl-C: the id is printed, exit 130, no trace; nothing is cancelled."""
    shown = asyncio.to_thread(
        lambda: _shell(shell, fake).run_on_terminal(
            "models", "delete", "slow", "--yes", typed="\x03", when="2 calls in flight"
        )
    )
    ended = await shown
    assert ended.code == 130, ended.out
    assert "op_1" in ended.out
    assert "goes on without you" in ended.out
    assert "Traceback" not in ended.out
    assert not any("cancel" in path for path in fake.paths())


async def test_a_server_that_is_away_for_a_moment_is_waited_for(shell: Shell, fake: Fake) -> None:
    """It resumes the drain when it is back; so does who waits."""
    asked = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        if asked == 2:
            assert request.transport
            request.transport.close()
        return web.json_response(_operation("running", inflight=1) if asked < 3 else _operation("done"))

    fake.answers[f"GET {OPERATION}"] = answer
    ended = await _run(shell, fake, "delete", "slow", "--yes")
    assert ended.code == 0, ended.err
    assert "it goes on when the server is back" in ended.err


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        (_operation("cancelled"), 6, "was cancelled meanwhile"),
        (_operation("failed", error={"status": 500, "code": "x", "message": "it broke"}), 11, "it broke"),
        (_operation("failed", error={"status": 409, "code": "model_referenced", "message": "used"}), 5, "used"),
    ],
    ids=["cancelled", "failed", "refused"],
)
async def test_an_operation_that_ends_otherwise_is_a_failure(
    shell: Shell, fake: Fake, row: dict[str, Any], code: int, words: str
) -> None:
    """Cancelled by somebody is "changed meanwhile"."""
    _script(fake, row)
    ended = await _run(shell, fake, "delete", "slow", "--yes")
    assert (ended.code, ended.out) == (code, "")
    assert words in ended.err


async def test_a_deletion_whose_answer_was_lost_is_not_done_twice(shell: Shell, fake: Fake) -> None:
    """The same Idempotency-Key goes out again; the revision that was read guards it, and the reason goes along."""
    delete = fake.answers[f"DELETE {MODEL}"]
    deletions: list[web.BaseRequest] = []

    async def forgetful(request: web.BaseRequest) -> web.StreamResponse:
        deletions.append(request)
        if len(deletions) == 1:
            assert request.transport
            request.transport.close()
        assert callable(delete)
        return await delete(request)

    fake.answers[f"DELETE {MODEL}"] = forgetful
    ended = await _run(shell, fake, "delete", "slow", "--yes", "--no-wait", "--reason", "too slow", "--grace", "5m")
    assert ended.code == 0, ended.err
    assert len({one.headers["Idempotency-Key"] for one in deletions}) == 1
    assert {one.headers["If-Match"] for one in deletions} == {ROW["etag"]}
    assert (deletions[1].headers["X-Reason"], deletions[1].query["drain"]) == ("too slow", "300s")


@pytest.mark.parametrize(
    ("given", "sent"), [("2", '"mdl_1.2"'), ("mdl_1.2", '"mdl_1.2"'), ('"mdl_1.2"', '"mdl_1.2"'), ("*", "*")]
)
async def test_if_match_takes_a_revision_or_an_etag(shell: Shell, fake: Fake, given: str, sent: str) -> None:
    """As it stands in the list or in a script; another revision is exit 6."""
    fake.answers[f"DELETE {MODEL}"] = problem(412, "etag_mismatch", "it was changed meanwhile")
    ended = await _run(shell, fake, "delete", "slow", "--yes", "--if-match", given)
    assert ended.code == 6
    assert fake.seen[-1].headers["If-Match"] == sent
