"""Lists in pages: `?limit=` and an opaque `?cursor=`, which is the sort key of the last item that was shown.

Used by routes and stores. A keyset survives inserts and deletes between two pages, an offset does not.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from pydantic import Field, field_validator

from gateway.described import Described
from gateway.errors import InvalidRequest

T = TypeVar("T")
Key = tuple[str | int, ...]

_DEFAULT_LIMIT = 50
_MAX_LIMIT = 200  # items; an answer of this many models stays below 200 KB
_MAX_CURSOR = 2048  # characters: room for the longest names


class Page(Described, Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    next_cursor: str | None = Field(description="Send it as `cursor` to get the next page; null on the last one.")


class PageQuery(Described):
    """The query parameters of every list; a list with filters subclasses it."""

    limit: int = Field(default=_DEFAULT_LIMIT, ge=1, le=_MAX_LIMIT, description="Items per page.")
    cursor: str | None = Field(
        default=None,
        max_length=_MAX_CURSOR,
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]*$"},  # described only: `decode_cursor` says 400 and what to do
        description="`next_cursor` of the page before; empty is the first page.",
    )

    @field_validator("cursor")
    @classmethod
    def _first_page(cls, cursor: str | None) -> str | None:
        return cursor or None


def encode_cursor(key: Key) -> str:
    """Return the cursor that continues after the item with this sort key."""
    text = json.dumps(key, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, *shape: type[str] | type[int]) -> Key:
    """Return the sort key in the cursor, e.g. `decode_cursor(cursor, str, int)` for (name, created_at).

    Raises:
        InvalidRequest: it was not made by `encode_cursor` for a key of this shape.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = json.loads(raw.decode())
        made_here = isinstance(key, list) and encode_cursor(tuple(key)) == cursor  # half a surrogate is a ValueError
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _malformed(cursor) from error
    if not made_here or [type(part) for part in key] != list(shape):
        raise _malformed(cursor)
    return tuple(key)


def take_page(rows: Sequence[T], limit: int, key: Callable[[T], Key]) -> tuple[Sequence[T], str | None]:
    """Split what a store read with `LIMIT limit + 1` into the page's rows and the next cursor."""
    page = rows[:limit]
    return page, encode_cursor(key(page[-1])) if len(rows) > limit else None


def page_of(
    rows: Iterable[T], query: PageQuery, key: Callable[[T], Key], *, parts: int = 1
) -> tuple[Sequence[T], str | None]:
    """Return a page of rows that are all at hand, by their key of so many texts, and the next cursor.

    Raises:
        InvalidRequest: the cursor is none of this list's.
    """
    ordered = sorted(rows, key=key)
    if query.cursor is not None:
        after = decode_cursor(query.cursor, *[str] * parts)
        ordered = [one for one in ordered if key(one) > after]
    return take_page(ordered, query.limit, key)


def _malformed(cursor: str) -> InvalidRequest:
    return InvalidRequest(
        f"cursor {cursor[:40]!r} was not made by this list",
        code="invalid_cursor",
        param="cursor",
        hint="send next_cursor of the last page unchanged, or leave it out to begin anew",
    )
