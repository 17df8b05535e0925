"""`modelport catalogue pin`, `suppressions` and `proposals`: what this installation says about the hub's list."""

from typing import Annotated, TypeAlias

import typer

from gateway.cli.catalogue import PATH, Entry
from gateway.cli.change import given
from gateway.cli.client import segment
from gateway.cli.command import Session, command, group
from gateway.cli.failure import UsageFailure
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest

_PINS: Columns = {"entry": "entry_id", "since": "at", "by": "by", "gone at the hub": "gone", "behind the hub": "behind"}
_SUPPRESSIONS: Columns = {
    "entry": "entry_id",
    "team": lambda row: row["team"] or "everybody",
    "since": "at",
    "until": "until",
    "by": "by",
    "reason": "reason",
    "deleted model": "model_uid",
}
_PROPOSALS: Columns = {
    "id": "id",
    "model": "model",
    "team": "team",
    "proposal": "kind",
    "details": lambda row: [f"{name}: {value}" for name, value in row["details"].items()],
    "state": "state",
    "since": "at",
}

Proposal: TypeAlias = Annotated[str, typer.Argument(metavar="PROPOSAL", help="The proposal's id, prp_…")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "pin", example="modelport catalogue pin acme/coder-7b", changes=True)(_pin)
    suppressions = typer.Typer(no_args_is_help=True)
    command(suppressions, "list", example="modelport catalogue suppressions list")(_list_suppressions)
    command(
        suppressions,
        "add",
        example='modelport catalogue suppressions add acme/coder-7b --reason "too dear"',
        changes=True,
    )(_suppress)
    command(suppressions, "remove", example="modelport catalogue suppressions remove acme/coder-7b", changes=True)(
        _unsuppress
    )
    group(
        suppressions,
        app,
        "suppressions",
        about="Entries that are kept out of a team's list, and so of its recommendations.",
        example="modelport catalogue suppressions list",
    )
    proposals = typer.Typer(no_args_is_help=True)
    command(proposals, "list", example="modelport catalogue proposals list")(_list_proposals)
    command(proposals, "apply", example="modelport catalogue proposals apply prp_6xk3v2c7qd5tzj4hwy2a", changes=True)(
        _apply
    )
    command(
        proposals, "dismiss", example="modelport catalogue proposals dismiss prp_6xk3v2c7qd5tzj4hwy2a", changes=True
    )(_dismiss)
    group(
        proposals,
        app,
        "proposals",
        about="What the catalogue says of models that were made of it: a person decides.",
        example="modelport catalogue proposals list",
    )


def _pin(
    session: Session,
    entry: Annotated[str | None, typer.Argument(metavar="[ID]", help="The entry's id.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Show what the hub says again.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Show what is pinned.")] = False,
) -> None:
    """Keep an entry as it is now, whatever the hub says later, also when the hub has it no longer."""
    if show or entry is None:
        if entry is not None or off or not show:
            raise UsageFailure("name an entry, or say --list", hint="modelport catalogue pin acme/coder-7b")
        session.rows(list(session.api.items(f"{PATH}/pins")), _PINS)
    elif off:
        session.api.delete(f"{PATH}/pins/{segment(entry)}", etag=None)
        say(f"{entry} is shown as the hub has it.")
    else:
        session.item(session.api.post(f"{PATH}/pins", {"entry_id": entry}).body, _PINS)


def _list_suppressions(session: Session) -> None:
    """List what is kept out of your lists, by whom and why."""
    session.rows(list(session.api.items(f"{PATH}/suppressions")), _SUPPRESSIONS)


def _suppress(
    session: Session,
    entry: Entry,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for whoever wonders.")] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", help="On offer again after so many.", min=1)
    ] = None,
) -> None:
    """Keep an entry out of the team's list: --team, or the key's own; without a team out of everybody's."""
    body = {"entry_id": entry, **given(team=session.team, reason=reason, days=days)}
    session.item(session.api.post(f"{PATH}/suppressions", body).body, _SUPPRESSIONS)


def _unsuppress(session: Session, entry: Entry) -> None:
    """Offer an entry again, to the team that it was kept from."""
    query = {"team": session.team}
    session.api.once("DELETE", f"{PATH}/suppressions/{segment(entry)}", query=query)
    say(f"{entry} is on offer again.")


def _list_proposals(
    session: Session,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="open, applied, dismissed or withdrawn [open].")
    ] = None,
) -> None:
    """List deprecations, successors and removals of entries that your models were made of."""
    rows = list(session.api.items(f"{PATH}/proposals", state=state, team=session.team))
    session.rows(rows, _PROPOSALS)
    if rows and state is None:
        suggest(f"modelport catalogue proposals apply {rows[0]['id']}", team=session.team)


def _apply(session: Session, proposal: Proposal) -> None:
    """Do what is proposed: announce the end or the successor to callers, or delete the model."""
    if not session.dry_run:
        session.confirm(f"Apply {proposal}?")
    _decide(session, proposal, "apply")


def _dismiss(session: Session, proposal: Proposal) -> None:
    """Leave the model as it is; it is not proposed again in the same words."""
    _decide(session, proposal, "dismiss")


def _decide(session: Session, proposal: str, verb: str) -> None:
    found: JsonObject = session.api.post(f"{PATH}/proposals/{segment(proposal)}/{verb}").body
    session.item(found, _PROPOSALS)
