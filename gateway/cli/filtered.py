"""Many models that a filter means: shown with their number, which is typed, then gone as an operation of the server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

import typer

from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.output import Columns, JsonObject
from gateway.cli.refusals import explain_refusal
from gateway.cli.talk import confirm_name, say, suggest
from gateway.cli.waiting import wait_for

Filter: TypeAlias = Annotated[
    str | None,
    typer.Option("--filter", metavar="FILTER", help="Instead of names: 'team=acme and name=old-* and older_than=90d'."),
]
Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="With --filter: do it; without, it is shown and nothing is done.")
]
ConfirmCount: TypeAlias = Annotated[
    int | None,
    typer.Option("--confirm-count", metavar="N", help="How many models go, instead of typing it."),
]

_SHOWN = 10  # of the sample: what still fits on a screen
_PLAN: Columns = {"models": "count", "filter": "filter", "plan token": "plan_token"}
_DONE: Columns = {"operation": "id", "state": "state", "done": "done", "failed": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """What is to be done with the models: `verb` is "delete" or "purge", `terms` what else the API is told."""

    verb: str
    filter: str
    terms: Mapping[str, Any] = field(default_factory=dict)
    force: bool = False
    count: int | None = None
    reason: str | None = None
    wait: bool = True
    timeout_s: float = 300.0


def carry_out(session: Session, wish: Filtered) -> None:
    """Show what would go; with `force` have it go, once its number was typed or is `count`.

    Raises:
        Failure: another number goes than was confirmed, or some could not (exit 9).
    """
    try:
        _carry_out(session, wish)
    except Failure as failure:
        explain_refusal(failure, "NAME")
        raise


def _carry_out(session: Session, wish: Filtered) -> None:
    plan = _ask_server(session, wish, {"force": False})
    _say_plan(wish, plan)
    if not wish.force or session.dry_run or not plan["count"]:
        session.item(plan, _PLAN)
        if plan["count"]:
            say("Nothing was changed; add --force to do it.")
        return
    count = _confirmed(session, wish, plan)
    body = {"force": True, "plan_token": plan["plan_token"], "confirm_count": count}
    _finish(session, wish, _ask_server(session, wish, body))


def _ask_server(session: Session, wish: Filtered, more: dict[str, Any]) -> JsonObject:
    """Ask for the plan, or for what it says. A plan changes nothing, so that a dry run asks for it, too."""
    found: JsonObject = session.api.once(
        "POST",
        f"/models:{wish.verb}",
        {"filter": wish.filter, **wish.terms, **more},
        reason=wish.reason,
        harmless=not more["force"],
        query={"team": session.team},
    ).body
    return found


def _say_plan(wish: Filtered, plan: JsonObject) -> None:
    count = plan["count"]
    what = f"{count} deleted {_models(count)}, for good" if wish.verb == "purge" else f"{count} {_models(count)}"
    say(f"This goes: {what}")
    for row in plan["sample"][:_SHOWN]:
        say(f"  model {row['name']!r} of team {row['team']!r}, {row['uid']}")
    if count > _SHOWN:
        say(f"  and {count - _SHOWN} more")


def _confirmed(session: Session, wish: Filtered, plan: JsonObject) -> int:
    """Return the number that was confirmed; --yes is enough where the server asks for none."""
    confirmation = plan.get("confirmation") or {}
    if wish.count is not None:
        return wish.count
    count = int(plan["count"])
    if session.yes and not confirmation.get("needed"):
        return count
    if confirmation.get("needed"):
        say(f"  {confirmation['why']}")
    try:
        confirm_name(
            f"{wish.verb.capitalize()} {count} {_models(count)}", str(count), yes=False, no_input=session.no_input
        )
    except UsageFailure as failure:
        failure.hint = f"look at the plan; then add --confirm-count {count}"
        raise
    return count


def _finish(session: Session, wish: Filtered, begun: JsonObject) -> None:
    operation = str(begun["operation"])
    if not wish.wait:
        session.item({**begun, "id": operation, "state": "pending"}, _DONE)
        suggest(f"modelport operations watch {operation}")
        return
    about = "purging" if wish.verb == "purge" else "deleting"
    row = wait_for(session, {operation: about}, timeout_s=wish.timeout_s)[operation]
    session.item(row, _DONE)
    gone = int(row["done"]) - int(row["failed"])
    if row["state"] != "done" or row["failed"]:
        message = (row.get("error") or {}).get("message") or (
            f"the operation was {row['state']} after {gone} models"
            if row["state"] != "done"
            else f"{row['failed']} of {row['done']} models stay as they are"
        )
        hint = f"modelport operations items {operation} says which, and why"
        raise Failure(message, exit_code=ExitCode.PARTIAL if gone else _code_of(row), hint=hint, told=True)
    say(f"{gone} {_models(gone)} {'gone for good' if wish.verb == 'purge' else 'deleted, and restorable'}")
    suggest("modelport models list --state deleted", team=session.team)


def _code_of(operation: JsonObject) -> ExitCode:
    """Return the exit code of an operation after which every model is still there."""
    if operation["state"] == "done":  # each was refused
        return ExitCode.REFERENCED
    if operation["state"] == "cancelled":
        return ExitCode.CHANGED
    error = operation.get("error") or {}
    return exit_code_of(int(error.get("status", 500)), str(error.get("code", "")))


def _models(count: int) -> str:
    return "model" if count == 1 else "models"
