"""Teams: namespaces of models and keys."""

from typing import Annotated, TypeAlias

import typer

from gateway.cli.change import Description, edit, given, given_or_null, remove
from gateway.cli.command import Session, command, group
from gateway.cli.failure import UsageFailure
from gateway.cli.lookup import Noun, find
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import suggest

NOUN = Noun("team", "teams", prefix="team_", in_team=False)

app = typer.Typer(no_args_is_help=True)

Team: TypeAlias = Annotated[str, typer.Argument(metavar="TEAM", help="The team's name, or its id.")]
DefaultVia: TypeAlias = Annotated[
    str | None,
    typer.Option("--default-via", metavar="GATEWAY", help="For models that choose none: a name, 'server', 'default'."),
]

_COLUMNS: Columns = {
    "name": "name",
    "via": lambda row: row.get("gateway") or "server",
    "url": "url",
    "description": "description",
}


def _default_endpoints(row: JsonObject) -> str:
    return ", ".join(f"{operation}={endpoint}" for operation, endpoint in row.get("default_endpoints", {}).items())


_FIELDS: Columns = {
    "name": "name",
    "id": "id",
    "description": "description",
    "default via": lambda row: row.get("default_via") or f"default ({row.get('gateway') or 'server'})",
    "base_url": "base_url",
    "url": "url",
    "default endpoints": _default_endpoints,
}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "teams", about=__doc__, example="modelport teams list")


@command(app, "add", example="modelport teams add research", changes=True)
def add_team(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="TEAM", help="Lower-case letters, digits and hyphens.")],
    default_via: DefaultVia = None,
    description: Description = None,
) -> None:
    """Make a team."""
    body = {"name": name, **given(description=description), **given_or_null(default_via=default_via)}
    session.item(session.api.post(NOUN.path, body).body, _FIELDS)
    suggest(f"modelport keys create someone --team {name}")


@command(app, "list", example="modelport teams list")
def list_teams(session: Session) -> None:
    """List the teams that this key may see."""
    session.rows(list(session.api.items(NOUN.path)), _COLUMNS)


@command(app, "show", example="modelport teams show research")
def show_team(session: Session, name: Team) -> None:
    """Show one team with the address of its models."""
    session.item(find(session, NOUN, name), _FIELDS)


@command(app, "edit", example="modelport teams edit research --default-via eu", changes=True)
def edit_team(
    session: Session,
    name: Team,
    default_via: DefaultVia = None,
    default_endpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--default-endpoint",
            metavar="OPERATION=ENDPOINT",
            help="Endpoint for calls that name no model; 'OPERATION=' takes it back. May be repeated.",
        ),
    ] = None,
    description: Description = None,
) -> None:
    """Change a team; what is not named stays as it is."""
    changes = {**given(description=description), **given_or_null(default_via=default_via)}
    if default_endpoint:
        changes["default_endpoints"] = dict(_operation(text) for text in default_endpoint)
    session.item(edit(session, NOUN, name, changes), _FIELDS)
    suggest(f"modelport models list --team {name}")


@command(app, "remove", example="modelport teams remove research", changes=True)
def remove_team(session: Session, name: Team) -> None:
    """Remove a team that has no models and no keys."""
    remove(session, NOUN, name, what_goes=lambda row: [f"nobody is answered at {row.get('url')} from then on"])


def _operation(text: str) -> tuple[str, str | None]:
    operation, sign, endpoint = text.partition("=")
    if not sign or not operation:
        raise UsageFailure(f"--default-endpoint {text!r}: expected OPERATION=ENDPOINT", hint="like files=ep_6xk3v2c7…")
    return operation, endpoint or None
