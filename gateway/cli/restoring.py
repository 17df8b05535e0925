"""`modelport models restore` and `purge`: the way back from a deletion, and the end of it."""

from typing import Annotated

import typer

from gateway.cli.change import given
from gateway.cli.client import segment
from gateway.cli.command import Session, command
from gateway.cli.deletion import Deletion, Wish
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.filtered import ConfirmCount, Filter, Filtered, Force, carry_out
from gateway.cli.lookup import find_deleted
from gateway.cli.models import NOUN
from gateway.cli.outcomes import effect_words
from gateway.cli.output import Columns, JsonObject, Output
from gateway.cli.refusals import say_refusal
from gateway.cli.talk import say, suggest
from gateway.cli.waiting import RUNNING, Timeout, Wait, seconds, wait_for

_DRAINING = "draining"
_CANCEL_S = 60.0  # a process takes an operation over within 15 s, should the one that has it be dead

_RESTORED: Columns = {
    "name": "name",
    "uid": "uid",
    "team": "team",
    "state": "state",
    "effects": lambda row: [effect_words(one) for one in row.get("effects", ())],
}
_SEVERAL: Columns = {
    "name": "name",
    "uid": "uid",
    "state": "state",
    "why not": lambda row: (row.get("problem") or {}).get("detail"),
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "restore", example="modelport models restore qwen3 --activate", changes=True)(_restore)
    command(app, "purge", example="modelport models purge --filter 'older_than=90d'", changes=True)(_purge)


def _restore(
    session: Session,
    names: Annotated[list[str], typer.Argument(metavar="DELETED|UID", help="Exact names or uids of deleted models.")],
    rename: Annotated[
        str | None, typer.Option("--rename", metavar="NAME", help="Another name, where its own is taken by now.")
    ] = None,
    activate: Annotated[
        bool, typer.Option("--activate", help="Back to the state that it had [switched off until it is enabled].")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept on the record.")] = None,
) -> None:
    """Bring deleted models back, with what pointed at them as far as that is still there.

    Of one whose last calls are still under way the deletion is called off, and it is what it was.
    """
    if session.output is Output.URL:
        raise UsageFailure("-o url: say what is wanted of a restored model", hint="use -o json")
    if rename is not None and len(names) > 1:
        raise UsageFailure("--rename goes with one model", hint="restore that one by itself")
    body = {**given(rename_to=rename), "activate": activate}
    if len(names) == 1:
        restored = _undelete(session, names[0], body, reason)
        session.item(restored, _RESTORED)
        _say_restored(session, restored)
        return
    _restore_several(session, names, body, reason)


def _restore_several(session: Session, names: list[str], body: JsonObject, reason: str | None) -> None:
    rows: list[JsonObject] = []
    failures: list[Failure] = []
    for name in dict.fromkeys(names):
        try:
            rows.append(_undelete(session, name, body, reason))
        except Failure as failure:
            if failure.exit_code in {ExitCode.UNREACHABLE, ExitCode.NOT_ALLOWED} and not rows:
                raise
            say_refusal(failure, about=name)
            failures.append(failure)
            problem = failure.problem or {"detail": failure.message, "hint": failure.hint}
            rows.append({"name": name, "exit_code": int(failure.exit_code), "problem": problem})
    session.rows(rows, _SEVERAL)
    if failures:
        code = ExitCode.PARTIAL if len(failures) < len(rows) else failures[0].exit_code
        raise Failure(f"{len(failures)} of {len(rows)} models were not restored", exit_code=code, told=True)


def _undelete(session: Session, name: str, body: JsonObject, reason: str | None) -> JsonObject:
    row = _find_gone(session, name)
    if row["state"] == _DRAINING:
        if kept := _kept(session, row, reason):
            return kept
        row = find_deleted(session, NOUN, str(row["uid"]))  # it was gone before the drain could be called off
    path = f"{NOUN.path_of(row)}/undelete"
    restored: JsonObject = session.api.once("POST", path, body, etag=row["etag"], reason=reason).body
    return restored


def _find_gone(session: Session, name: str) -> JsonObject:
    """Return the deleted model, or the one that is about to be."""
    try:
        return find_deleted(session, NOUN, name)
    except Failure as failure:
        if failure.exit_code is ExitCode.NOT_FOUND:
            rows = list(session.api.items(NOUN.path, name=name, team=session.team, state=_DRAINING))
            if len(rows) == 1:
                return rows[0]
        raise


def _kept(session: Session, row: JsonObject, reason: str | None) -> JsonObject | None:
    """Call a drain off and return the model as it is then; None when it was over before."""
    running = [one for one in session.api.items("/operations", target=row["uid"]) if one["state"] in RUNNING]
    for one in running:
        path = f"/operations/{segment(one['id'])}/cancel"
        session.api.once("POST", path, etag=None, reason=reason, replayed=False)
        wait_for(session, {one["id"]: f"keeping model {row['name']!r}"}, timeout_s=_CANCEL_S)
    after: JsonObject = session.api.get(NOUN.path_of(row)).body
    return None if after["state"] == "deleted" else after


def _say_restored(session: Session, row: JsonObject) -> None:
    say(f"model {row['name']!r} is back, {row['state']}")
    if row["state"] == "disabled":
        suggest(f"modelport models edit {row['name']} --state active", team=session.team)
    else:
        suggest(f'modelport call {row["name"]} "Say hello"', team=session.team)


def _purge(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[DELETED|UID]", help="Exact names or uids of deleted models.")
    ] = None,
    filter_: Filter = None,
    force: Force = False,
    confirm_count: ConfirmCount = None,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NAME", help="What would have to be typed, where names are given."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept on the record.")] = None,
    wait: Wait = True,
    timeout: Timeout = "5m",
) -> None:
    """Take deleted models away for good, with their endpoints and stored keys. There is no way back.

    Usage and the record of changes stay. A name is free again after a quarantine.
    """
    if session.output is Output.URL:
        raise UsageFailure("-o url: what is purged has no address", hint="use -o json")
    if bool(names) == bool(filter_):
        raise UsageFailure("name the models, or choose them with --filter", hint="every deleted one: --filter 'name=*'")
    limit_s = seconds(timeout, "--timeout")
    if filter_ is not None:
        chosen = Filtered(
            verb="purge",
            filter=filter_,
            force=force,
            count=confirm_count,
            reason=reason,
            wait=wait,
            timeout_s=limit_s,
        )
        carry_out(session, chosen)
        return
    wish = Wish(
        query={"team": session.team},
        living=False,
        purge=True,
        reason=reason,
        confirm=confirm,
        wait=wait,
        timeout_s=limit_s,
    )
    Deletion(session, names or [], wish).run()
