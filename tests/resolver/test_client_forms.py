"""The same client in its other forms: raw and streamed responses, beta, helpers, several loops and threads."""

import asyncio
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from resolver import AsyncModelportOpenAI, aconnect, connect
from resolver.client import ServerAddressError
from tests.fakes.modelport_api import ANSWER, ModelportAPI
from tests.resolver.conftest import KEY, MESSAGES, Caller

CHAT = "/access/models/team1/chat/completions"
Form = Callable[[Any], Any]

FORMS: dict[str, Form] = {
    "options, then raw": lambda client: client.with_options(timeout=7).chat.completions.with_raw_response,
    "raw client": lambda client: client.with_raw_response.chat.completions,
    "raw client of a copy": lambda client: client.copy(max_retries=1).with_raw_response.chat.completions,
    "beta, raw": lambda client: client.beta.chat.completions.with_raw_response,
    "options, then beta": lambda client: client.with_options(timeout=7).beta.chat.completions.with_raw_response,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_client_follows_the_model(form: str, caller: Caller, api: ModelportAPI) -> None:
    """WRP-2: a form is a copy or a view; both share the routes, and the raw answer is the call's."""
    client = caller.connect("qwen3", server=api.url)
    caller.chat(client)
    raw = caller.do(FORMS[form](client).create(model="qwen3", messages=MESSAGES))
    assert raw.headers["x-request-id"] == "req_1"
    assert raw.parse().choices[0].message.content == ANSWER
    assert [call.target for call in api.calls] == [CHAT, CHAT]
    assert len(api.lookups) == 1


@pytest.mark.parametrize("beta", [False, True])
def test_a_streamed_response_is_the_calls_own(caller: Caller, api: ModelportAPI, *, beta: bool) -> None:
    """`with_streaming_response` leaves the body unread until it is asked for; a cold client looks up first."""
    client = caller.connect("qwen3", server=api.url)
    chat = (client.with_options(timeout=7).beta if beta else client).chat.completions.with_streaming_response
    opened = chat.create(model="qwen3", messages=MESSAGES)

    async def read() -> tuple[str, bytes]:
        async with opened as response:
            return response.headers["x-request-id"], await response.read()

    def read_sync() -> tuple[str, bytes]:
        with opened as response:
            return response.headers["x-request-id"], response.read()

    request_id, body = read_sync() if caller.kind == "sync" else caller.do(read())
    assert request_id == "req_1"
    assert ANSWER.encode() in body
    assert ([call.target for call in api.calls], len(api.lookups)) == ([CHAT], 1)


def test_the_streaming_helper_follows_the_model(caller: Caller, api: ModelportAPI) -> None:
    """`chat.completions.stream` collects the pieces."""
    helper = caller.connect(server=api.url).chat.completions.stream(model="qwen3", messages=MESSAGES)

    async def read() -> Any:
        async with helper as stream:
            return [event async for event in stream if event.type == "content.delta"]

    def read_sync() -> Any:
        with helper as stream:
            return [event for event in stream if event.type == "content.delta"]

    events = read_sync() if caller.kind == "sync" else caller.do(read())
    assert "".join(event.delta for event in events) == ANSWER.replace(" ", "")
    assert [call.target for call in api.calls] == [CHAT]


class Person(BaseModel):
    """What a model is asked to fill in."""

    name: str


def test_the_parsing_helper_follows_the_model(caller: Caller, api: ModelportAPI) -> None:
    """Structured output: `response_format` is a class, and the model is read beside it."""
    message = b'{"role": "assistant", "content": "{\\"name\\": \\"Ada\\"}", "refusal": null}'
    choice = b'{"index": 0, "finish_reason": "stop", "logprobs": null, "message": ' + message + b"}"
    head = b'{"id": "c1", "object": "chat.completion", "created": 1, "model": "qwen3", "choices": ['
    api.call_answers = [(200, {}, head + choice + b"]}")]
    parse = caller.connect(server=api.url).chat.completions.parse
    answer = caller.do(parse(model="qwen3", messages=MESSAGES, response_format=Person))
    assert answer.choices[0].message.parsed == Person(name="Ada")
    assert [call.target for call in api.calls] == [CHAT]


def test_an_object_that_names_no_model_goes_to_the_teams_address(caller: Caller, api: ModelportAPI) -> None:
    """Files and stored responses of a client without a model: WRP-3; of one with a model: to that model."""
    gone: Any = (404, {}, b'{"error": {"message": "no such object"}}')
    for model, mount in ((None, "local"), ("qwen3", "team1")):
        api.call_answers = [gone, gone]
        client = caller.connect(model, server=api.url)
        with pytest.raises(openai.NotFoundError, match="no such object"):
            caller.do(client.responses.retrieve("resp_1"))
        with pytest.raises(openai.NotFoundError, match="no such object"):
            caller.do(client.files.retrieve("file_1"))
        assert [call.path for call in api.calls[-2:]] == [
            f"/access/models/{mount}/responses/resp_1",
            f"/access/models/{mount}/files/file_1",
        ]


@pytest.mark.parametrize("aiohttp", [False, True])
def test_one_client_serves_two_event_loops_at_once(api: ModelportAPI, *, aiohttp: bool) -> None:
    """Nothing of ours is bound to the loop that asked first: each loop has its own flight, both share the routes."""
    clients = [_async_client(api, aiohttp=aiohttp) for _ in range(2)]
    shared = [clients[0], clients[0].copy(http_client=clients[1]._client)]  # a pool belongs to its loop; routes do not
    api.gate.clear()
    together = threading.Barrier(3, action=api.gate.set)

    async def calls(client: AsyncModelportOpenAI) -> list[str]:
        await asyncio.to_thread(together.wait, 30)
        create = client.chat.completions.create
        answers = await asyncio.gather(*(create(model="qwen3", messages=MESSAGES) for _ in range(5)))
        await client.close()
        return [answer.model for answer in answers]

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(asyncio.run, calls(client)) for client in shared]
        together.wait(30)
        assert [future.result(30) for future in running] == [["qwen3"] * 5] * 2
    assert len(api.calls) == 10
    assert len(api.lookups) <= 2


