"""One address per model: turn a published `base_url` into the URL to call, and call it with an OpenAI client.

    resolve("/access/models/team1/", server="https://models.corp.example/ai/")
        -> ResolvedURL https://models.corp.example/ai/access/models/team1/
    connect("qwen3", server="http://localhost:3000")
        -> an `openai.OpenAI` that calls that model wherever it is published

`import resolver` loads yarl and nothing heavier; the client half loads `openai` when first touched (WRP-11).
"""

from typing import TYPE_CHECKING

from resolver.address import ResolvedURL, resolve
from resolver.errors import ResolveError

if TYPE_CHECKING:
    from resolver.client import AsyncModelportOpenAI, ModelportOpenAI, aconnect, client_kwargs, connect

__all__ = [
    "AsyncModelportOpenAI",
    "ModelportOpenAI",
    "ResolveError",
    "ResolvedURL",
    "aconnect",
    "client_kwargs",
    "connect",
    "resolve",
]

_CLIENT = frozenset(__all__) - {"ResolveError", "ResolvedURL", "resolve"}


def __getattr__(name: str) -> object:
    if name not in _CLIENT:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from resolver import client  # openai takes half a second to load, and `resolve` does not need it

    return getattr(client, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
