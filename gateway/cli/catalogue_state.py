"""`modelport catalogue status|sync|verify|diff|accept`: how fresh the list is, and having it made so.

The exit codes are those of the failure matrix: 20 not fresh where that was asked for, 21 not to be trusted, 22 held.
"""

from typing import Annotated

import typer

from gateway.cli.catalogue import PATH, RequireFresh, require_fresh_list, span, told_age, warn_age
from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure
from gateway.cli.output import Columns, JsonObject, Output, write_lines
from gateway.cli.talk import say, suggest
from gateway.cli.waiting import Timeout, Wait, seconds, wait_for


def _held(row: JsonObject) -> str | None:
    held = row["held"]
    return f"serial {held['serial']}: {held['removed']} entries would leave, {held['limit']} may" if held else None


def _compared(row: JsonObject) -> str | None:
    found = row["comparison"]
    if not found:
        return None
    return (
        f"{found['same']} the same, {found['differing']} differ, {found['missing']} not at the hub, "
        f"{found['refused']} cannot be used, {found['only_hub']} at the hub alone"
    )


_STATUS: Columns = {
    "state": "state",
    "mode": "mode",
    "hub": "hub",
    "list": lambda row: row["origin"],
    "serial": "serial",
    "age": lambda row: None if row["age_s"] is None else span(row["age_s"]),
    "signed at": "signed_at",
    "checked at": "checked_at",
    "entries": lambda row: row["counts"]["entries"],
    "hidden": lambda row: row["counts"]["hidden"] or None,
    "in quarantine": lambda row: row["counts"]["quarantined"] or None,
    "suppressed": lambda row: row["counts"]["suppressed"] or None,
    "pinned": lambda row: row["counts"]["pinned"] or None,
    "orphaned models": lambda row: row["counts"]["orphaned"] or None,
    "proposals": lambda row: row["proposals"] or None,
    "held": _held,
    "configuration's list": _compared,
    "last error": "last_error",
    "next look": "next_at",
}
_VERIFIED: Columns = {
    "verified": "verified",
    "entries": "entries",
    "serial": "serial",
    "state": "state_sha256",
    "problem": "problem",
}
_DIFFERENCES: Columns = {"id": "id", "difference": "kind", "fields": "fields", "reason": "reason"}
_LONG = "5m"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "status", example="modelport catalogue status --require-fresh")(_status)
    command(app, "sync", example="modelport catalogue sync", changes=True)(_sync)
    command(app, "verify", example="modelport catalogue verify")(_verify)
    command(app, "diff", example="modelport catalogue diff")(_diff)
    command(app, "accept", example="modelport catalogue accept 42", changes=True)(_accept)


def _status(session: Session, require_fresh: RequireFresh = False) -> None:
    """Show how fresh the list is, where it came from, and what waits for somebody."""
    found = _look(session)
    session.item(found, _STATUS)
    warn_age(found)
    if found["proposals"]:
        suggest("modelport catalogue proposals list", team=session.team)
    _end(found, require_fresh=require_fresh)


def _sync(session: Session, require_fresh: RequireFresh = False, wait: Wait = True, timeout: Timeout = _LONG) -> None:
    """Have the hub asked now, and show what came of it.

    A hub that is away is no failure: the list that is here stays in use. Add --require-fresh where that is not enough.
    """
    limit_s = seconds(timeout, "--timeout")
    _follow(session, session.api.post(f"{PATH}:sync").body, wait=wait, limit_s=limit_s, require_fresh=require_fresh)


def _accept(
    session: Session,
    serial: Annotated[int, typer.Argument(metavar="SERIAL", help="The serial that is held: catalogue status.", min=0)],
    require_fresh: RequireFresh = False,
    wait: Wait = True,
    timeout: Timeout = _LONG,
) -> None:
    """Take a list that waits because it takes very much away. Models here are flagged, never deleted."""
    limit_s = seconds(timeout, "--timeout")
    if not session.dry_run:
        held = _look(session)["held"]
        if held and held["serial"] == serial:
            session.confirm(f"Take serial {serial}, which takes {held['removed']} entries away?")
    begun = session.api.post(f"{PATH}:accept", {"serial": serial}).body
    _follow(session, begun, wait=wait, limit_s=limit_s, require_fresh=require_fresh)


