"""Guards against lost updates: strong ETags `"<uid>.<rev>"`, and `If-Match` read strictly.

Used by routes and services that change something. aiohttp's own parser drops the guard without a word for an empty,
unquoted or half-wrong header (measured, lifecycle.md section 6), so the raw header is parsed here instead: what is
malformed is a 400, and `W/` never matches because If-Match compares strongly (RFC 9110 section 13.1.1).
"""

import re
import zlib

from aiohttp import web
from msgspec import Struct

from gateway.errors import InvalidRequest, PreconditionFailed, PreconditionRequired

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG})*")
_HEALTH = re.compile(r'\+h[0-9a-f]{8}"$')
_HINT = 'send the ETag of your last read as it came, in double quotes: If-Match: "mdl_….7"'


class IfMatch(Struct, frozen=True):
    """The caller's condition: none at all, "anything that exists", or one of some tags."""

    given: bool = False
    anything: bool = False
    tags: tuple[str, ...] = ()

    def check(self, current: str) -> None:
        """Raise PreconditionFailed, with the current ETag, unless the object's ETag satisfies the condition."""
        check(self, current)


UNGUARDED = IfMatch()


def format_etag(uid: str, rev: int) -> str:
    """Return the ETag of one revision.

    >>> format_etag("mdl_a", 7)
    '"mdl_a.7"'
    """
    return f'"{uid}.{rev}"'


def with_health(etag: str, told: object) -> str:
    """Return the ETag of an answer that also tells how something is, which changes without a revision.

    A condition that names it is one on the revision: who has an old look may still change what was not changed.

    >>> with_health('"mdl_a.7"', "unhealthy"), read_if_match(['"mdl_a.7+h1e2d3c4b"']).tags
    ('"mdl_a.7+hfc657b2a"', ('"mdl_a.7"',))
    """
    return f'{etag[:-1]}+h{zlib.crc32(repr(told).encode()):08x}"'


def parse_if_match(request: web.BaseRequest, *, required: bool = False) -> IfMatch:
    """Return the request's condition.

    Raises:
        InvalidRequest: the header is there but empty or malformed.
        PreconditionRequired: it is absent and `required`.
    """
    lines = request.headers.getall("If-Match", [])
    if not lines and required:
        raise PreconditionRequired("this change needs If-Match", hint=_HINT)
    return read_if_match(lines)


def read_if_match(lines: list[str]) -> IfMatch:
    """Return the condition that the header lines make; raise InvalidRequest when they make none."""
    if not lines:
        return UNGUARDED
    value = ", ".join(lines).strip(" \t")
    if value == "*":
        return IfMatch(given=True, anything=True)
    if not _TAGS.fullmatch(value):
        raise InvalidRequest(f"If-Match is malformed: {value!r}", hint=_HINT, param="If-Match")
    return IfMatch(given=True, tags=tuple(_HEALTH.sub('"', tag) for tag in re.findall(_TAG, value)))


def check(if_match: IfMatch, current: str) -> None:
    """Raise PreconditionFailed, with the current ETag, unless `current` satisfies the condition."""
    if if_match.given and not if_match.anything and current not in if_match.tags:
        raise PreconditionFailed(
            f"it was changed meanwhile: If-Match was {', '.join(if_match.tags)}, the current ETag is {current}",
            hint="read it again, look at the difference, then repeat the change with the new ETag",
            headers={"ETag": current},
            etag=current,
        )


def is_current(lines: list[str], etag: str) -> bool:
    """Whether the If-None-Match lines name the ETag, so that a GET may answer 304 (compared weakly, section 13.1.2).

    A malformed header only costs the caller the saving: it is ignored.
    """
    value = ", ".join(lines).strip(" \t")
    tags = [tag.removeprefix("W/") for tag in re.findall(_TAG, value)] if _TAGS.fullmatch(value) else []
    return value == "*" or etag.removeprefix("W/") in tags
