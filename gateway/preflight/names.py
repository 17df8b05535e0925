"""Names of models that are close to the one that was asked for. Pure, and slow for long lists.

Measured in preflight.md section 9: difflib takes 10 to 25 ms for 200 names, 3 s for 50,000. So what shares nothing with
the name is left out first, at most MAX_COMPARED are compared, and a long list is gone through in short turns. Not in a
thread: that would hold the interpreter's lock for 5 ms each time the loop wants it back.
"""

import difflib
import heapq
from collections.abc import Collection, Generator, Iterable

from gateway.preflight.turns import in_turns

MAX_COMPARED = 5000
_CUTOFF = 0.55  # finds gpt4o-mini for gpt-4o-mini, llama3.1 for llama3.1:8b (preflight.md section 9)
_SHOWN = 3
_AT_ONCE = 50  # names that are compared without a pause: 5 ms
_PREFIX = 2


def is_listed(model: str, listed: Collection[str]) -> bool:
    """Whether a server that lists these names knows the model; Ollama adds `:latest` by itself.

    >>> is_listed("llama3.1", ["llama3.1:latest"])
    True
    """
    return model in listed or f"{model}:latest" in listed


async def close_names(model: str, listed: Collection[str]) -> tuple[str, ...]:
    """Return up to three names that are close to the model's, the closest first, without holding up the loop."""
    if len(listed) <= _AT_ONCE:
        return compare(model, listed)
    return await in_turns(_search(model, listed))


def compare(model: str, listed: Iterable[str]) -> tuple[str, ...]:
    """Return the same at once: the last part of each path is compared, in small letters.

    >>> compare("GPT-4O", ["gpt-4o", "whisper-1"]), compare("openai/gpt-4o", ["gpt-4o"])
    (('gpt-4o',), ('gpt-4o',))
    """
    search = _search(model, listed)
    while True:
        try:
            next(search)
        except StopIteration as done:
            found: tuple[str, ...] = done.value
            return found


def _search(model: str, listed: Iterable[str]) -> Generator[None, None, tuple[str, ...]]:
    """Return what `difflib.get_close_matches` would, with a pause after each name."""
    wanted = _key(model)
    by_key: dict[str, str] = {}
    alike: list[str] = []
    for name in listed:
        key = _key(name)
        if key not in by_key:
            by_key[key] = name
            if key[:_PREFIX] == wanted[:_PREFIX]:
                alike.append(key)
        yield
    keys: Iterable[str] = by_key
    if len(by_key) > MAX_COMPARED:
        keys = (alike or list(by_key))[:MAX_COMPARED]
    matcher: difflib.SequenceMatcher[str] = difflib.SequenceMatcher()
    matcher.set_seq2(wanted)
    found: list[tuple[float, str]] = []
    for key in keys:
        matcher.set_seq1(key)
        if (
            matcher.real_quick_ratio() >= _CUTOFF
            and matcher.quick_ratio() >= _CUTOFF
            and (ratio := matcher.ratio()) >= _CUTOFF
        ):
            found.append((ratio, key))
        yield
    return tuple(by_key[key] for _, key in heapq.nlargest(_SHOWN, found))


def _key(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2].lower()
