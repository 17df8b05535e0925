"""What did a call use? Usage objects in every shape that OpenAI-compatible servers write (USE-1, USE-2).

Chat and completions say prompt_tokens and completion_tokens, responses, images and audio say input_tokens and
output_tokens, embeddings and rerankers leave the output out. Pure; used by the data plane only.
"""

import json
from typing import Any, Final

import msgspec

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that it does not take as JSON; UnicodeDecodeError is none of its own errors."""


class Tokens(msgspec.Struct, frozen=True, gc=False):
    """Counts of one call. `cached` is a part of `input`, `reasoning` a part of `output`."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0


def read_usage(answer: Any) -> Tokens | None:
    """Return what a decoded answer, or a decoded event of a stream, says about its usage; None when it says nothing.

    >>> read_usage({"usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}})
    Tokens(input=5, output=7, cached=0, reasoning=0)
    """
    if not isinstance(answer, dict):
        return None
    usage = answer.get("usage")
    if usage is None and isinstance(inner := answer.get("response"), dict):  # events of the responses API
        usage = inner.get("usage")
    if usage is None and isinstance(inner := answer.get("meta"), dict):  # rerankers in Cohere's shape
        usage = inner.get("tokens")
    return _tokens(usage) if isinstance(usage, dict) else None


def usage_of(document: bytes) -> Tokens | None:
    """Return the usage of a whole JSON answer; None when it has none or is no JSON (STR-7).

    Nothing but the usage is built: 1 us for an answer of 600 bytes, a tenth of what looking for it from the end takes.
    """
    try:
        answer = _ANSWER.decode(document)
        if answer.usage is None and (answer.response or answer.meta):
            return read_usage(msgspec.json.decode(document))
    except UNREADABLE:
        return _usage_of_odd(document)
    return _tokens(answer.usage) if isinstance(answer.usage, dict) else None


def usage_at_end(text: bytes) -> Tokens | None:
    """Return the last usage object in `text`, the end of a JSON text whose beginning is gone.

    Every server seen writes usage behind the content, so that the last kilobytes of an answer of any size are enough.
    """
    at = len(text)
    for _ in range(_LAST_FEW):
        at = text.rfind(b'"usage"', 0, at)
        if at < 0:
            return None
        found = _object_behind(text, at + len(b'"usage"')) if text[at - 1 : at] != b"\\" else None
        tokens = _tokens(found) if found is not None else None
        if tokens is not None:
            return tokens
    return None


def estimate(*, bytes_in: int, bytes_out: int = 0, events: int | None = None) -> Tokens:
    """Return a guess for a call whose usage nobody told: four bytes a token, or a token for each event of a stream.

    Both are rough and on the high side for JSON; a row made from them is marked `estimated`.
    """
    return Tokens(input=-(-bytes_in // 4), output=-(-bytes_out // 4) if events is None else events)


def _usage_of_odd(document: bytes) -> Tokens | None:
    """Do the same for what msgspec does not take, such as lone surrogates."""
    try:
        return read_usage(json.loads(document))
    except (ValueError, RecursionError):
        return None


def _tokens(usage: dict[str, Any]) -> Tokens | None:
    given, made = _first(usage, _INPUT), _first(usage, _OUTPUT)
    if given is None and made is None:
        given = _count(usage.get("total_tokens"))  # a reranker that only knows the sum
        if given is None:
            return None
    if _PARTS.isdisjoint(usage):  # a third of the time, and most servers say no more
        return Tokens(given or 0, made or 0)
    cached = _detail(usage, _INPUT_DETAILS, "cached_tokens")
    if cached is None:
        cached = _first(usage, _CACHED)
    reasoning = _detail(usage, _OUTPUT_DETAILS, "reasoning_tokens")
    return Tokens(given or 0, made or 0, cached or 0, reasoning or 0)


def _first(usage: dict[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        if (count := _count(usage.get(name))) is not None:
            return count
    return None


def _detail(usage: dict[str, Any], groups: tuple[str, ...], name: str) -> int | None:
    for group in groups:
        if isinstance(details := usage.get(group), dict):
            return _count(details.get(name))
    return None


def _count(value: object) -> int | None:
    """Return a plausible count: an upstream's number goes into sums and budgets, so nonsense is as good as nothing."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _MOST else None


def _object_behind(text: bytes, at: int) -> dict[str, Any] | None:
    rest = text[at : at + _LONGEST].decode("utf-8", "replace").lstrip(" \t\r\n")
    if not rest.startswith(":"):
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(rest[1:].lstrip(" \t\r\n"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class _Answer(msgspec.Struct, gc=False):
    usage: Any = None
    response: msgspec.Raw = msgspec.Raw()
    meta: msgspec.Raw = msgspec.Raw()


_ANSWER: Final = msgspec.json.Decoder(_Answer)
_INPUT: Final = ("prompt_tokens", "input_tokens")
_OUTPUT: Final = ("completion_tokens", "output_tokens")
_INPUT_DETAILS: Final = ("prompt_tokens_details", "input_tokens_details")
_OUTPUT_DETAILS: Final = ("completion_tokens_details", "output_tokens_details")
_CACHED: Final = ("prompt_cache_hit_tokens", "cache_read_input_tokens")
_PARTS: Final = frozenset({*_INPUT_DETAILS, *_OUTPUT_DETAILS, *_CACHED})
_MOST: Final = 10**12  # tokens; far beyond any context, far below what 64 bits can sum
_LONGEST: Final = 4096  # bytes of one usage object; OpenAI's have some 400
_LAST_FEW: Final = 4  # places to look at: a user's metadata may hold a key of that name
