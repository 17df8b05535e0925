"""pydantic-ai with its OpenAI chat model, as its documentation shows it."""

import asyncio

from pydantic_ai import (  # type: ignore[import-not-found, unused-ignore]  # lives in an environment of its own
    Agent,
)
from pydantic_ai.models.openai import OpenAIChatModel  # type: ignore[import-not-found, unused-ignore]  # as above
from pydantic_ai.providers.openai import OpenAIProvider  # type: ignore[import-not-found, unused-ignore]  # as above

from tests.journeys.clients.steps import LONG_TOKENS, PROMPT, SHORT_TOKENS, run


def _agent(url: str, key: str, model: str, tokens: int) -> Agent:
    chat = OpenAIChatModel(model, provider=OpenAIProvider(base_url=url, api_key=key))
    # The library says max_completion_tokens, which llama-cpp-python does not know; this is its way to add max_tokens.
    return Agent(chat, model_settings={"extra_body": {"max_tokens": tokens}})


def complete(url: str, key: str, model: str) -> str:
    """Return the text of a completion."""
    return str(_agent(url, key, model, SHORT_TOKENS).run_sync(PROMPT).output)


def stream(url: str, key: str, model: str) -> list[str]:
    """Return the pieces of a streamed completion."""

    async def ask() -> list[str]:
        async with _agent(url, key, model, SHORT_TOKENS).run_stream(PROMPT) as result:
            return [piece async for piece in result.stream_text(delta=True, debounce_by=None)]

    return asyncio.run(ask())


def cancel(url: str, key: str, model: str) -> bool:
    """Return whether a stream could be left after its first piece."""

    async def ask() -> bool:
        agent = _agent(url, key, model, LONG_TOKENS)
        async with agent.run_stream(PROMPT) as result:
            pieces = result.stream_text(delta=True, debounce_by=None)
            await anext(pieces)
            raise _LeftError

    try:
        asyncio.run(ask())
    except _LeftError:
        return True
    return False


class _LeftError(Exception):
    """Leaving by an exception, as a program does whose user has gone."""


if __name__ == "__main__":
    run({"complete": complete, "stream": stream, "cancel": cancel})
