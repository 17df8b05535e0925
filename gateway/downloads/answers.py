"""What an answer to a request for a file, or for a range of it, means. Pure (RFC 9110 sections 13.1.5, 14, 15.3.7).

The server's word is taken for nothing that it can be asked twice: ETag, whole length and range of each answer are
compared with what it said before and with what was asked. `If-Range` alone is not enough: aiohttp's own file server
ignores an ETag in it and answers 206 of the changed file (catalogue.md section 11).
"""

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

_RANGE: Final = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)")
_LENGTH: Final = re.compile(r"\d{1,18}")
_ETAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_OK, _PARTIAL, _UNSATISFIABLE = 200, 206, 416
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 522, 524})
"""Statuses that say: not now."""
_MAX_DIGITS: Final = 9


class Validator(Struct, frozen=True):
    """What tells one version of a file from the next."""

    etag: str | None = None
    modified: str | None = None

    @property
    def if_range(self) -> str | None:
        """What `If-Range` may hold: a strong ETag, else a date; None when there is neither."""
        if self.etag is not None:
            return None if self.etag.startswith("W/") else self.etag
        return self.modified

    def __bool__(self) -> bool:
        """Whether there is anything to compare."""
        return self.etag is not None or self.modified is not None

    def differs(self, other: "Validator") -> bool:
        """Whether two answers are of two versions, as far as both say."""
        if self.etag is not None and other.etag is not None:
            return self.etag != other.etag
        if (self.etag is None) != (other.etag is None):
            return True  # a server that had one and has none any more is another server
        return None not in {self.modified, other.modified} and self.modified != other.modified


class Bytes(Struct, frozen=True):
    """The body is the file from `start` to `stop`; `total` None: the server does not say. Of a 200 all of it."""

    start: int
    stop: int | None
    total: int | None
    validator: Validator
    ranged: bool


class Refused(Struct, frozen=True):
    """The body is none of the file. `again`: the same request may work later, in `wait_s` seconds if that is said."""

    status: int
    again: bool
    wait_s: float | None = None


class Odd(Struct, frozen=True):
    """The answer contradicts itself or the request."""

    why: str


Meaning = Bytes | Refused | Odd


def meaning(status: int, headers: Mapping[str, str], *, start: int, stop: int | None, now: datetime) -> Meaning:
    """Return what an answer to a request for these bytes means; `stop` None: for the whole file."""
    if status == _PARTIAL:
        return _partial(headers, start, stop)
    if status == _OK:
        return _whole(headers)
    if status == _UNSATISFIABLE:
        found = _RANGE.fullmatch(headers.get("Content-Range", ""))
        if found is not None and found[1] is None and found[3] != "*":
            return Bytes(0, 0, int(found[3]), validator_of(headers), ranged=True)
        return Refused(status, again=False)
    wait_s = retry_after_s(headers.get("Retry-After"), now)
    return Refused(status, again=status in _AGAIN, wait_s=wait_s)


def validator_of(headers: Mapping[str, str]) -> Validator:
    """Return the validator of an answer; what is malformed counts as not there."""
    etag, modified = headers.get("ETag"), headers.get("Last-Modified")
    return Validator(
        etag if etag is not None and _ETAG.fullmatch(etag) else None,
        modified if modified is not None and _date(modified) is not None else None,
    )


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Return how long to wait, by a number of seconds or a date; None when nothing is said.

    >>> retry_after_s("120", datetime.now(UTC)), retry_after_s("soon", datetime.now(UTC))
    (120.0, None)
    """
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:_MAX_DIGITS])
    at = _date(text)
    return None if at is None else max(0.0, (at - now).total_seconds())


def validator_from(data: Any) -> Validator:
    """Return a validator as it was kept; ValueError when it is none."""
    if not isinstance(data, dict) or not all(one is None or isinstance(one, str) for one in data.values()):
        raise ValueError("no validator")
    return Validator(data.get("etag"), data.get("modified"))


def _partial(headers: Mapping[str, str], start: int, stop: int | None) -> Meaning:
    if headers.get("Content-Type", "").lower().startswith("multipart/byteranges"):
        return Odd("one range was asked for, and several come")
    found = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if found is None or found[1] is None:
        return Odd("206 without a usable Content-Range")
    first, behind, total = int(found[1]), int(found[2]) + 1, None if found[3] == "*" else int(found[3])
    if first != start or behind <= first or (stop is not None and behind > stop):
        return Odd(f"bytes {start}-{'' if stop is None else stop - 1} were asked for, and {first}-{behind - 1} come")
    if total is not None and behind > total:
        return Odd("its Content-Range is longer than the file")
    if (length := _length(headers)) is not None and length != behind - first:
        return Odd(f"{length} bytes come for the range {first}-{behind - 1}")
    return _decoded(headers) or Bytes(first, behind, total, validator_of(headers), ranged=True)


def _whole(headers: Mapping[str, str]) -> Meaning:
    length = _length(headers)
    return _decoded(headers) or Bytes(0, length, length, validator_of(headers), ranged=False)


def _decoded(headers: Mapping[str, str]) -> Odd | None:
    coding = headers.get("Content-Encoding", "").strip().lower()
    return None if coding in {"", "identity"} else Odd(f"it is compressed ({coding[:40]}), which was not asked for")


def _length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if _LENGTH.fullmatch(text) else None


def _date(text: str) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
