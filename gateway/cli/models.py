"""Models: names that callers use."""

from typing import Annotated, TypeAlias

import typer

from gateway.cli.catalogue_place import place_of
from gateway.cli.change import Description, edit, given, given_or_null, upstream_key
from gateway.cli.command import Session, command, group
from gateway.cli.lookup import Noun, find
from gateway.cli.model_shown import COLUMNS, FIELDS
from gateway.cli.output import JsonObject
from gateway.cli.stages import Force, NoCheck, check_first, rehearse
from gateway.cli.talk import say, suggest

NOUN = Noun("model", "models", prefix="mdl_", key="uid")

app = typer.Typer(no_args_is_help=True)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name, or its uid.")]
Endpoint: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--endpoint", metavar="URL", help="Base URL of a server where it runs; may be repeated."),
]
UpstreamModel: TypeAlias = Annotated[
    str | None, typer.Option("--upstream-model", metavar="NAME", help="The upstream's own name for it.")
]
ApiKey: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--api-key", metavar="REF", help="The upstream's key, on the server: env:NAME, file:PATH, keyring:SERVICE/USER."
    ),
]
ApiKeyFile: TypeAlias = Annotated[
    str | None,
    typer.Option("--api-key-file", metavar="PATH", help="File with the upstream's key, - for stdin; it is stored."),
]
Via: TypeAlias = Annotated[
    str | None, typer.Option("--via", metavar="GATEWAY", help="A gateway's name, 'server', or 'default'.")
]
Task: TypeAlias = Annotated[
    str | None,
    typer.Option("--task", metavar="TASK", help="chat, completions, embeddings, images, audio, moderations, rerank."),
]
Path: TypeAlias = Annotated[
    str | None, typer.Option("--path", metavar="PATH", help="Published path on the server, '' for the usual one.")
]
StreamUsage: TypeAlias = Annotated[
    bool | None,
    typer.Option("--stream-usage/--no-stream-usage", help="Whether the upstream knows stream_options.include_usage."),
]
Fallback: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--fallback", metavar="MODEL", help="Takes over where no endpoint can answer; may be repeated, '' for none."
    ),
]
DrainMs: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--drain-for-usage-ms",
        metavar="MS",
        help="How long a call whose caller left is read on for its usage; 0 not at all, -1 for the server's.",
    ),
]
FromCatalogue: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--from-catalogue",
        metavar="ID",
        help="An entry of the catalogue: what is left out (address, name there, task, description) is taken from it.",
    ),
]
Seconds: TypeAlias = Annotated[float | None, typer.Option(metavar="SECONDS", help="Own limit; 0 for the server's.")]


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "models", about=__doc__, example="modelport models list")


@command(app, "add", example="modelport models add qwen3 --endpoint http://localhost:8000/v1", changes=True)
def add_model(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name that callers use.")],
    endpoint: Endpoint = None,
    upstream_model: UpstreamModel = None,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    via: Via = None,
    task: Task = None,
    path: Path = None,
    description: Description = None,
    stream_usage: StreamUsage = None,
    fallback: Fallback = None,
    from_catalogue: FromCatalogue = None,
    first_byte_timeout: Seconds = None,
    idle_timeout: Seconds = None,
    total_timeout: Seconds = None,
    drain_for_usage_ms: DrainMs = None,
    force: Force = False,
    no_check: NoCheck = False,
) -> None:
    """Publish a model. Each endpoint is checked first, down to a call of a few tokens."""
    shared = {**given(upstream_model=upstream_model), **upstream_key(api_key, api_key_file)}
    if from_catalogue is not None and not endpoint:
        endpoint, shared = place_of(session, from_catalogue, shared)
    body = {
        "name": name,
        "endpoints": [{"base_url": url, **shared} for url in endpoint or ()],
        **given(team=session.team, task=task, description=description, stream_usage=stream_usage),
        **given(catalogue_id=from_catalogue),
        **given_or_null(
            via=via,
            path=path,
            first_byte_timeout_s=first_byte_timeout,
            idle_timeout_s=idle_timeout,
            total_timeout_s=total_timeout,
        ),
        **_drain(drain_for_usage_ms),
        **_fallbacks(fallback),
    }
    common = given(model=name, team=session.team, task=task)
    wanted = [{"base_url": url, **common, **shared} for url in endpoint or ()]
    rehearse(session, NOUN.path, body)
    query = check_first(session, wanted, force=force, no_check=no_check)
    made = session.api.post(NOUN.path, body, **query).body
    session.item(made, FIELDS)
    _suggest_next(session, made)


