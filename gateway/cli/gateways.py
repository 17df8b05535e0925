"""Gateways: public entry points with an address of their own."""

from typing import Annotated, TypeAlias

import typer

from gateway.cli.change import Description, edit, given, remove
from gateway.cli.command import Session, command, group
from gateway.cli.lookup import Noun, find
from gateway.cli.output import Columns
from gateway.cli.talk import suggest

NOUN = Noun("gateway", "gateways", prefix="gw_", in_team=False)

app = typer.Typer(no_args_is_help=True)

Gateway: TypeAlias = Annotated[str, typer.Argument(metavar="GATEWAY", help="The gateway's name, or its id.")]

_COLUMNS: Columns = {"name": "name", "url": "url", "default": "is_default", "description": "description"}
_FIELDS: Columns = {**_COLUMNS, "id": "id"}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "gateways", about=__doc__, example="modelport gateways list")


@command(app, "add", example="modelport gateways add eu https://gateway.example.com", changes=True)
def add_gateway(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and hyphens.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Full URL that is published.")],
    default: Annotated[bool, typer.Option("--default", help="Models that choose nothing go through it.")] = False,
    description: Description = None,
) -> None:
    """Make a public entry point known."""
    body = {"name": name, "url": url, "is_default": default, **given(description=description)}
    session.item(session.api.post(NOUN.path, body).body, _FIELDS)
    suggest(f"modelport models edit NAME --via {name}")


@command(app, "list", example="modelport gateways list")
def list_gateways(session: Session) -> None:
    """List gateways."""
    rows = list(session.api.items(NOUN.path))
    session.rows(rows, _COLUMNS)
    if not rows:
        suggest("modelport gateways add eu https://gateway.example.com")


@command(app, "show", example="modelport gateways show eu")
def show_gateway(session: Session, name: Gateway) -> None:
    """Show one gateway."""
    session.item(find(session, NOUN, name), _FIELDS)


@command(app, "edit", example="modelport gateways edit eu --url https://eu.example.com", changes=True)
def edit_gateway(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    name: Gateway,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="New URL; published at once.")] = None,
    rename: Annotated[str | None, typer.Option("--rename", metavar="NAME", help="New name.")] = None,
    default: Annotated[
        bool | None, typer.Option("--default/--no-default", help="Whether models that choose nothing go through it.")
    ] = None,
    description: Description = None,
) -> None:
    """Change a gateway; every model that goes through it is published at the new address at once."""
    changes = given(url=url, name=rename, is_default=default, description=description)
    session.item(edit(session, NOUN, name, changes), _FIELDS)
    suggest("modelport models list")


@command(app, "remove", example="modelport gateways remove eu", changes=True)
def remove_gateway(session: Session, name: Gateway) -> None:
    """Remove a gateway that no model goes through."""
    remove(session, NOUN, name, what_goes=lambda row: [f"{row['url']}, which no model may go through"])
