"""`modelport models restore` and `purge`: the way back from a deletion, and the end of it."""

from typing import Annotated

import typer

from gateway.cli.change import given
from gateway.cli.command import Session, command
from gateway.cli.deletion import Deletion, Wish
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.lookup import find_deleted
from gateway.cli.models import NOUN
from gateway.cli.outcomes import effect_words
from gateway.cli.output import Columns, JsonObject, Output
from gateway.cli.purging import Purge
from gateway.cli.refusals import say_refusal
from gateway.cli.talk import say, suggest
from gateway.cli.waiting import Timeout, Wait, seconds

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
    """Bring deleted models back, with what pointed at them as far as that is still there."""
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
        failed = Failure(f"{len(failures)} of {len(rows)} models were not restored", exit_code=code)
        failed.told = True
        raise failed


def _undelete(session: Session, name: str, body: JsonObject, reason: str | None) -> JsonObject:
    row = find_deleted(session, NOUN, name)
    path = f"{NOUN.path_of(row)}/undelete"
    restored: JsonObject = session.api.once("POST", path, body, etag=row["etag"], reason=reason).body
    return restored


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
    filter_: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="FILTER", help="Which deleted models: 'team=acme and name=old-* and older_than=90d'."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="With --filter: do it; without, it is shown and nothing is done.")
    ] = False,
    confirm_count: Annotated[
        int | None,
        typer.Option("--confirm-count", metavar="N", help="How many models go, instead of typing it [asked for]."),
    ] = None,
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
        Purge(session, filter_, reason=reason, wait=wait, timeout_s=limit_s).run(force=force, count=confirm_count)
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
