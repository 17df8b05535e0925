"""Several models that go together, all or none: `modelport models delete A B C --together`.

Shown as the server judges them, confirmed by their number, sent as one batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.lookup import find
from gateway.cli.models import NOUN
from gateway.cli.outcomes import effect_words
from gateway.cli.output import Columns, JsonObject
from gateway.cli.refusals import reference_words
from gateway.cli.talk import confirm_name, say, suggest
from gateway.cli.waiting import wait_for

_SHOWN = 10  # lines about each model, and models: what still fits on a screen
_GONE: Columns = {"name": "name", "uid": "uid", "state": "state", "restorable until": "purge_time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How the models are to go; `count` and `confirm` are what would have to be typed: their number."""

    terms: Mapping[str, Any] = field(default_factory=dict)
    count: int | None = None
    confirm: str | None = None
    reason: str | None = None
    wait: bool = True
    timeout_s: float = 300.0


def delete_together(session: Session, names: Sequence[str], wish: Batch) -> None:
    """Delete the models, or none of them.

    Raises:
        Failure: one is not there, or may not go; the lines above it say which and why.
    """
    rows = {row["uid"]: row for row in (find(session, NOUN, name) for name in dict.fromkeys(names))}
    items = [{"uid": uid, "etag": row["etag"]} for uid, row in rows.items()]
    try:
        plan = _send(session, wish, items, {"dry_run": True})
        _say_plan(plan)
        if session.dry_run:
            _end(session, plan["items"])
            say("Dry run: nothing was changed")
            return
        done = _send(session, wish, items, {"confirm_count": _confirmed(session, wish, plan)})
    except Failure as failure:
        _explain(failure)
        raise
    _finish(session, wish, done)


def _send(session: Session, wish: Batch, items: list[dict[str, Any]], more: dict[str, Any]) -> JsonObject:
    body = {"items": items, **wish.terms, **more}
    harmless = bool(more.get("dry_run"))
    found: JsonObject = session.api.once(
        "POST", "/models:batchDelete", body, reason=wish.reason, harmless=harmless
    ).body
    return found


def _say_plan(plan: JsonObject) -> None:
    say(f"This goes together: {plan['count']} {_models(plan['count'])}")
    for row in plan["items"][:_SHOWN]:
        say(f"  model {row['name']!r} of team {row['team']!r}")
        for one in row["effects"][:_SHOWN]:
            say(f"    {effect_words(one)}")
        if len(row["effects"]) > _SHOWN:
            say(f"    and {len(row['effects']) - _SHOWN} more")
    if plan["count"] > _SHOWN:
        say(f"  and {plan['count'] - _SHOWN} more")


def _confirmed(session: Session, wish: Batch, plan: JsonObject) -> int:
    """Return the number that was confirmed; --yes is enough where the server asks for none."""
    count, asked = int(plan["count"]), plan["confirmation"]
    given = wish.count if wish.count is not None else wish.confirm
    if given is not None:
        if str(given) != str(count):
            raise UsageFailure(
                f"{given} was confirmed, but {count} {_models(count)} would go; nothing was changed",
                hint="look at what would go: add --dry-run",
            )
        return count
    if session.yes and not asked["needed"]:
        return count
    if asked["needed"]:
        say(f"  {asked['why']}")
    try:
        confirm_name(
            f"Delete these {count} {_models(count)} together", str(count), yes=False, no_input=session.no_input
        )
    except UsageFailure as failure:
        failure.hint = f"look at what would go: add --dry-run; then --confirm-count {count}"
        raise
    return count


def _finish(session: Session, wish: Batch, done: JsonObject) -> None:
    operation, items = done["operation"], done["items"]
    if operation is not None and wish.wait:
        row = wait_for(session, {operation: f"draining {done['count']} models"}, timeout_s=wish.timeout_s)[operation]
        if row["state"] != "done":
            error = row.get("error") or {}
            raise Failure(
                error.get("message") or f"the operation was {row['state']}",
                exit_code=ExitCode.CHANGED
                if row["state"] == "cancelled"
                else exit_code_of(int(error.get("status", 500)), str(error.get("code", ""))),
                hint=f"modelport operations items {operation}",
                problem={"code": "operation_failed", "operation": row},
            )
        items = [{**one, "state": "deleted"} for one in items]
    _end(session, items)
    if operation is not None and not wish.wait:
        suggest(f"modelport operations watch {operation}")
        return
    say(f"{done['count']} {_models(done['count'])} deleted; they can be restored until {items[0]['purge_time'][:10]}")
    suggest(f"modelport models restore {' '.join(str(one['uid']) for one in items[:_SHOWN])}")


def _end(session: Session, items: Sequence[JsonObject]) -> None:
    session.rows(list(items), _GONE)


def _explain(failure: Failure) -> None:
    """Say what stands against each model that may not go; the exit code is that of the first."""
    problem = failure.problem or {}
    for one in (problem.get("items") or [])[:_SHOWN]:
        say(f"  {one['name']}: {one['message']}")
        for reference in (one.get("references") or [])[:_SHOWN]:
            say(f"    {reference_words(reference)}")
    if problem.get("code") == "batch_refused":
        first = problem["items"][0]
        failure.exit_code = exit_code_of(int(first["status"]), str(first["code"]))
        failure.hint = "leave these out, or change what keeps them: --references cascade takes along what can go"


def _models(count: int) -> str:
    return "model" if count == 1 else "models"
