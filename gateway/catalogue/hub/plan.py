"""What would be published: the working list against what is published. Pure.

`rev` grows with substance: an entry of which nothing is new but `rev`, `updated_at`, or day and version of its source
stays as it was published, and one that changed without a higher `rev` is given the next one. So a list that is imported
every day sends what changed.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from gateway.catalogue.canonical import canonical_decoded, decode
from gateway.catalogue.operation import Del, Operation, Put

_NO_SUBSTANCE = ("rev", "updated_at")
_NO_SUBSTANCE_IN = (("price", "as_of"), ("source", "version"))
_BRAKE_COUNT, _BRAKE_PERCENT = 20, 5  # section 5, step 5: clients hold what removes more


class Plan(Struct, frozen=True):
    """What a publication changes. `forms` is the whole list as it would be, `id -> canonical form`."""

    serial: int
    """The one that would be published; the published one when nothing changes."""
    forms: dict[str, bytes]
    operations: tuple[Operation, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    brakes: bool
    """Clients will hold it until somebody accepts it: it removes very many."""


def plan(  # noqa: PLR0913 - keyword-only from the fifth on
    serial: int,
    published: Mapping[str, bytes],
    wanted: Mapping[str, bytes],
    reasons: Mapping[str, Del],
    *,
    is_new: bool = False,
    verbatim: Collection[str] = (),
) -> Plan:
    """Return what leads from the published list, at `serial`, to the wanted one; `is_new` asks for a first serial.

    Both are canonical forms by id: as bytes, 100,000 entries are 100 MB and compared in no time. What is `verbatim` was
    signed by somebody else: its `rev` is not ours to settle.
    """
    forms = {
        id_: wanted[id_] if id_ in verbatim else _settled(published.get(id_), wanted[id_]) for id_ in sorted(wanted)
    }
    changed = tuple(id_ for id_, form in forms.items() if id_ in published and published[id_] != form)
    added = tuple(id_ for id_ in forms if id_ not in published)
    removed = tuple(id_ for id_ in sorted(published) if id_ not in forms)
    put = {id_: Put(decode(forms[id_])) for id_ in (*added, *changed)}
    operations = put | {id_: reasons.get(id_, Del(id_)) for id_ in removed}
    retired = [id_ for id_ in changed if _retires(decode(published[id_]), put[id_].entry)]
    return Plan(
        serial=serial + 1 if operations or is_new else serial,
        forms=forms,
        operations=tuple(operations[id_] for id_ in sorted(operations)),
        added=added,
        changed=changed,
        removed=removed,
        brakes=len(removed) + len(retired) > max(_BRAKE_COUNT, len(published) * _BRAKE_PERCENT / 100),
    )


def _settled(old: bytes | None, new: bytes) -> bytes:
    if old is None or old == new:
        return new
    before, after = decode(old), decode(new)
    if _substance(before) == _substance(after):
        return old
    return new if after["rev"] > before["rev"] else canonical_decoded(after | {"rev": before["rev"] + 1})


def _substance(entry: dict[str, Any]) -> bytes:
    kept = {name: value for name, value in entry.items() if name not in _NO_SUBSTANCE}
    for name, inner in _NO_SUBSTANCE_IN:
        if isinstance(part := kept.get(name), dict):
            kept[name] = {member: value for member, value in part.items() if member != inner}
    return canonical_decoded(kept)


def _retires(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return new.get("status") == "retired" and old.get("status") != "retired"
