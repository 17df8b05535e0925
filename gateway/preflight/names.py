"""Names of models that are close to the one that was asked for. Pure, and slow for long lists.

Measured in preflight.md section 9: difflib takes 10 to 25 ms for 200 names, 3 s for 50,000. So what shares nothing with
the name is left out first, at most MAX_COMPARED are compared, and long lists are compared beside the event loop.
"""

import asyncio
import difflib
from collections.abc import Collection, Iterable

MAX_COMPARED = 5000
_CUTOFF = 0.55  # finds gpt4o-mini for gpt-4o-mini, llama3.1 for llama3.1:8b (preflight.md section 9)
_SHOWN = 3
_AT_ONCE = 50  # names that are compared in the loop: 5 ms
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
    return await asyncio.to_thread(compare, model, listed)


def compare(model: str, listed: Iterable[str]) -> tuple[str, ...]:
    """Return the same at once: the last part of each path is compared, in small letters.

    >>> compare("GPT-4O", ["gpt-4o", "whisper-1"]), compare("openai/gpt-4o", ["gpt-4o"])
    (('gpt-4o',), ('gpt-4o',))
    """
    wanted = _key(model)
    by_key: dict[str, str] = {}
    for name in listed:
        by_key.setdefault(_key(name), name)
    keys: Iterable[str] = by_key
    if len(by_key) > MAX_COMPARED:
        alike = [key for key in by_key if key[:_PREFIX] == wanted[:_PREFIX]]
        keys = (alike or list(by_key))[:MAX_COMPARED]
    return tuple(by_key[key] for key in difflib.get_close_matches(wanted, keys, n=_SHOWN, cutoff=_CUTOFF))


def _key(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2].lower()
