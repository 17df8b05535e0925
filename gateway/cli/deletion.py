"""A deletion of models as a person sees it: looked up, shown, asked for, sent, waited for. `retiring.py` uses it.

What goes and what that means are the server's words (its dry run); here they are only put in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.lookup import find, find_deleted
from gateway.cli.models import NOUN
from gateway.cli.outcomes import Step, show_steps, undone
from gateway.cli.output import JsonObject
from gateway.cli.refusals import explain_refusal, say_refusal
from gateway.cli.talk import confirm_name, say
from gateway.cli.waiting import wait_for

_AFTER = ("state", "delete_time", "purge_time", "rev", "etag")  # what a drain changes of a tombstone


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the models are to go."""

    query: dict[str, str | int | None]
    living: bool = True
    """Whether names are those of models that are not deleted yet."""
    purge: bool = False
    """Whether they go for good."""
    if_match: str | None = None
    reason: str | None = None
    confirm: str | None = None
    allow_missing: bool = False
    wait: bool = True
    timeout_s: float = 300.0


class Deletion:
    """Models that go: each has its own result."""

    def __init__(self, session: Session, names: Sequence[str], wish: Wish) -> None:
        self._session = session
        self._wish = wish
        self.steps = [Step(name) for name in dict.fromkeys(names)]

    def run(self) -> None:
        """Do what was wished for, and show what became of it.

        Raises:
            Failure: nothing was done, or not everything (exit 9).
        """
        self._look()
        if self._session.dry_run or not self._session.yes:
            self._plan()
        if self._session.dry_run:
            for step in self.steps:
                step.body = step.plan
        elif self.open():
            if not self._session.yes:
                self._ask()
            self._send()
            self._wait()
            if self._wish.purge:
                self._purge()
        show_steps(self._session, self.steps)

    def open(self) -> list[Step]:
        """Return the steps that nothing stands against so far."""
        return [step for step in self.steps if step.row is not None and step.failure is None]

    def _look(self) -> None:
        for step in self.steps:
            try:
                step.row = self._find(step.named)
            except Failure as failure:
                if failure.exit_code is not ExitCode.NOT_FOUND:
                    raise  # an ambiguous name is no single model's affair
                self._failed(step, failure)

    def _find(self, named: str) -> JsonObject:
        if not self._wish.living:
            return find_deleted(self._session, NOUN, named)
        try:
            return find(self._session, NOUN, named)
        except Failure as failure:
            if failure.exit_code is not ExitCode.NOT_FOUND or not self._wish.purge:
                raise
            return find_deleted(self._session, NOUN, named)

    def _plan(self) -> None:
        """Have the server judge each deletion without doing it, and show what would go."""
        for step in self.open():
            try:
                step.plan = self._delete(step, dry_run=True)
            except Failure as failure:
                self._failed(step, failure)
                continue
            say(f"This goes: model {step.name!r} of team {step.plan['team']!r}")
            for line in step.confirmation.get("lines", ()):
                say(f"  {line}")
            if self._wish.purge:
                say("  It goes for good, at once: it cannot be restored.")

    def _ask(self) -> None:
        """Return when the answer is yes: the phrase for one model, the number for several, y where nothing depends.

        Raises:
            Failure: declined, or there is nobody to ask.
        """
        steps, wish = self.open(), self._wish
        one = len(steps) == 1
        verb = "Purge" if wish.purge else "Delete"
        what = f"{verb} model {steps[0].name!r}" if one else f"{verb} these {len(steps)} models"
        phrase = str(steps[0].confirmation.get("phrase") or steps[0].name) if one else str(len(steps))
        if wish.confirm is not None:
            if wish.confirm != phrase:
                raise UsageFailure(
                    f"--confirm says {wish.confirm!r}, but it would be {phrase!r}; nothing was changed",
                    hint="look at what would go: add --dry-run",
                )
        elif wish.purge or any(step.confirmation.get("needed") for step in steps):
            confirm_name(what, phrase, yes=False, no_input=self._session.no_input)
        else:
            self._session.confirm(f"{what}?")

    def _send(self) -> None:
        for step in self.open():
            try:
                step.body = self._delete(step)
            except Failure as failure:
                self._failed(step, failure)

    def _delete(self, step: Step, *, dry_run: bool = False) -> JsonObject:
        assert step.row is not None
        etag = _etag(self._wish.if_match, step.row)
        query = {**self._wish.query, "purge": "true" if _is_deleted(step.row) and self._wish.purge else None}
        path, reason = NOUN.path_of(step.row), self._wish.reason
        body: JsonObject = self._session.api.once(
            "DELETE", path, etag=etag, reason=reason, dry_run=dry_run, query=query
        ).body
        return body

    def _wait(self) -> None:
        waited = {step.operation: step for step in self.open() if step.operation}
        if not waited or not self._wish.wait:
            return
        about = {operation: f"draining model {step.name!r}" for operation, step in waited.items()}
        try:
            ended = wait_for(self._session, about, timeout_s=self._wish.timeout_s)
        except Failure as failure:
            if len(self.steps) > 1 and self._session.output.is_data:
                show_steps(self._session, self.steps, end=False)
                failure.told = True
            raise
        for operation, row in ended.items():
            step = waited[operation]
            if row["state"] == "done":
                step.body = {**(step.body or {}), **self._now(step)}
            else:
                self._failed(step, undone(step, row))

    def _purge(self) -> None:
        """Take away for good what was only deleted so far."""
        for step in self.open():
            if step.body is None or _is_deleted(step.row) or not _is_deleted(step.body):
                continue
            query = {"purge": "true", "team": self._session.team}
            try:
                step.body = self._session.api.once(
                    "DELETE", NOUN.path_of(step.body), etag=step.body["etag"], reason=self._wish.reason, query=query
                ).body
            except Failure as failure:
                self._failed(step, failure)

    def _now(self, step: Step) -> JsonObject:
        after = find(self._session, NOUN, str((step.row or {})["uid"]))
        return {name: after[name] for name in _AFTER if name in after}

    def _failed(self, step: Step, failure: Failure) -> None:
        """Note what stands against one; raise it when it stands against every other one, too."""
        if failure.exit_code is ExitCode.NOT_FOUND and self._wish.allow_missing:
            step.row = None
            return
        everybody = failure.exit_code in {ExitCode.UNREACHABLE, ExitCode.NOT_ALLOWED}
        if everybody and not any(one.body for one in self.steps):
            raise failure
        step.failure = failure
        if len(self.steps) > 1:
            say_refusal(failure, about=step.name)
        else:
            explain_refusal(failure, step.name)


def _is_deleted(row: JsonObject | None) -> bool:
    return row is not None and row.get("state") == "deleted"


def _etag(wanted: str | None, row: JsonObject) -> str:
    """Return the ETag to send: the one that was read, or what --if-match says: a revision or an ETag.

    >>> _etag("7", {"uid": "mdl_a", "etag": '"mdl_a.8"'})
    '"mdl_a.7"'
    """
    if wanted is None:
        return str(row["etag"])
    if wanted.isdecimal():
        return f'"{row["uid"]}.{wanted}"'
    return wanted if wanted == "*" or wanted.startswith(('"', "W/")) else f'"{wanted}"'
