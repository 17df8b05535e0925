"""llama-index with its OpenAI-like model, as its documentation shows it: it says `api_base` for base_url."""

from llama_index.llms.openai_like import (  # type: ignore[import-not-found, unused-ignore]  # lives in an environment of its own
    OpenAILike,
)

from tests.journeys.clients.steps import LONG_TOKENS, PROMPT, SHORT_TOKENS, run


def _llm(url: str, key: str, model: str, tokens: int) -> OpenAILike:
    return OpenAILike(model=model, api_base=url, api_key=key, is_chat_model=True, max_tokens=tokens)


def complete(url: str, key: str, model: str) -> str:
    """Return the text of a completion."""
    return str(_llm(url, key, model, SHORT_TOKENS).complete(PROMPT))


def stream(url: str, key: str, model: str) -> list[str]:
    """Return the pieces of a streamed completion."""
    return [piece.delta or "" for piece in _llm(url, key, model, SHORT_TOKENS).stream_complete(PROMPT)]


def cancel(url: str, key: str, model: str) -> bool:
    """Return whether a stream could be left after its first piece."""
    pieces = _llm(url, key, model, LONG_TOKENS).stream_complete(PROMPT)
    next(pieces)
    pieces.close()
    return True


if __name__ == "__main__":
    run({"complete": complete, "stream": stream, "cancel": cancel})
