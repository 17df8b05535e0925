"""Many deleted models that go for good: shown with their number, which is typed, then gone as an operation."""

from typing import Any

from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import confirm_name, say, suggest
from gateway.cli.waiting import wait_for

_PATH = "/models:purge"
_SHOWN = 10  # of the sample: what still fits on a screen
_PLAN: Columns = {"models": "count", "filter": "filter", "plan token": "plan_token"}
_DONE: Columns = {"operation": "id", "state": "state", "done": "done", "failed": "failed"}


class Purge:
    """A purge by a filter."""

    def __init__(self, session: Session, text: str, *, reason: str | None, wait: bool, timeout_s: float) -> None:
        self._session = session
        self._filter = text
        self._reason = reason
        self._wait = wait
        self._timeout_s = timeout_s

    def run(self, *, force: bool, count: int | None) -> None:
        """Show what would go; with `force` have it go, once its number was typed or is `count`.

        Raises:
            Failure: another number goes than was confirmed, or some could not (exit 9).
        """
        plan = self._ask_server({"force": False})
        self._say_plan(plan)
        if not force or self._session.dry_run:
            self._session.item(plan, _PLAN)
            if plan["count"]:
                say("Nothing was changed; add --force to do it.")
            return
        if not plan["count"]:
            self._session.item(plan, _PLAN)
            return
        if count is None:
            confirm_name(
                f"Purge {plan['count']} models for good",
                str(plan["count"]),
                yes=False,
                no_input=self._session.no_input,
            )
            count = int(plan["count"])
        body = {"force": True, "plan_token": plan["plan_token"], "confirm_count": count}
        self._finish(self._ask_server(body))

    def _ask_server(self, more: dict[str, Any]) -> JsonObject:
        """Ask for the plan, or for what it says; the plan is a question, so that a dry run asks it, too."""
        body = {"filter": self._filter, **more}
        plan_only = not more["force"]
        found: JsonObject = self._session.api.once(
            "POST", _PATH, body, reason=self._reason, harmless=plan_only, query={"team": self._session.team}
        ).body
        return found

    def _say_plan(self, plan: JsonObject) -> None:
        say(f"This goes for good: {plan['count']} deleted models")
        for row in plan["sample"][:_SHOWN]:
            say(f"  model {row['name']!r} of team {row['team']!r}, {row['uid']}")
        if plan["count"] > _SHOWN:
            say(f"  and {plan['count'] - _SHOWN} more")

    def _finish(self, begun: JsonObject) -> None:
        operation = str(begun["operation"])
        if not self._wait:
            self._session.item({"id": operation, **begun}, _DONE)
            suggest(f"modelport operations watch {operation}")
            return
        row = wait_for(self._session, {operation: "purging"}, timeout_s=self._timeout_s)[operation]
        self._session.item(row, _DONE)
        if row["state"] != "done" or row["failed"]:
            message = (row.get("error") or {}).get("message") or f"{row['failed']} models were not purged"
            failure = Failure(
                message,
                exit_code=ExitCode.PARTIAL if row["done"] else ExitCode.UNEXPECTED,
                hint=f"modelport operations show {operation}",
            )
            failure.told = True
            raise failure
        say(f"{row['done']} models are gone for good")
