"""The built-in echo model server: what it says, and how it refuses."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.demo import EchoServer
from tests.app.caller import Caller, calling

HELLO = {"model": "echo", "messages": [{"role": "user", "content": "good morning"}]}


@pytest.fixture
async def echo() -> AsyncIterator[Caller]:
    """Give a caller of a running echo server."""
    server = EchoServer()
    await server.start()
    async with calling() as caller:
        yield caller.at(f"{server.base_url}/")
    await server.stop()


async def test_it_repeats_and_says_what_it_is(echo: Caller) -> None:
    """No language model, and honest about it."""
    answer = (await echo.post("chat/completions", HELLO)).json
    assert answer["choices"][0]["message"]["content"] == "good morning"
    assert answer["system_fingerprint"] == "echo"
    assert answer["usage"]["completion_tokens"] == 2


async def test_it_streams_word_by_word(echo: Caller) -> None:
    """With the usage when asked, and [DONE]."""
    body = {**HELLO, "stream": True, "stream_options": {"include_usage": True}}
    events = (await echo.post("chat/completions", body)).text.split("\n\n")
    assert len(events) == 7  # role, two words, stop, usage, [DONE], nothing
    assert '"usage": {"prompt_tokens"' in events[4]
    assert events[5] == "data: [DONE]"


@pytest.mark.parametrize("content", [[{"type": "text", "text": "good morning"}], "good morning"])
async def test_it_reads_both_forms_of_content(echo: Caller, content: Any) -> None:
    """Text, or a list of parts."""
    body = {"model": "echo", "messages": [{"role": "user", "content": content}]}
    answer = await echo.post("chat/completions", body)
    assert answer.json["choices"][0]["message"]["content"] == "good morning"


async def test_it_completes_and_embeds(echo: Caller) -> None:
    """The same text has the same vector."""
    completed = await echo.post("completions", {"model": "echo", "prompt": "once upon"})
    assert completed.json["choices"][0]["text"] == "once upon"
    data = (await echo.post("embeddings", {"model": "echo", "input": ["a", "b", "a"]})).json["data"]
    assert data[0]["embedding"] == data[2]["embedding"] != data[1]["embedding"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b"{}", b'{"messages":5}', b'{"messages":[]}', b'{"messages":[5]}', b"\xff"],
)
async def test_a_mistake_is_explained(echo: Caller, body: bytes) -> None:
    """In OpenAI's shape, so that the reason passes through the gateway; a 500 would open its breaker."""
    answer = await echo.post("chat/completions", body)
    assert answer.status == 400
    assert answer.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("options", [5, "x", [], {}, None])
async def test_odd_stream_options_are_no_fault(echo: Caller, options: Any) -> None:
    """The stream ends as always."""
    answer = await echo.post("chat/completions", {**HELLO, "stream": True, "stream_options": options})
    assert answer.text.endswith("data: [DONE]\n\n")


async def test_what_it_cannot_do_is_said(echo: Caller) -> None:
    """A 404 with the list of what it can."""
    answer = await echo.post("images/generations", {"model": "echo"})
    assert (answer.status, "chat/completions" in answer.json["error"]["message"]) == (404, True)


async def test_a_long_prompt_is_repeated(echo: Caller) -> None:
    """The default limit of 1 MiB is not in the way."""
    text = "x" * (3 << 20)
    answer = await echo.post("chat/completions", {"model": "echo", "messages": [{"role": "user", "content": text}]})
    assert answer.json["choices"][0]["message"]["content"] == text