def _verify(session: Session) -> None:
    """Hash every entry that is stored here again. Damage is healed by building the list anew."""
    found: JsonObject = session.api.post(f"{PATH}:verify").body
    session.item(found, _VERIFIED)
    if not found["verified"]:
        raise Failure(
            f"the catalogue's file is not what was signed: {found['problem']}",
            exit_code=ExitCode.UNTRUSTED,
            hint="it is built anew by itself: modelport catalogue status",
        )


def _diff(
    session: Session,
    since: Annotated[
        int | None, typer.Option("--since", metavar="SERIAL", help="What changed since this serial instead.", min=0)
    ] = None,
) -> None:
    """Compare the configuration's list with the hub's, in the mode hybrid: what would be lost with dynamic."""
    if since is not None:
        for line in session.api.lines(f"{PATH}/changes", since=since):
            write_lines([line.rstrip("\n")])
        return
    rows = list(session.api.items(f"{PATH}/differences"))
    session.rows(rows, _DIFFERENCES)
    told = _look(session)
    if told["comparison"] is None:
        say(f"There is nothing to compare: the mode is {told['mode']}. --since SERIAL shows what changed at the hub.")
    elif session.output is Output.TABLE:
        say(_compared(told) or "")


def _follow(session: Session, begun: JsonObject, *, wait: bool, limit_s: float, require_fresh: bool) -> None:
    """Wait for a look at the hub, and end as the list stands then."""
    if not wait:
        write_lines([begun["id"]])
        return
    ended = wait_for(session, {begun["id"]: "asking the hub"}, timeout_s=limit_s)[begun["id"]]
    found = _look(session)
    session.item(found, _STATUS)
    error = ended.get("error") or {}
    if error:
        say(f"Nothing was taken: {error['message']}")
        if error.get("hint"):
            say(f"Hint: {error['hint']}")
    elif result := ended.get("result"):
        say(_came_of(result))
    _end(found, require_fresh=require_fresh)


def _came_of(result: JsonObject) -> str:
    """Say what a look came to.

    >>> _came_of({"outcome": "current"})
    'Nothing is new.'
    """
    if result["outcome"] == "taken":
        start = "nothing" if result["from"] is None else f"serial {result['from']}"
        counts = f"{result['added']} added, {result['changed']} changed, {result['removed']} removed"
        return f"From {start} to serial {result['to']}: {counts}."
    return _OUTCOMES[result["outcome"]]


_OUTCOMES = {
    "current": "Nothing is new.",
    "held": "The new list takes very much away, so it waits for somebody.",
    "waiting": "The hub asked to be left alone for now.",
    "elsewhere": "Another process is asking the hub.",
    "failed": "Nothing was taken.",
}


def _look(session: Session) -> JsonObject:
    found: JsonObject = session.api.get(f"{PATH}/status").body
    return found


def _end(status: JsonObject, *, require_fresh: bool) -> None:
    """End with the number of the failure matrix (catalogue.md section 5)."""
    if status["state"] == "untrusted":
        raise Failure(
            f"the hub is not to be trusted just now: {status['last_error']}",
            exit_code=ExitCode.UNTRUSTED,
            hint="nothing of it was taken; compare with the hub's owner before you change catalogue.root",
        )
    if status["held"]:
        held = status["held"]
        raise Failure(
            f"serial {held['serial']} of the hub's list is held: {held['removed']} entries would leave",
            exit_code=ExitCode.HELD,
            hint=f"modelport catalogue accept {held['serial']} takes it",
        )
    if require_fresh:
        require_fresh_list(status)
    elif status["state"] not in {"bundled", "fresh", "static", "syncing"}:
        say(f"The catalogue is {told_age(status)}; it stays in use.")
