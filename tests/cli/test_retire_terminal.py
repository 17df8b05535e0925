"""Deleting models on a pseudo-terminal and on a pipe: who is asked what (UX-10)."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import RawTestServer

from gateway.cli.client import Api
from tests.app.caller import Session, until
from tests.cli.program import Shell
from tests.cli.server import Server

TYPED = "anything else is no"


def _make(api: Api, name: str, *, alias: str | None = None) -> str:
    rows = list(api.items("/models", name=name))
    if rows:
        return str(rows[0]["uid"])
    made = api.post("/models", {"name": name, "endpoints": [{"base_url": "http://localhost:9/v1"}]}).body
    if alias is not None:
        api.post("/aliases", {"name": alias, "model": name})
    return str(made["uid"])


def _state(api: Api, uid: str) -> str:
    return str(api.get(f"/models/{uid}").body["state"])


@pytest.mark.parametrize("typed", ["\n", "y\n", "used\n", "USED-MODEL\n"])
def test_the_name_is_asked_for_where_somebody_would_notice(admin: Shell, api: Api, typed: str) -> None:
    """The plan before the question; whatever is not the exact name changes nothing (exit 8)."""
    uid = _make(api, "used-model", alias="used-alias")
    words = ("models", "delete", "used-model", "--references", "cascade")
    ended = admin.run_on_terminal(*words, typed=typed, when=TYPED)
    assert ended.code == 8
    plan, _, question = ended.out.partition("Delete model 'used-model'?")
    assert "This goes: model 'used-model' of team 'default'" in plan
    assert "1 alias is deleted." in plan
    assert "nothing was changed" in question
    assert _state(api, uid) == "active"


def test_the_typed_name_deletes(admin: Shell, api: Api) -> None:
    """And the way back is the last line."""
    uid = _make(api, "agreed-model", alias="agreed-alias")
    words = ("models", "delete", "agreed-model", "--references", "cascade")
    ended = admin.run_on_terminal(*words, typed="agreed-model\n", when=TYPED)
    assert ended.code == 0, ended.out
    assert ended.out.rstrip().endswith(f"Try: modelport models restore {uid}")
    assert _state(api, uid) == "deleted"


@pytest.mark.parametrize(("typed", "code"), [("\n", 8), ("n\n", 8), ("y\n", 0)])
def test_yes_is_enough_where_nobody_would(admin: Shell, api: Api, typed: str, code: int) -> None:
    """Nothing points at it and nobody called it; the default is no."""
    uid = _make(api, "unused-model")
    ended = admin.run_on_terminal("models", "delete", "unused-model", typed=typed, when="[y/N]")
    assert ended.code == code, ended.out
    assert _state(api, uid) == ("deleted" if code == 0 else "active")


def test_the_number_is_asked_for_when_several_go(admin: Shell, api: Api) -> None:
    """One wrong figure, and nothing goes."""
    uids = [_make(api, f"crowd-{number}", alias=f"crowd-alias-{number}") for number in range(3)]
    words = ("models", "delete", "crowd-0", "crowd-1", "crowd-2", "--references", "cascade")
    declined = admin.run_on_terminal(*words, typed="2\n", when="Type 3 to go on")
    assert declined.code == 8
    assert {_state(api, uid) for uid in uids} == {"active"}
    assert admin.run_on_terminal(*words, typed="3\n", when="Type 3 to go on").code == 0
    assert {_state(api, uid) for uid in uids} == {"deleted"}


def test_off_a_terminal_nothing_is_asked(admin: Shell, api: Api) -> None:
    """Exit 2 names --yes after the plan; --confirm NAME is as good as typing it, and only that name."""
    uid = _make(api, "scripted-model")
    for words in (("delete", "scripted-model"), ("delete", "scripted-model", "--no-input")):
        ended = admin.run("models", *words, typed="y\n")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.index("This goes: model 'scripted-model'") < ended.err.index("--yes")
    assert admin.run_on_terminal("models", "delete", "scripted-model", "--no-input").code == 2
    assert admin.run("models", "delete", "scripted-model", "--confirm", "another").code == 2
    assert _state(api, uid) == "active"
    assert admin.run("models", "delete", "scripted-model", "--confirm", "scripted-model").code == 0
    assert _state(api, uid) == "deleted"


def test_an_interrupted_question_deletes_nothing(admin: Shell, api: Api) -> None:
    """Ctrl-C is exit 130, without a trace."""
    uid = _make(api, "interrupted-model")
    ended = admin.run_on_terminal("models", "delete", "interrupted-model", typed="\x03", when="[y/N]")
    assert ended.code == 130
    assert "Traceback" not in ended.out
    assert _state(api, uid) == "active"


@pytest.fixture
async def held() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Give the base_url of a model server whose streams go on until the event is set."""
    release = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'data: {"choices": [{"index": 0, "delta": {"content": "go"}}]}\n\n')
        await release.wait()
        await response.write(b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n')
        await response.write(b"data: [DONE]\n\n")
        return response

    async with RawTestServer(answer, host="127.0.0.1") as upstream:
        yield f"http://127.0.0.1:{upstream.port}/v1", release
        release.set()


async def _stream(session: Session, server: Server, model: str) -> ClientResponse:
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    return await session.post(f"{server.url}v1/chat/completions", json=body)


async def test_a_drain_lets_the_stream_end_and_refuses_new_calls(
    admin: Shell, api: Api, server: Server, held: tuple[str, asyncio.Event]
) -> None:
    """The command waits for it, says so, and ends when it is over."""
    base_url, release = held
    body = {"name": "streaming", "endpoints": [{"base_url": base_url}]}
    uid = (await asyncio.to_thread(api.post, "/models", body)).body["uid"]
    async with Session() as session, asyncio.TaskGroup() as together:
        running = await _stream(session, server, "streaming")
        assert b"go" in await running.content.readline()
        words = ("models", "delete", "streaming", "--yes", "-o", "json", "--grace", "60s")
        deletion = together.create_task(asyncio.to_thread(admin.run, *words))

        async def is_refused() -> bool:
            async with await _stream(session, server, "streaming") as answer:
                return answer.status == 404 and (await answer.json())["error"]["code"] == "model_retired"

        await until(is_refused, within_s=30)
        assert await asyncio.to_thread(_state, api, uid) == "draining"
        again = await asyncio.to_thread(admin.run, "models", "delete", "streaming", "--yes")
        assert (again.code, "modelport operations watch op_" in again.err) == (6, True), again
        listed = await asyncio.to_thread(admin.run, "models", "list", "--state", "draining")
        assert "streaming" in listed.out
        release.set()
        assert (await running.read()).endswith(b"data: [DONE]\n\n")
    ended = deletion.result()
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["state"] == "deleted"
    assert "draining model 'streaming': " in ended.err


async def test_a_deletion_that_still_drains_is_called_off(
    admin: Shell, api: Api, server: Server, held: tuple[str, asyncio.Event]
) -> None:
    """Restore: the model is what it was, and its stream goes on."""
    base_url, release = held
    body = {"name": "wavering", "endpoints": [{"base_url": base_url}]}
    uid = (await asyncio.to_thread(api.post, "/models", body)).body["uid"]
    async with Session() as session:
        running = await _stream(session, server, "wavering")
        assert b"go" in await running.content.readline()
        words = ("models", "delete", "wavering", "--yes", "--no-wait", "--grace", "5m")
        begun = await asyncio.to_thread(admin.run, *words)
        assert (begun.code, "draining" in begun.out) == (0, True), begun
        back = await asyncio.to_thread(admin.run, "models", "restore", "wavering")
        assert back.code == 0, back.err
        assert "is back, active" in back.err
        assert await asyncio.to_thread(_state, api, uid) == "active"
        release.set()
        assert (await running.read()).endswith(b"data: [DONE]\n\n")
