"""What a registry said, read leniently: an error's body may be JSON, text, HTML or nothing (PUB-9). Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from yarl import URL

from gateway.publish.messages import says

MAX_BODY: Final = 64 * 1024
"""Bytes of an answer that are read at most; manifests have a larger limit of their own."""
_TOO_MANY = 429
_UNAVAILABLE = 503


class Answer(Struct, frozen=True):
    """An answer and its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: URL

    @property
    def is_good(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class

    @property
    def data(self) -> Any:
        """The body's JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def code(self) -> str:
        """The registry's code of the first error (`NAME_UNKNOWN`), or nothing."""
        return str(self._error.get("code") or "")

    @property
    def says(self) -> str:
        """The registry's own words, as the end of a clause; nothing for a web page."""
        error = self._error
        if error:
            return says(_detail(error) or str(error.get("message") or "") or self.code)
        if self.is_page:
            return ""
        data = self.data
        if isinstance(data, dict):
            told = next((data[name] for name in ("details", "message", "error") if isinstance(data.get(name), str)), "")
            return says(told)
        return says(self.body[:1000].decode("utf-8", "replace"))

    @property
    def kind(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower() or "without a type"

    @property
    def is_page(self) -> bool:
        """Whether it is a web page."""
        return self.kind == "text/html" or self.body[:64].lstrip().lower().startswith((b"<!doctype", b"<html"))

    @property
    def retry_after_s(self) -> float | None:
        """How long to wait before the same is asked again; None when asking again would not help."""
        if self.status not in {_TOO_MANY, _UNAVAILABLE}:
            return None
        told = self.headers.get("Retry-After", "")
        return float(told) if told.isdigit() else 1.0

    @property
    def _error(self) -> dict[str, Any]:
        data = self.data
        errors = data.get("errors") if isinstance(data, dict) else None
        first = errors[0] if isinstance(errors, list) and errors else None
        return first if isinstance(first, dict) else {}


def _detail(error: Mapping[str, Any]) -> str:
    """Return what lies below "unknown error": the storage's own sentence, without paths of the registry's disk."""
    detail = error.get("detail")
    while isinstance(detail, dict):
        detail = detail.get("Err") or detail.get("Enclosed") or detail.get("message")
    if isinstance(detail, int):
        return _ERRNO.get(detail, "")
    return detail.rpartition(": ")[2] if isinstance(detail, str) else ""


_ERRNO: Final = {
    27: "file too large",
    28: "no space left on device",
    122: "disk quota exceeded",
    30: "read-only file system",
}
"""Go writes a system error as its number."""
