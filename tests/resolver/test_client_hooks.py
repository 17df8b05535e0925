"""The two hooks of the SDK that carry the clients: private names, so their contract is held here (clients.md 4).

test_openai_versions.py runs this file, with the rest of the clients' tests, under the lowest and the newest openai.
"""

import inspect
from typing import Any

import openai
import pytest

from resolver import AsyncModelportOpenAI, ModelportOpenAI
from resolver.options import OpenAICopyOptions, OpenAIOptions
from tests.fakes.modelport_api import ModelportAPI
from tests.resolver.conftest import KEY, MESSAGES

BUSY: Any = (503, {"retry-after-ms": "1"}, b"{}")


class Watched(ModelportOpenAI):
    """A client that writes down what the SDK calls."""

    seen: list[str]

    def _prepare_options(self, options: Any) -> Any:
        self.seen.append(f"prepare {options.url}")
        return super()._prepare_options(options)

    def _send_request(self, request: Any, *, stream: bool, **kwargs: Any) -> Any:
        self.seen.append(f"send {request.url.path}")
        return super()._send_request(request, stream=stream, **kwargs)


class AsyncWatched(AsyncModelportOpenAI):
    """The same for asyncio."""

    seen: list[str]

    async def _prepare_options(self, options: Any) -> Any:
        self.seen.append(f"prepare {options.url}")
        return await super()._prepare_options(options)

    async def _send_request(self, request: Any, *, stream: bool, **kwargs: Any) -> Any:
        self.seen.append(f"send {request.url.path}")
        return await super()._send_request(request, stream=stream, **kwargs)


def dialogue(url: str) -> list[str]:
    """Return what a cold call that succeeds at its third attempt must look like."""
    attempt = ["prepare /chat/completions", "send /access/models/team1/chat/completions"]
    look_up = [f"prepare {url}/api/v1/resolve", "send /api/v1/resolve"]
    return [attempt[0], *look_up, attempt[1], *attempt, *attempt]


def test_each_attempt_calls_both_hooks_once(api: ModelportAPI) -> None:
    """A fresh copy of the options per attempt, its url still relative; the look-up is a call of its own."""
    api.call_answers = [BUSY, BUSY]
    with Watched(server=api.url, model="qwen3", api_key=KEY, max_retries=2) as client:
        client.seen = []
        client.chat.completions.create(model="qwen3", messages=MESSAGES)
    assert client.seen == dialogue(api.url)


async def test_each_attempt_of_the_async_client_does_too(api: ModelportAPI) -> None:
    """The same hooks, awaited."""
    api.call_answers = [BUSY, BUSY]
    async with AsyncWatched(server=api.url, model="qwen3", api_key=KEY, max_retries=2) as client:
        client.seen = []
        await client.chat.completions.create(model="qwen3", messages=MESSAGES)
    assert client.seen == dialogue(api.url)


@pytest.mark.parametrize("kind", [openai.OpenAI, openai.AsyncOpenAI])
def test_every_keyword_of_the_sdk_has_its_static_type(kind: Any) -> None:
    """They pass through as they come; a new one works at once and is written down when this fails."""
    constructor = set(inspect.signature(kind.__init__).parameters) - {"self"}
    copy = set(inspect.signature(kind.copy).parameters) - {"self", "_extra_kwargs"}
    assert constructor - set(OpenAIOptions.__annotations__) == set()
    assert copy - set(OpenAICopyOptions.__annotations__) == set()
