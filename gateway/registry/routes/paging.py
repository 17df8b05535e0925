"""Cursors of the registry's lists: the sort columns of the last row that was shown."""

from gateway.api.page import PageQuery, decode_cursor, encode_cursor
from gateway.errors import InvalidRequest
from gateway.registry.store.entity import Place


def after(query: PageQuery, *shape: type[str]) -> Place | None:
    """Return the place to go on from; raise InvalidRequest when the cursor is not of this list."""
    if query.cursor is None:
        return None
    place = tuple(str(part) for part in decode_cursor(query.cursor, *shape))
    if any("\0" in part for part in place):  # PostgreSQL answers it with an error of its own
        raise InvalidRequest("the cursor holds the character NUL", code="invalid_cursor", param="cursor")
    return place


def following(place: Place | None) -> str | None:
    """Return the cursor of the next page."""
    return None if place is None else encode_cursor(place)