def _suggest_next(session: Session, made: JsonObject) -> None:
    """Say what makes the model callable, or how it is called."""
    if not made["endpoints"] and made["fallbacks"]:
        say(f"It has no endpoint of its own: calls go to {made['fallbacks'][0]}.")
    elif not made["endpoints"]:
        say("It has no endpoint yet, so a call to it is a 503.")
        suggest(f"modelport endpoints add {made['name']} http://localhost:8000/v1", team=session.team)
    elif not any(one["enabled"] for one in made["endpoints"]):
        say("It is switched off, so a call to it is a 503. When its server answers:")
        suggest(f"modelport endpoints edit {made['endpoints'][0]['id']} --enabled")
    else:
        suggest(f'modelport call {made["name"]} "Say hello"', team=session.team)


@command(app, "list", example="modelport models list -o json")
def list_models(
    session: Session,
    task: Task = None,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="STATE", help="draft, active, deprecated, disabled, draining or deleted."),
    ] = None,
    show_deleted: Annotated[bool, typer.Option("--show-deleted", help="Those that are deleted, too.")] = False,
) -> None:
    """List the models that this key may see."""
    query = {"state": state, "show_deleted": "true" if show_deleted else None}
    rows = list(session.api.items(NOUN.path, team=session.team, task=task, **query))
    session.rows(rows, COLUMNS)
    if not rows and state is None:
        suggest("modelport models add qwen3 --endpoint http://localhost:8000/v1")


@command(app, "show", example="modelport models show qwen3")
def show_model(session: Session, name: Name) -> None:
    """Show one model with its address and endpoints."""
    session.item(find(session, NOUN, name), FIELDS)


@command(app, "edit", example="modelport models edit qwen3 --via eu", changes=True)
def edit_model(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    name: Name,
    rename: Annotated[str | None, typer.Option("--rename", metavar="NAME", help="New name.")] = None,
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help="active or disabled.")] = None,
    via: Via = None,
    task: Task = None,
    path: Path = None,
    description: Description = None,
    stream_usage: StreamUsage = None,
    fallback: Fallback = None,
    first_byte_timeout: Seconds = None,
    idle_timeout: Seconds = None,
    total_timeout: Seconds = None,
    drain_for_usage_ms: DrainMs = None,
) -> None:
    """Change a model; what is not named stays as it is."""
    changes = {
        **given(name=rename, state=state, task=task, description=description, stream_usage=stream_usage),
        **given_or_null(
            via=via,
            path=path,
            first_byte_timeout_s=first_byte_timeout,
            idle_timeout_s=idle_timeout,
            total_timeout_s=total_timeout,
        ),
        **_drain(drain_for_usage_ms),
        **_fallbacks(fallback),
    }
    session.item(edit(session, NOUN, name, changes), FIELDS)
    suggest(f"modelport resolve {rename or name}", team=session.team)


def _fallbacks(names: list[str] | None) -> JsonObject:
    """Return the field, the whole list; an empty name stands for nobody."""
    return {} if names is None else {"fallbacks": [name for name in names if name]}


def _drain(value: int | None) -> JsonObject:
    """Return the field; 0 is a value of its own here, so that -1 says null."""
    return {} if value is None else {"drain_for_usage_ms": None if value == -1 else value}
