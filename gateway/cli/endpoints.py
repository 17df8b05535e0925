"""Endpoints: the places where a model really runs."""

from typing import Annotated, TypeAlias

import typer

from gateway.cli.change import edit, given, given_or_null, remove, upstream_key
from gateway.cli.command import Session, command, group
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure
from gateway.cli.lookup import Noun, find
from gateway.cli.models import NOUN as MODEL
from gateway.cli.models import ApiKey, ApiKeyFile, UpstreamModel
from gateway.cli.output import Columns, JsonObject
from gateway.cli.rehearsal import Rehearsed
from gateway.cli.stages import Force, NoCheck, check_first, wishes
from gateway.cli.talk import say, suggest

NOUN = Noun("endpoint", "endpoints", prefix="ep_", names=("id",), by_name=False)

app = typer.Typer(no_args_is_help=True)

EndpointId: TypeAlias = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The endpoint's id, ep_…")]
Weight: TypeAlias = Annotated[
    int | None, typer.Option("--weight", metavar="N", help="Share of the calls among the model's endpoints; 0: none.")
]
Enabled: TypeAlias = Annotated[bool | None, typer.Option("--enabled/--disabled", help="Whether it takes calls.")]
OrganizationHeaders: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--organization-headers/--no-organization-headers",
        help="Whether OpenAI-Organization and OpenAI-Project of the caller are passed on.",
    ),
]


def _key(row: JsonObject) -> str | None:
    key = row.get("api_key") or {}
    return (key.get("hint") or "set") if key.get("set") else None


_COLUMNS: Columns = {
    "id": "id",
    "model": "model",
    "team": "team",
    "base_url": "base_url",
    "upstream model": "upstream_model",
    "weight": "weight",
    "enabled": "enabled",
    "key": _key,
    "health": "health",
}
_FIELDS: Columns = {
    **_COLUMNS,
    "last error": "last_error",
    "checked at": "checked_at",
    "organization headers": "organization_headers",
}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "endpoints", about=__doc__, example="modelport endpoints list")


@command(app, "add", example="modelport endpoints add qwen3 http://10.1.2.3:8000/v1 --weight 2", changes=True)
def add_endpoints(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name, or its uid.")],
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help="Base URL of each server.")],
    upstream_model: UpstreamModel = None,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    weight: Weight = None,
    enabled: Enabled = None,
    organization_headers: OrganizationHeaders = None,
    force: Force = False,
    no_check: NoCheck = False,
) -> None:
    """Add further servers to a model. Each is checked first, down to a call of a few tokens."""
    owner = find(session, MODEL, model)
    shared = {
        "model": owner["uid"],
        **given(
            upstream_model=upstream_model, weight=weight, enabled=enabled, organization_headers=organization_headers
        ),
        **upstream_key(api_key, api_key_file),
    }
    key = given(upstream_model=upstream_model) | {name: shared[name] for name in ("api_key",) if name in shared}
    wanted = [{"base_url": url, "model": owner["uid"], **key} for url in urls]
    query = check_first(session, wanted, force=force, no_check=no_check)
    _add(session, [{"base_url": url, **shared} for url in urls], query)
    suggest(f'modelport call {owner["name"]} "Say hello"', team=session.team)


@command(app, "list", example="modelport endpoints list qwen3")
def list_endpoints(
    session: Session,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Only those of this model.")] = None,
) -> None:
    """List endpoints."""
    uid = find(session, MODEL, model)["uid"] if model else None
    session.rows(list(session.api.items(NOUN.path, model=uid, team=session.team)), _COLUMNS)


@command(app, "show", example="modelport endpoints show ep_6xk3v2c7qd5tzj4hwy2a")
def show_endpoint(session: Session, endpoint: EndpointId) -> None:
    """Show one endpoint; its key is never shown."""
    session.item(find(session, NOUN, endpoint), _FIELDS)


@command(app, "edit", example="modelport endpoints edit ep_6xk3v2c7qd5tzj4hwy2a --weight 0", changes=True)
def edit_endpoint(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    endpoint: EndpointId,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="New base URL.")] = None,
    upstream_model: UpstreamModel = None,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    weight: Weight = None,
    enabled: Enabled = None,
    organization_headers: OrganizationHeaders = None,
    force: Force = False,
    no_check: NoCheck = False,
) -> None:
    """Change an endpoint. A URL with another host clears its key, which was meant for the old one.

    Another address, key or upstream model is checked first.
    """
    changes = {
        **given(base_url=url, weight=weight, enabled=enabled, organization_headers=organization_headers),
        **given_or_null(upstream_model=upstream_model),
        **upstream_key(api_key, api_key_file),
    }
    after = edit(session, NOUN, endpoint, changes, **wishes(force=force, no_check=no_check))
    session.item(after, _FIELDS)
    if "api_key_cleared" in after.get("warnings", ()):
        say("The key was meant for the old host and is gone.")
        suggest(f"modelport endpoints edit {endpoint} --api-key env:NAME")


@command(app, "remove", example="modelport endpoints remove ep_6xk3v2c7qd5tzj4hwy2a", changes=True)
def remove_endpoint(session: Session, endpoint: EndpointId) -> None:
    """Remove an endpoint and its stored key."""
    remove(session, NOUN, endpoint, what_goes=_what_goes)


def _what_goes(row: JsonObject) -> list[str]:
    return [f"{row['base_url']} of model {row['model']!r}, with its stored key"]


def _add(session: Session, bodies: list[JsonObject], query: dict[str, str]) -> None:
    """Make one after the other; what was made before a failure is shown all the same, and the exit says so."""
    if session.dry_run:
        raise Rehearsed(*(session.api.request("POST", NOUN.path, body) for body in bodies))
    made: list[JsonObject] = []
    try:
        made.extend(session.api.post(NOUN.path, body, **query).body for body in bodies)
    except Failure as failure:
        failure.exit_code = ExitCode.PARTIAL if made else failure.exit_code
        raise
    finally:
        if made:
            session.rows(made, _COLUMNS)
