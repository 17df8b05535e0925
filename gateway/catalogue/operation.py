"""A change of the list: an entry put whole, or one deleted (CAT-24). Pure.

Whole entries make an operation idempotent, and more: the operations from serial A to B, each id once, lead to B from
every serial between the two. What B has left as it was at A, it has left as it was in between.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from gateway.catalogue.canonical import MAX_LINE, NotCanonical, Value, canonical, canonical_decoded, decode
from gateway.catalogue.fitness import is_id

MAX_OPERATION: Final = MAX_LINE + 64
"""Bytes of a line: an entry and what stands around it."""

_MAX_REASON = 500  # characters


class Put(Struct, frozen=True):
    """An entry in its new form: the whole object, with members that this program does not know."""

    entry: dict[str, Any]

    @property
    def id(self) -> str:
        """The entry's."""
        return str(self.entry["id"])


class Del(Struct, frozen=True):
    """An entry that is gone: why, and what to use instead."""

    id: str
    reason: str | None = None
    successor: str | None = None


class BadOperation(Struct, frozen=True):
    """A line that is no operation on an entry; it changes nothing."""

    reason: str


Operation: TypeAlias = Put | Del


def parse_operation(line: bytes | str) -> Put | Del | BadOperation:
    """Return what a line of a delta says; nothing that a hub sends is an exception."""
    try:
        value = decode(line, limit=MAX_OPERATION)
    except NotCanonical as error:
        return BadOperation(str(error))
    kind = value.get("op")
    about = value.get("entry") if kind == "put" else value
    id_ = about.get("id") if isinstance(about, dict) else None
    if kind not in {"put", "del"} or not isinstance(about, dict):
        return BadOperation(f"op: {kind!r:.50} is neither put with an entry nor del")
    if not isinstance(id_, str) or not is_id(id_):
        return BadOperation(f"id: {id_!r:.100} is none")
    if kind == "put":
        return Put(about)
    successor = about.get("successor")
    return Del(id_, _text(about.get("reason")), successor if isinstance(successor, str) and is_id(successor) else None)


def line_of(operation: Operation) -> bytes:
    """Return the canonical line of an operation, without a line feed.

    >>> line_of(Del("acme/old", "withdrawn", "acme/new"))
    b'{"id":"acme/old","op":"del","reason":"withdrawn","successor":"acme/new"}'

    Raises:
        NotCanonical: the entry has no canonical form.
    """
    if isinstance(operation, Put):
        return b'{"entry":' + canonical(operation.entry) + b',"op":"put"}'
    said = {"reason": operation.reason, "successor": operation.successor}
    return canonical({"op": "del", "id": operation.id} | {name: text for name, text in said.items() if text})


def apply(entries: MutableMapping[str, dict[str, Any]], operations: Iterable[Operation]) -> None:
    """Change a list held as `id -> entry`. To delete what is not there is right: it is not there."""
    for one in operations:
        if isinstance(one, Put):
            entries[one.id] = one.entry
        else:
            entries.pop(one.id, None)


def merged(operations: Iterable[Operation]) -> list[Operation]:
    """Return the last operation on each id, in the order of ids: they lead to the same list."""
    last = {one.id: one for one in operations}
    return [last[id_] for id_ in sorted(last)]


def diff(
    old: Mapping[str, Value], new: Mapping[str, dict[str, Any]], gone: Callable[[str], Del] = Del
) -> Iterator[Operation]:
    """Yield what leads from one list to the other, in the order of ids; `gone` gives the reasons of deletions."""
    for id_ in sorted(old.keys() | new.keys()):
        if id_ not in new:
            yield gone(id_)
        elif id_ not in old or canonical_decoded(old[id_]) != canonical_decoded(new[id_]):
            yield Put(new[id_])


def _text(value: object) -> str | None:
    return value[:_MAX_REASON] if isinstance(value, str) and value.isprintable() and value else None
