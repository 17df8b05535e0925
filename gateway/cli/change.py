"""What adding, editing and removing have in common for every noun."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

import typer

from gateway.cli.command import Session, read_secret
from gateway.cli.contexts import SERVER_REFERENCES
from gateway.cli.failure import UsageFailure
from gateway.cli.lookup import Noun, find
from gateway.cli.output import JsonObject
from gateway.cli.talk import say, suggest

DEFAULT = "default"
"""The word on the command line that takes a choice back: null in JSON."""

Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Description: TypeAlias = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")]


def given(**values: Any) -> JsonObject:
    """Return the values that were said; what was left out is None."""
    return {name: value for name, value in values.items() if value is not None}


def given_or_null(**values: Any) -> JsonObject:
    """Return the values that were said, with null where they were said to be nothing: `default`, `""` or 0."""
    return {name: None if value in {DEFAULT, "", 0} else value for name, value in values.items() if value is not None}


def upstream_key(api_key: str | None, api_key_file: str | None) -> JsonObject:
    """Return the `api_key` of an endpoint, from a reference or from a file with the key itself.

    Raises:
        UsageFailure: a key stands where a reference belongs: it would stay in the shell's history.
    """
    if api_key_file is not None:
        if api_key is not None:
            raise UsageFailure("--api-key and --api-key-file are one choice", hint="leave one out")
        return {"api_key": read_secret(api_key_file, option="--api-key-file")}
    if api_key is None:
        return {}
    if api_key != "" and not api_key.startswith(SERVER_REFERENCES):
        raise UsageFailure(
            "--api-key takes a reference, not the key itself, which would stay in the shell's history",
            hint="write env:NAME, file:PATH or keyring:SERVICE/USER, as the server sees them; "
            "or --api-key-file PATH (- for stdin) to store the key",
        )
    return {"api_key": api_key or None}


def edit(session: Session, noun: Noun, named: str, changes: JsonObject, **query: str) -> JsonObject:
    """Change an object, unless somebody else did since it was read, and return it.

    Raises:
        UsageFailure: nothing was said to be changed.
    """
    if not changes:
        raise UsageFailure("nothing to change", hint=f"modelport {noun.plural} edit --help lists what can be")
    before = find(session, noun, named)
    after: JsonObject = session.api.patch(noun.path_of(before), changes, etag=before.get("etag"), **query).body
    return after


def remove(
    session: Session, noun: Noun, named: str, *, what_goes: Callable[[JsonObject], Sequence[str]] | None = None
) -> None:
    """Remove an object after saying what goes and asking, unless somebody else changed it since it was read.

    `what_goes` gives the lines of the plan below the object itself.
    """
    before = find(session, noun, named)
    name = str(before.get(noun.names[0]) or named)
    team = f" of team {before['team']!r}" if before.get("team") else ""
    say(f"This goes: {noun.singular} {name!r}{team}")
    for line in what_goes(before) if what_goes else ():
        say(f"  {line}")
    if not session.dry_run:
        session.confirm_name(f"Remove {noun.singular} {name!r}", name)
    session.api.delete(noun.path_of(before), etag=before.get("etag"))
    say(f"{noun.singular} {name!r} removed")
    suggest(f"modelport {noun.plural} list", team=session.team if noun.in_team else None)
