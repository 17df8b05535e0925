"""Contexts: the servers that you work with, each under a name, with its key and team."""

from typing import Annotated, TypeAlias

import typer

from gateway.cli.command import Session, command, group, read_secret
from gateway.cli.contexts import (
    KEY_REFERENCES,
    Context,
    Contexts,
    check_name,
    folder,
    forget_key,
    keeps_key,
    load,
    save,
    store_key,
)
from gateway.cli.failure import UsageFailure
from gateway.cli.output import Columns, JsonObject, write_lines
from gateway.cli.talk import say, suggest

app = typer.Typer(no_args_is_help=True)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="CONTEXT", help="The context's name.")]

_COLUMNS: Columns = {"current": lambda row: "*" if row["current"] else " ", "name": "name", "server": "url"}
_FIELDS: Columns = {"name": "name", "server": "url", "team": "team", "key": "key", "current": "current"}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "context", about=__doc__, example="modelport context use production")


@command(app, "list", example="modelport context list")
def list_contexts(session: Session) -> None:
    """List the servers that you have named; the star is at the one that commands speak to."""
    contexts = load()
    session.rows([_row(contexts, name) for name in contexts.contexts], {**_COLUMNS, "team": "team", "key": "key"})
    if not contexts.contexts:
        suggest("modelport context add production https://models.example.com --token-file PATH")


@command(app, "show", example="modelport context show")
def show_context(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="[CONTEXT]", help="Its name [the current one].")] = None,
) -> None:
    """Show one context, and where its key is; never the key. Without a name: the server that commands speak to now."""
    contexts = load()
    if name is not None:
        contexts.get(name)
        session.item(_row(contexts, name), _FIELDS)
        return
    target = session.target
    row = {"name": target.name, "url": session.server, "from": target.source, "team": session.team}
    session.item({**row, "key": session.key_source}, {"name": "name", "server": "url", "from": "from", "key": "key"})


@command(app, "use", example="modelport context use production", changes=True)
def use_context(session: Session, name: Name) -> None:
    """Have commands speak to this server from now on, unless a flag or a variable names another."""
    contexts = load()
    context = contexts.get(name)
    contexts.current = name
    _save(session, contexts, f"commands speak to {context.server} now")
    suggest("modelport models list")


@command(
    app, "add", example="modelport context add production https://models.example.com --key-from env:KEY", changes=True
)
def add_context(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits and . _ -")],
    url: Annotated[str, typer.Argument(metavar="URL", help="The server's URL, with its path prefix if it has one.")],
    key_from: Annotated[
        str | None, typer.Option("--key-from", metavar="REF", help="Where its key is: env:NAME or file:PATH.")
    ] = None,
) -> None:
    """Keep a server under a name. With --token-file the key is kept beside, with --key-from only where it is.

    --team makes that team the one that names belong to there. The first context becomes the current one.
    """
    # Inner import: the resolver takes 15 ms, and --help must not.
    from resolver import resolve

    check_name(name)
    resolve("/", server=url)  # or it is refused in the resolver's sentence
    contexts = load()
    if name in contexts.contexts:
        session.confirm(f"Replace context {name!r}, which is {contexts.contexts[name].server}?")
    contexts.contexts[name] = Context(url, _key(session, name, key_from), session.flags.team)
    contexts.current = contexts.current or name
    _save(session, contexts, f"context {name!r} is {url}")
    suggest("modelport models list" if contexts.current == name else f"modelport context use {name}")


@command(app, "remove", example="modelport context remove production", changes=True)
def remove_context(session: Session, name: Name) -> None:
    """Forget a server and the key that was kept beside. The server itself is not asked."""
    contexts = load()
    context = contexts.get(name)
    say(f"This goes: context {name!r}, {context.server}")
    if keeps_key(name):
        say("  the key that is kept beside; on the server it stays valid: modelport keys revoke")
    if not session.dry_run:
        session.confirm_name(f"Remove context {name!r}", name)
    del contexts.contexts[name]
    contexts.current = None if contexts.current == name else contexts.current
    _save(session, contexts, f"context {name!r} removed")
    if not session.dry_run:
        forget_key(name)
    suggest("modelport context list")


@command(app, "path", example="cat $(modelport context path)/contexts.json")
def show_path(session: Session) -> None:  # noqa: ARG001 - every command's shape
    """Print the folder where contexts are kept."""
    write_lines([folder()])


def _row(contexts: Contexts, name: str) -> JsonObject:
    one = contexts.contexts[name]
    return {"name": name, "url": one.server, "team": one.team, "key": one.key, "current": contexts.current == name}


def _key(session: Session, name: str, reference: str | None) -> str | None:
    path = session.flags.key_file
    if path is not None and reference is not None:
        raise UsageFailure("--token-file and --key-from are one choice", hint="leave one out")
    if reference is not None:
        if not reference.startswith(KEY_REFERENCES) or not reference.partition(":")[2]:
            raise UsageFailure(
                "--key-from takes env:NAME or file:PATH, not the key itself, which would stay in the shell's history",
                hint="--token-file PATH (- for stdin) keeps the key",
            )
        return reference
    if path is None:
        return None
    secret = read_secret(path, option="--token-file")
    return None if session.dry_run else store_key(name, secret)


def _save(session: Session, contexts: Contexts, done: str) -> None:
    if session.dry_run:
        say(f"Dry run: nothing was written. It would be so: {done}")
        return
    save(contexts)
    say(done)
