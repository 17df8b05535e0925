import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from gateway.snippets import GREETING
from tests.cli.fake import Fake, running_fake
from tests.cli.program import Ended, Shell

KEY = "mp_live_mine"
CHAT = "POST /access/models/default/chat/completions"


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Give a server that publishes one model, `m`, on itself."""
    async with running_fake() as running:
        _publish(running, "/access/models/default/")
        yield running


def _publish(fake: Fake, base_url: str, *, gateways: tuple[str, ...] = (), task: str = "chat") -> None:
    published = {"model": "m", "uid": "mdl_1", "team": "default", "via": "server", "base_url": base_url, "revision": 1}
    fake.answers["GET /api/v1/resolve"] = web.json_response({**published, "url": base_url, "gateways": gateways})
    fake.answers["GET /api/v1/models/mdl_1"] = web.json_response({"uid": "mdl_1", "task": task})


def _chunk(text: str | None = None, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


def _stream(*events: dict[str, Any] | str) -> Any:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            data = event if isinstance(event, str) else json.dumps(event)
            await response.write(f"data: {data}\n\n".encode())
        await response.write_eof()
        return response

    return answer


async def _call(shell: Shell, fake: Fake, *arguments: str, typed: str = "") -> Ended:
    shell = shell.having(MODELPORT_URL=fake.url, MODELPORT_KEY=KEY)
    return await asyncio.to_thread(lambda: shell.run("call", "m", *arguments, typed=typed))


async def test_an_answer_is_written_as_it_comes(shell: Shell, fake: Fake) -> None:
    """The text and nothing else is on stdout; the key goes along."""
    fake.answers[CHAT] = _stream(_chunk("Hello"), _chunk(" you\n"), _chunk("\x1b[0m!"), _chunk(finish="stop"), "[DONE]")
    ended = await _call(shell, fake, "hi")
    assert (ended.code, ended.out, ended.err) == (0, "Hello you\n\x1b[0m!\n", "")
    sent = json.loads(await fake.seen[-1].read())
    assert sent == {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    assert fake.seen[-1].headers["Authorization"] == f"Bearer {KEY}"


async def test_a_model_does_not_steer_the_terminal(shell: Shell, fake: Fake) -> None:
    """On a terminal escapes in an answer are written out."""
    fake.answers[CHAT] = _stream(_chunk("\x1b[2J"), "[DONE]")
    shell = shell.having(MODELPORT_URL=fake.url)
    ended = await asyncio.to_thread(shell.run_on_terminal, "call", "m", "hi")
    assert ended.out == "\\x1b[2J\n"


@pytest.mark.parametrize(
    ("events", "exit_code", "said"),
    [
        ((_chunk("half"),), 11, "broke off"),
        ((_chunk("half"), {"error": {"message": "the upstream hung up"}}), 11, "the upstream hung up"),
        ((_chunk("half"), "no JSON"), 11, "broke off"),
        ((_chunk("half"), _chunk(finish="stop")), 0, ""),
        ((_chunk("half"), {"choices": [], "usage": {}}, "[DONE]"), 0, ""),
    ],
    ids=["cut", "error event", "garbage", "finished without [DONE]", "usage at the end"],
)
async def test_an_answer_is_whole_or_a_failure(
    shell: Shell, fake: Fake, events: tuple[Any, ...], exit_code: int, said: str
) -> None:
    """A broken stream never looks complete; what came stays on stdout."""
    fake.answers[CHAT] = _stream(*events)
    ended = await _call(shell, fake, "hi")
    assert (ended.code, ended.out) == (exit_code, "half\n")
    assert said in ended.err


async def test_a_refused_call_shows_the_data_plane_s_sentence(shell: Shell, fake: Fake) -> None:
    """The OpenAI shape has the same exit codes."""
    error = {"message": "nobody can answer now", "type": "service_unavailable", "code": "no_upstream_available"}
    fake.answers[CHAT] = web.json_response({"error": error}, status=503)
    ended = await _call(shell, fake, "hi")
    assert (ended.code, ended.out) == (11, "")
    assert ended.err == f"Error: nobody can answer now\nServer: {fake.url} (from MODELPORT_URL)\n"


async def test_print_curl_sends_nothing(shell: Shell, fake: Fake) -> None:
    """UX-7: the address is looked up, the model is not called, and the key stays in its variable."""
    ended = await _call(shell, fake, "it's $HOME", "--print-curl")
    words = shlex.split(ended.out.replace("\\\n", " "))
    assert ended.code == 0
    assert f"{fake.url}access/models/default/chat/completions" in words
    assert json.loads(words[-1])["messages"][0]["content"] == "it's $HOME"
    assert KEY not in ended.out
    assert {request.method for request in fake.seen} == {"GET"}


@pytest.mark.parametrize("arguments", [(), ("-",)])
async def test_the_text_may_come_on_stdin(shell: Shell, fake: Fake, arguments: tuple[str, ...]) -> None:
    """So that a file can be piped in."""
    fake.answers[CHAT] = _stream("[DONE]")
    assert (await _call(shell, fake, *arguments, typed="from a file\n")).code == 0
    assert json.loads(await fake.seen[-1].read())["messages"][0]["content"] == "from a file\n"


async def test_no_text_is_wrong_usage(shell: Shell, fake: Fake) -> None:
    """Nothing is sent to the model."""
    ended = await _call(shell, fake)
    assert (ended.code, ended.out) == (2, "")
    assert CHAT not in fake.paths()


@pytest.mark.parametrize("listed", [True, False])
async def test_the_key_goes_to_listed_gateways_only(shell: Shell, fake: Fake, *, listed: bool) -> None:
    """RES-2: a full URL on an origin that the server does not list gets no key."""
    async with running_fake() as gateway:
        _publish(fake, gateway.url, gateways=(gateway.url,) if listed else ())
        gateway.answers["POST /chat/completions"] = _stream("[DONE]")
        assert (await _call(shell, fake, "hi")).code == 0
        assert ("Authorization" in gateway.seen[0].headers) is listed


async def test_an_embedding_is_printed_as_json(shell: Shell, fake: Fake) -> None:
    """The model's task chooses the operation."""
    _publish(fake, "/access/models/default/", task="embeddings")
    answer = web.json_response({"data": [{"embedding": [0.5, 1.0]}]})
    fake.answers["POST /access/models/default/embeddings"] = answer
    ended = await _call(shell, fake, "hi")
    assert (ended.code, json.loads(ended.out)) == (0, [0.5, 1.0])


async def test_a_task_that_is_no_talk_names_the_other_way(shell: Shell, fake: Fake) -> None:
    """A picture has no place on a terminal."""
    _publish(fake, "/access/models/default/", task="images")
    ended = await _call(shell, fake, "hi")
    assert ended.code == 2
    assert "modelport use m" in ended.err


def test_the_whole_answer_as_json(admin: Shell) -> None:
    """-o json is the answer as the server gave it, not streamed."""
    ended = admin.run("call", "echo", GREETING, "-o", "json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["choices"][0]["message"]["content"] == GREETING


def test_a_call_on_this_machine_needs_no_key(admin: Shell) -> None:
    """Localhost needs no set-up."""
    ended = admin.having(MODELPORT_KEY="").run("call", "echo", "good morning")
    assert (ended.code, ended.out, ended.err) == (0, "good morning\n", "")
