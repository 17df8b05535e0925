"""A list of stored objects without those of other teams: the one answer that is changed on its way (decisions/0004).

What is left keeps its bytes; only whole elements of `data` are cut out, each with one comma. Pure.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from msgspec import Struct

from gateway.errors import BadUpstreamResponse

MAX_LIST_BYTES: Final = 4 * 1024 * 1024
"""A page of 10,000 files, the most that OpenAI gives, has some 2.5 MB."""


class ObjectList(Struct, frozen=True):
    """A list as it came. `spans` are (id, start, end) of the elements in `text`, in order."""

    text: str
    spans: tuple[tuple[str, int, int], ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all elements."""
        return tuple(object_id for object_id, _, _ in self.spans)

    def without(self, hidden: Collection[str]) -> bytes:
        """Return the list without the elements whose id is in `hidden`.

        >>> read_list(b'{"data": [{"id":"a"}, {"id":"b"}], "has_more":false}').without({"a"})
        b'{"data": [{"id":"b"}], "has_more":false}'
        """
        if not self.spans:
            return self.text.encode()
        text, kept = self.text, ""
        for number, (object_id, start, end) in enumerate(self.spans):
            if object_id not in hidden:
                comma = text[self.spans[number - 1][2] : start] if kept else ""
                kept += comma + text[start:end]
        return (text[: self.spans[0][1]] + kept + text[self.spans[-1][2] :]).encode()


def read_list(body: bytes) -> ObjectList:
    """Return the list of an answer `{"data": [{"id": …}, …], …}`.

    Raises:
        BadUpstreamResponse: it is another document, so that nobody knows whose objects it shows.
    """
    try:
        text = body.decode()
        data = [start for name, start in _members(text) if name == "data"]
        if len(data) == 1 and text[data[0]] == "[":
            return ObjectList(text, tuple(_elements(text, data[0])))
    except (ValueError, IndexError, RecursionError) as error:
        raise BadUpstreamResponse("the upstream's list of objects cannot be read") from error
    raise BadUpstreamResponse("the upstream's list of objects has no `data`")


def _members(text: str) -> Iterator[tuple[Any, int]]:
    """Yield name and start of the value of each top-level member."""
    at = _skip(text, 0)
    if text[at] != "{":
        raise ValueError("no object")
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = _JSON.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        yield name, at
        at = _skip(text, _JSON.raw_decode(text, at)[1])
        at = _skip(text, at + (text[at] == ","))


def _elements(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    at = _skip(text, at + 1)
    while text[at] != "]":
        element, end = _JSON.raw_decode(text, at)
        yield _id(element), at, end
        at = _skip(text, end)
        at = _skip(text, at + (text[at] == ","))


def _id(element: Any) -> str:
    object_id = element.get("id") if isinstance(element, dict) else None
    if isinstance(object_id, str):
        return object_id
    raise BadUpstreamResponse("the upstream's list holds something without an `id`")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


_JSON: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\r\n]*")
