"""What would change: two configurations side by side. Pure; used by `config diff`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from gateway.configuration.origin import Origin
from gateway.configuration.view import Shown

Effect = Literal["at once", "after a restart", "none"]


class Change(NamedTuple):
    """One value that differs; None where there is none. `why` tells why a change has no effect."""

    name: str
    before: Any
    after: Any
    effect: Effect
    why: str | None


def changed_settings(
    before: Sequence[Shown], after: Sequence[Shown], *, hot: Callable[[str], bool]
) -> Iterator[Change]:
    """Yield the settings that differ. A variable or flag of the running server goes before any file."""
    new = {one.name: one for one in after}
    for old in before:
        if old.name not in new or new[old.name].raw == old.raw:
            continue
        one = new[old.name]
        if old.origin.source not in {"variable", "flag"}:
            yield Change(old.name, old.value, one.value, "at once" if hot(old.name) else "after a restart", None)
        elif one.origin.source == "file":
            yield Change(old.name, old.value, one.value, "none", f"{old.origin} goes before the file")


def changed_objects(before: Sequence[Shown], after: Sequence[Shown]) -> Iterator[Change]:
    """Yield the values of declared objects that differ; they take effect at once."""
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    for name in dict.fromkeys([*old, *new]):
        was, is_ = old.get(name), new.get(name)
        if was is None or is_ is None or was.raw != is_.raw:
            yield Change(name, was.value if was else None, is_.value if is_ else None, "at once", None)


def shown_of(data: Sequence[dict[str, Any]]) -> list[Shown]:
    """Return the values of a server's answer (view.py's `settings_data`); what it masked is compared as masked."""
    return [
        Shown(one["name"], one["value"], Origin(one["origin"]["source"], one["origin"]["place"]), one["value"])
        for one in data
    ]


def as_a_server_shows(values: Sequence[Shown]) -> list[Shown]:
    """Return the values as comparable with a server's answer: masked, so that a hidden password is not a change."""
    return [Shown(one.name, one.value, one.origin, one.value) for one in values]
