"""The official Python SDK in its three ways: sync, async, and async over aiohttp (first argument)."""

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import openai

from tests.journeys.clients.steps import LONG_TOKENS, PROMPT, SHORT_TOKENS, run

_T = TypeVar("_T")
MESSAGES: Any = [{"role": "user", "content": PROMPT}]


@functools.cache
def _client(url: str, key: str) -> openai.OpenAI:
    """Return one client for each address and key, as a program keeps it."""
    return openai.OpenAI(base_url=url, api_key=key)


class Sync:
    """`openai.OpenAI`."""

    def list_models(self, url: str, key: str, _: str) -> list[str]:
        """Return the listed names."""
        return [model.id for model in _client(url, key).models.list()]

    def complete(self, url: str, key: str, model: str) -> str:
        """Return the text of a completion."""
        reply = _client(url, key).chat.completions.create(model=model, messages=MESSAGES, max_tokens=SHORT_TOKENS)
        return reply.choices[0].message.content or ""

    def stream(self, url: str, key: str, model: str) -> list[str]:
        """Return the pieces of a streamed completion."""
        stream = _client(url, key).chat.completions.create(
            model=model, messages=MESSAGES, max_tokens=SHORT_TOKENS, stream=True
        )
        return [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]

    def embed(self, url: str, key: str, model: str) -> int:
        """Return how long an embedding is."""
        reply = _client(url, key).embeddings.create(model=model, input=PROMPT, encoding_format="float")
        return len(_flat(reply.data[0].embedding))

    def cancel(self, url: str, key: str, model: str) -> bool:
        """Return whether a stream could be left after its first piece."""
        stream = _client(url, key).chat.completions.create(
            model=model, messages=MESSAGES, max_tokens=LONG_TOKENS, stream=True
        )
        next(iter(stream))
        stream.close()
        return True


class Async:
    """`openai.AsyncOpenAI`, over httpx or aiohttp."""

    def __init__(self, *, aiohttp: bool) -> None:
        self._aiohttp = aiohttp

    def list_models(self, url: str, key: str, _: str) -> list[str]:
        """Return the listed names."""

        async def ask(client: openai.AsyncOpenAI) -> list[str]:
            return [model.id async for model in client.models.list()]

        return self._with(url, key, ask)

    def complete(self, url: str, key: str, model: str) -> str:
        """Return the text of a completion."""

        async def ask(client: openai.AsyncOpenAI) -> str:
            reply = await client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=SHORT_TOKENS)
            return reply.choices[0].message.content or ""

        return self._with(url, key, ask)

    def stream(self, url: str, key: str, model: str) -> list[str]:
        """Return the pieces of a streamed completion."""

        async def ask(client: openai.AsyncOpenAI) -> list[str]:
            stream = await client.chat.completions.create(
                model=model, messages=MESSAGES, max_tokens=SHORT_TOKENS, stream=True
            )
            return [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]

        return self._with(url, key, ask)

    def embed(self, url: str, key: str, model: str) -> int:
        """Return how long an embedding is."""

        async def ask(client: openai.AsyncOpenAI) -> int:
            reply = await client.embeddings.create(model=model, input=PROMPT, encoding_format="float")
            return len(_flat(reply.data[0].embedding))

        return self._with(url, key, ask)

    def cancel(self, url: str, key: str, model: str) -> bool:
        """Return whether a stream could be left after its first piece."""

        async def ask(client: openai.AsyncOpenAI) -> bool:
            stream = await client.chat.completions.create(
                model=model, messages=MESSAGES, max_tokens=LONG_TOKENS, stream=True
            )
            await anext(aiter(stream))
            await stream.close()
            return True

        return self._with(url, key, ask)

    def _with(self, url: str, key: str, ask: Callable[[openai.AsyncOpenAI], Awaitable[_T]]) -> _T:
        async def call() -> _T:
            http = openai.DefaultAioHttpClient() if self._aiohttp else None
            async with openai.AsyncOpenAI(base_url=url, api_key=key, http_client=http) as client:
                return await ask(client)

        return asyncio.run(call())


def _flat(vector: Any) -> list[float]:
    """Return one vector: llama-cpp-python gives one per token."""
    return list(vector[0]) if isinstance(vector[0], list) else list(vector)


if __name__ == "__main__":
    way: Any = Sync() if sys.argv[1] == "sync" else Async(aiohttp=sys.argv[1] == "aiohttp")
    run(
        {
            "list": way.list_models,
            "complete": way.complete,
            "stream": way.stream,
            "embed": way.embed,
            "cancel": way.cancel,
        }
    )
