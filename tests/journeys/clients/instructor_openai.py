"""instructor around an OpenAI client; without a response model it gives the SDK's own answers."""

from typing import Any

import instructor  # type: ignore[import-not-found, unused-ignore]  # lives in an environment of its own
import openai

from tests.journeys.clients.steps import LONG_TOKENS, PROMPT, SHORT_TOKENS, run

MESSAGES = [{"role": "user", "content": PROMPT}]


def _create(url: str, key: str, model: str, tokens: int, **more: bool) -> Any:
    client = instructor.from_openai(openai.OpenAI(base_url=url, api_key=key))
    return client.chat.completions.create(
        model=model, messages=MESSAGES, max_tokens=tokens, response_model=None, max_retries=1, **more
    )


def complete(url: str, key: str, model: str) -> str:
    """Return the text of a completion."""
    return str(_create(url, key, model, SHORT_TOKENS).choices[0].message.content)


def stream(url: str, key: str, model: str) -> list[str]:
    """Return the pieces of a streamed completion."""
    chunks = _create(url, key, model, SHORT_TOKENS, stream=True)
    return [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]


def cancel(url: str, key: str, model: str) -> bool:
    """Return whether a stream could be left after its first piece."""
    chunks = _create(url, key, model, LONG_TOKENS, stream=True)
    next(iter(chunks))
    chunks.close()
    return True


if __name__ == "__main__":
    run({"complete": complete, "stream": stream, "cancel": cancel})
