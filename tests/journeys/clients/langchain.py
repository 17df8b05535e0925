"""langchain-openai, as its documentation shows it."""

from langchain_openai import (  # type: ignore[import-not-found, unused-ignore]  # lives in an environment of its own
    ChatOpenAI,
    OpenAIEmbeddings,
)

from tests.journeys.clients.steps import LONG_TOKENS, PROMPT, SHORT_TOKENS, run


def _chat(url: str, key: str, model: str, tokens: int) -> ChatOpenAI:
    # The library says max_completion_tokens, which llama-cpp-python does not know; this is its way to add max_tokens.
    return ChatOpenAI(model=model, base_url=url, api_key=key, extra_body={"max_tokens": tokens})


def complete(url: str, key: str, model: str) -> str:
    """Return the text of a completion."""
    return str(_chat(url, key, model, SHORT_TOKENS).invoke(PROMPT).content)


def stream(url: str, key: str, model: str) -> list[str]:
    """Return the pieces of a streamed completion."""
    return [str(piece.content) for piece in _chat(url, key, model, SHORT_TOKENS).stream(PROMPT)]


def embed(url: str, key: str, model: str) -> int:
    """Return how long an embedding is."""
    embeddings = OpenAIEmbeddings(model=model, base_url=url, api_key=key, check_embedding_ctx_length=False)
    vector = embeddings.embed_query(PROMPT)
    return len(vector[0]) if isinstance(vector[0], list) else len(vector)


def cancel(url: str, key: str, model: str) -> bool:
    """Return whether a stream could be left after its first piece."""
    pieces = _chat(url, key, model, LONG_TOKENS).stream(PROMPT)
    next(pieces)
    pieces.close()
    return True


if __name__ == "__main__":
    run({"complete": complete, "stream": stream, "embed": embed, "cancel": cancel})
