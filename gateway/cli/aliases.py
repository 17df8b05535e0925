"""Aliases: other names for a model."""

from typing import Annotated, TypeAlias

import typer

from gateway.cli.change import edit, given, remove
from gateway.cli.command import Session, command, group
from gateway.cli.lookup import Noun, find
from gateway.cli.models import NOUN as MODEL
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import suggest

NOUN = Noun("alias", "aliases", prefix="als_")

app = typer.Typer(no_args_is_help=True)

Alias: TypeAlias = Annotated[str, typer.Argument(metavar="ALIAS", help="The alias, or its id.")]

_COLUMNS: Columns = {"name": "name", "model": "model", "team": "team", "id": "id"}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "aliases", about=__doc__, example="modelport aliases list")


@command(app, "add", example="modelport aliases add latest qwen3", changes=True)
def add_alias(
    session: Session,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="The new name.")],
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name, or its uid.")],
) -> None:
    """Give a model another name."""
    owner = find(session, MODEL, model)
    body = {"name": alias, "model": owner["uid"], "team": owner["team"]}
    session.item(session.api.post(NOUN.path, body).body, _COLUMNS)
    suggest(f'modelport call {alias} "Say hello"', team=session.team)


@command(app, "list", example="modelport aliases list")
def list_aliases(session: Session) -> None:
    """List aliases."""
    rows = list(session.api.items(NOUN.path, team=session.team))
    session.rows(rows, _COLUMNS)
    if not rows:
        suggest("modelport aliases add NAME MODEL", team=session.team)


@command(app, "show", example="modelport aliases show latest")
def show_alias(session: Session, alias: Alias) -> None:
    """Show one alias."""
    session.item(find(session, NOUN, alias), _COLUMNS)


@command(app, "edit", example="modelport aliases edit latest --model qwen4", changes=True)
def edit_alias(
    session: Session,
    alias: Alias,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Another model of its team.")] = None,
    rename: Annotated[str | None, typer.Option("--rename", metavar="NAME", help="New name.")] = None,
) -> None:
    """Point an alias at another model, or rename it."""
    session.item(edit(session, NOUN, alias, given(model=model, name=rename)), _COLUMNS)
    suggest(f"modelport resolve {rename or alias}", team=session.team)


@command(app, "remove", example="modelport aliases remove latest", changes=True)
def remove_alias(session: Session, alias: Alias) -> None:
    """Remove an alias; the model stays."""
    remove(session, NOUN, alias, what_goes=_what_goes)


def _what_goes(row: JsonObject) -> list[str]:
    return [f"the model {row['model']!r} stays; callers that use this name get 404 from then on"]
