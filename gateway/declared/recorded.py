"""What a step of a file leaves on the record: one row, in the name of the line that says so. Pure."""

from collections.abc import Mapping
from typing import Any

from gateway.api.acting import Acting
from gateway.audit.event import Event
from gateway.declared.plan import Step
from gateway.registry.service.recorded import AnyRecord, effect, values_of


def declarer(step: Step) -> Acting:
    """Return the line of the file as who acts."""
    return Acting("file", id=step.at, name="configuration file", via="file")


def created(step: Step, key: str, row: Mapping[str, object]) -> Event:
    """Return the event of a new row."""
    return Event(f"{step.kind}.create", step.kind, key, step.name, step.team or None, rev_after=1, after=dict(row))


def updated(step: Step, before: AnyRecord, changes: Mapping[str, object]) -> Event:
    """Return the event of columns that change."""
    was = values_of(before)
    return _event(step, "change", rev_before=before.rev, rev_after=before.rev + 1, before=was, after={**was, **changes})


def deleted(step: Step, before: AnyRecord, gone: Mapping[str, str] | None = None) -> Event:
    """Return the event of a row that goes; `gone` are the addresses of endpoints that go with it, by id."""
    effects = tuple(effect("endpoint", key, address) for key, address in (gone or {}).items())
    return _event(step, "delete", rev_before=before.rev, before=values_of(before), effects=effects)


def leading(step: Step, uid: str, before: tuple[str, ...], after: tuple[str, ...]) -> Event:
    """Return the event of another list of fallbacks, by their names."""
    was, now = {"fallbacks": list(before)}, {"fallbacks": list(after)}
    return Event("model.change", "model", uid, step.name, step.team or None, before=was, after=now)


def taken(step: Step) -> Event:
    """Return the event of an object whose owner the file becomes, or was."""
    was, now = ({}, {"managed_at": step.at}) if step.verb == "adopt" else ({"managed_at": step.at}, {})
    return _event(step, step.verb, before=was, after=now)


def _event(step: Step, verb: str, **values: Any) -> Event:
    team = step.name if step.kind == "team" else step.team
    return Event(f"{step.kind}.{verb}", step.kind, step.id, step.name, team or None, **values)
