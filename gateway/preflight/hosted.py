"""Providers that are known by their host, and answer for one model where they list none (preflight.md section 9)."""

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from yarl import URL


class Hosted(Struct, frozen=True):
    """A provider: its name, its hosts, and where it answers for a model (404: it has none of that name)."""

    name: str
    hosts: re.Pattern[str]
    page_of: Callable[[URL, str], URL]


def _replicate(url: URL, model: str) -> URL:
    return url.origin().with_path(f"/v1/models/{model.partition(':')[0]}")


def _hugging_face(url: URL, model: str) -> URL:
    """Return the hub's answer for a model; behind its name may stand the provider that runs it."""
    del url
    return URL("https://huggingface.co").with_path(f"/api/models/{model.partition(':')[0]}")


HOSTED: Final = (
    Hosted("Replicate", re.compile(r"(api|openai-proxy)\.replicate\.com"), _replicate),
    Hosted(
        "Hugging Face",
        re.compile(r"(router|api-inference)\.huggingface\.co|.+\.endpoints\.huggingface\.cloud"),
        _hugging_face,
    ),
)


def hosted_at(url: URL) -> Hosted | None:
    """Return the provider whose host this is.

    >>> hosted_at(URL("https://api.replicate.com/v1")).name
    'Replicate'
    """
    return next((one for one in HOSTED if one.hosts.fullmatch(url.host or "")), None)
