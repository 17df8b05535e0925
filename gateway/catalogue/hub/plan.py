"""What would be published: the working list against what is published. Pure.

`rev` grows with substance: an entry of which nothing is new but `rev`, `updated_at`, or day and version of its source
stays as it was published, and one that changed without a higher `rev` is given the next one. So a list that is imported
every day sends what changed.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from gateway.catalogue.canonical import canonical_decoded
from gateway.catalogue.operation import Del, Operation, Put, diff

_NO_SUBSTANCE = ("rev", "updated_at")
_NO_SUBSTANCE_IN = (("price", "as_of"), ("source", "version"))
_BRAKE_COUNT, _BRAKE_PERCENT = 20, 5  # section 5, step 5: clients hold what removes more


class Plan(Struct, frozen=True):
    """What a publication changes. `entries` is the whole list as it would be."""

    serial: int
    """The one that would be published; the published one when nothing changes."""
    entries: dict[str, dict[str, Any]]
    operations: tuple[Operation, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    brakes: bool
    """Clients will hold it until somebody accepts it: it removes very many."""


def plan(
    serial: int,
    published: Mapping[str, dict[str, Any]],
    wanted: Mapping[str, dict[str, Any]],
    reasons: Mapping[str, Del],
    *,
    is_new: bool = False,
) -> Plan:
    """Return what leads from the published list, at `serial`, to the wanted one; `is_new` asks for a first serial."""
    entries = {id_: _settled(published.get(id_), wanted[id_]) for id_ in sorted(wanted)}
    operations = tuple(diff(published, entries, lambda id_: reasons.get(id_, Del(id_))))
    removed = tuple(one.id for one in operations if isinstance(one, Del))
    put = [one.id for one in operations if isinstance(one, Put)]
    retired = [id_ for id_ in put if _retires(published.get(id_), entries[id_])]
    return Plan(
        serial=serial + 1 if operations or is_new else serial,
        entries=entries,
        operations=operations,
        added=tuple(id_ for id_ in put if id_ not in published),
        changed=tuple(id_ for id_ in put if id_ in published),
        removed=removed,
        brakes=len(removed) + len(retired) > max(_BRAKE_COUNT, len(published) * _BRAKE_PERCENT / 100),
    )


def _settled(old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    if old is None:
        return new
    if _substance(old) == _substance(new):
        return old
    return new if new["rev"] > old["rev"] else {**new, "rev": old["rev"] + 1}


def _substance(entry: dict[str, Any]) -> bytes:
    kept = {name: value for name, value in entry.items() if name not in _NO_SUBSTANCE}
    for name, inner in _NO_SUBSTANCE_IN:
        if isinstance(part := kept.get(name), dict):
            kept[name] = {member: value for member, value in part.items() if member != inner}
    return canonical_decoded(kept)


def _retires(old: dict[str, Any] | None, new: dict[str, Any]) -> bool:
    return old is not None and new.get("status") == "retired" and old.get("status") != "retired"
