"""huggingface_hub's InferenceClient: it adds `/v1` by itself unless the address ends in it (clients.md CL-2)."""

from huggingface_hub import (  # type: ignore[import-not-found, unused-ignore]  # lives in an environment of its own
    InferenceClient,
)

from tests.journeys.clients.steps import LONG_TOKENS, PROMPT, SHORT_TOKENS, run

MESSAGES = [{"role": "user", "content": PROMPT}]


def complete(url: str, key: str, model: str) -> str:
    """Return the text of a completion."""
    client = InferenceClient(base_url=url, api_key=key)
    reply = client.chat_completion(MESSAGES, model=model, max_tokens=SHORT_TOKENS)
    return reply.choices[0].message.content or ""


def stream(url: str, key: str, model: str) -> list[str]:
    """Return the pieces of a streamed completion."""
    client = InferenceClient(base_url=url, api_key=key)
    pieces = client.chat_completion(MESSAGES, model=model, max_tokens=SHORT_TOKENS, stream=True)
    return [piece.choices[0].delta.content or "" for piece in pieces if piece.choices]


def cancel(url: str, key: str, model: str) -> bool:
    """Return whether a stream could be left after its first piece."""
    with InferenceClient(base_url=url, api_key=key) as client:
        pieces = client.chat_completion(MESSAGES, model=model, max_tokens=LONG_TOKENS, stream=True)
        next(iter(pieces))
    return True


if __name__ == "__main__":
    run({"complete": complete, "stream": stream, "cancel": cancel})