@pytest.mark.parametrize("aiohttp", [False, True])
def test_one_client_serves_one_event_loop_after_another(api: ModelportAPI, *, aiohttp: bool) -> None:
    """`asyncio.run` twice, as notebooks and command lines do: the route holds, and no error is of the loop."""
    client = _async_client(api, aiohttp=aiohttp)

    async def call() -> str:
        async with client.copy(http_client=_transport(aiohttp=aiohttp)) as here:
            return (await here.chat.completions.create(model="qwen3", messages=MESSAGES)).model

    assert [asyncio.run(call()) for _ in range(2)] == ["qwen3", "qwen3"]
    assert len(api.lookups) == 1


def test_threads_share_a_client_and_its_copies(api: ModelportAPI) -> None:
    """Each thread with options of its own: still one look-up, and no call goes astray."""
    api.models["llama"] = "/access/models/team2/"
    with connect(server=api.url, key=KEY, max_retries=0) as client, ThreadPoolExecutor(8) as pool:

        def call(number: int) -> str:
            model = ("qwen3", "llama")[number % 2]
            copy = client.with_options(timeout=10 + number)
            return copy.chat.completions.create(model=model, messages=MESSAGES).model

        assert sorted(pool.map(call, range(40))) == ["llama"] * 20 + ["qwen3"] * 20
    assert len(api.lookups) == 2
    assert all(("team1" in made.path) == (b"qwen3" in made.body) for made in api.calls)


def test_a_closed_client_fails_as_the_sdks_does(caller: Caller, api: ModelportAPI) -> None:
    """Cold or warm, before a look-up or after it."""
    plain = (openai.OpenAI if caller.kind == "sync" else openai.AsyncOpenAI)(base_url=api.url, max_retries=0)
    caller.do(plain.close())
    with pytest.raises((openai.APIConnectionError, RuntimeError)) as expected:  # which, its version decides
        caller.chat(plain)
    for warm in (False, True):
        client = caller.connect("qwen3", server=api.url)
        if warm:
            caller.chat(client)
        caller.do(client.close())
        with pytest.raises(expected.type):
            caller.chat(client)


def test_our_errors_survive_pickling() -> None:
    """They may cross a process pool; the client itself cannot, as the SDK's cannot."""
    with pytest.raises(ServerAddressError) as refused:
        connect("qwen3", server="localhost:3000")
    again = pickle.loads(pickle.dumps(refused.value))  # noqa: S301 - our own bytes
    assert (type(again), str(again), again.code) == (ServerAddressError, str(refused.value), "bad_base")


def test_a_form_costs_no_look_up(api: ModelportAPI) -> None:
    """Making raw, streaming and beta views asks the server nothing."""
    clients: list[Any] = [connect("qwen3", server=api.url), aconnect("qwen3", server=api.url)]
    for client in clients:
        views = (client.with_raw_response.chat, client.with_streaming_response.chat, client.beta.chat)
        assert all(view is not None for view in views)
        assert type(client.with_options(timeout=1)) is type(client)
    assert api.lookups == []


def _transport(*, aiohttp: bool) -> Any:
    return openai.DefaultAioHttpClient() if aiohttp else openai.DefaultAsyncHttpxClient()


def _async_client(api: ModelportAPI, *, aiohttp: bool) -> AsyncModelportOpenAI:
    return aconnect("qwen3", server=api.url, key=KEY, max_retries=0, http_client=_transport(aiohttp=aiohttp))
