"""What became of each of several models, for a table, JSON or NDJSON, and the exit code of it all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest


@dataclass(slots=True)
class Step:
    """One model and what becomes of it: a tombstone, or why not."""

    named: str
    row: JsonObject | None = None
    plan: JsonObject | None = None
    body: JsonObject | None = None
    failure: Failure | None = None

    @property
    def name(self) -> str:
        """The model's name, else what was typed."""
        return str((self.row or {}).get("name", self.named))

    @property
    def operation(self) -> str | None:
        """The operation that it waits for."""
        return (self.body or {}).get("operation")

    @property
    def confirmation(self) -> dict[str, Any]:
        """What the server would have a person told and asked."""
        return (self.plan or {}).get("confirmation") or {}

    @property
    def outcome(self) -> str:
        """One word for a table."""
        if self.failure is not None:
            return "failed"
        if self.body is None:
            return "not there" if self.row is None else "not done"
        return f"would be {self.body['state']}" if self.body.get("dry_run") else str(self.body["state"])

    def as_data(self) -> JsonObject:
        """Return the step for a table or JSON."""
        if self.failure is not None:
            problem = self.failure.problem or {"detail": self.failure.message, "hint": self.failure.hint}
            return {
                "name": self.name,
                "outcome": self.outcome,
                "exit_code": int(self.failure.exit_code),
                "problem": problem,
            }
        return {"name": self.name, "outcome": self.outcome, "exit_code": int(ExitCode.DONE), "tombstone": self.body}


def effect_words(effect: JsonObject) -> str:
    """Return what happened to one reference.

    >>> effect_words({"kind": "alias", "name": "best", "action": "deleted"})
    'alias best deleted'
    """
    detail = f" ({effect['detail']})" if effect.get("detail") else ""
    return f"{effect['kind'].replace('_', ' ')} {effect['name']} {effect['action'].replace('_', ' ')}{detail}"


def _while(row: JsonObject, state: str) -> str | None:
    """Return when the model goes or went for good, if it is in this state; a draining one counts as deleted."""
    is_purged = row["state"] == "purged"
    return row.get("purge_time") if is_purged == (state == "purged") else None


_TOMBSTONE: Columns = {
    "name": "name",
    "uid": "uid",
    "team": "team",
    "state": "state",
    "deleted at": "delete_time",
    "restorable until": lambda row: _while(row, "deleted"),
    "purged at": lambda row: _while(row, "purged"),
    "successor": "successor",
    "operation": "operation",
    "effects": lambda row: [effect_words(one) for one in row.get("effects", ())],
}
_STEPS: Columns = {
    "name": "name",
    "outcome": "outcome",
    "uid": lambda row: (row.get("tombstone") or {}).get("uid"),
    "restorable until": lambda row: (row.get("tombstone") or {}).get("purge_time"),
    "operation": lambda row: (row.get("tombstone") or {}).get("operation"),
    "why not": lambda row: (row.get("problem") or {}).get("detail"),
}


def show_steps(session: Session, steps: Sequence[Step], *, end: bool = True) -> None:
    """Write what became of each, and end as it ended.

    Raises:
        Failure: of one model its own; of several exit 9, unless all failed.
    """
    failures = [step.failure for step in steps if step.failure is not None]
    if len(steps) > 1:
        session.rows([step.as_data() for step in steps], _STEPS)
    elif failures:
        raise failures[0]
    elif steps[0].body is not None:
        session.item(steps[0].body, _TOMBSTONE)
    elif session.output.is_data:
        session.item(steps[0].as_data(), _STEPS)
    if not end:
        return
    for step in steps:
        _say_end(step)
    if failures:
        raise _partial(len(steps), failures)
    _suggest(session, steps)


def undone(step: Step, operation: JsonObject) -> Failure:
    """Return the failure that an operation means which did not end as it was meant to."""
    if operation["state"] == "cancelled":
        return Failure(
            f"the deletion of model {step.name!r} was cancelled meanwhile",
            exit_code=ExitCode.CHANGED,
            hint=f"modelport models show {step.name}",
            problem={"code": "cancelled", "operation": operation},
        )
    error = operation.get("error") or {}
    return Failure(
        f"model {step.name!r}: {error.get('message') or 'the operation failed'}",
        exit_code=exit_code_of(int(error.get("status", 500)), str(error.get("code", ""))),
        hint=error.get("hint") or f"modelport operations show {operation['id']}",
        problem={"code": "operation_failed", "operation": operation},
    )


def _say_end(step: Step) -> None:
    if step.failure is not None:
        return
    if step.body is None:
        if step.row is None:
            say(f"model {step.named!r} is not there: nothing to do")
        return
    if step.body.get("dry_run"):
        say(f"Dry run: model {step.name!r} would be {step.body['state']}; nothing was changed")
    elif step.body["state"] == "draining":
        say(f"model {step.name!r} takes no new calls; those under way may end")
    elif step.body["state"] == "purged":
        say(f"model {step.name!r} is gone for good")
    elif until := step.body.get("purge_time"):
        say(f"model {step.name!r} is deleted; it can be restored until {until[:10]}")
    else:
        say(f"model {step.name!r} is {step.body['state']}")


def _suggest(session: Session, steps: Sequence[Step]) -> None:
    done = [step for step in steps if step.body is not None]
    if not done:
        return
    body = done[0].body or {}
    if body.get("dry_run"):
        return
    if body["state"] == "draining" and body.get("operation"):
        suggest(f"modelport operations watch {body['operation']}")
    elif body["state"] == "deleted":
        suggest(f"modelport models restore {' '.join(str((step.body or {}).get('uid')) for step in done)}")
    else:
        suggest("modelport models list", team=session.team)


def _partial(number: int, failures: Sequence[Failure]) -> Failure:
    first = failures[0]
    code = ExitCode.PARTIAL if len(failures) < number else first.exit_code
    return Failure(
        f"{len(failures)} of {number} models stay as they are: {first.message}",
        exit_code=code,
        hint=first.hint,
        problem=first.problem,
        told=True,
    )
