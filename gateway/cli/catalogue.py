"""The catalogue: which models exist, as a hub tells it, and how fresh that is.

What this installation serves is another list: modelport models list.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, TypeAlias

import typer

from gateway.cli.client import segment
from gateway.cli.command import Session, command, group
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest

PATH = "/catalogue"
FRESH = frozenset({"fresh", "syncing", "static"})
_MODELS = f"{PATH}/models"
_SHOWN = 100

app = typer.Typer(no_args_is_help=True)

Entry: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="An entry's id, such as acme/coder-7b.")]
RequireFresh: TypeAlias = Annotated[
    bool, typer.Option("--require-fresh", help="Exit 20 unless the hub was believed lately.")
]
Several: TypeAlias = list[str] | None


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "catalogue", about=__doc__, example="modelport catalogue list --capability tools")


def _has(row: JsonObject) -> list[str]:
    return [name for name, there in row["entry"].get("capabilities", {}).items() if there]


def _price(row: JsonObject) -> str | None:
    """Return what a million tokens cost, in and out; what is not said is unknown.

    >>> _price({"entry": {"price": {"currency": "USD", "in": "0.25"}}}), _price({"entry": {}})
    ('0.25/? USD', None)
    """
    price = row["entry"].get("price")
    return f"{price.get('in', '?')}/{price.get('out', '?')} {price['currency']}" if price else None


_COLUMNS: Columns = {
    "id": "id",
    "name": lambda row: row["entry"].get("display_name"),
    "status": lambda row: row["entry"].get("status", "active"),
    "context": lambda row: row["entry"].get("limits", {}).get("context"),
    "price in/out": _price,
    "can": _has,
    "from": lambda row: f"{row['origin']}, pinned" if row["pinned"] else row["origin"],
}
_FIELDS: Columns = {
    **{name: column for name, column in _COLUMNS.items() if name != "can"},
    "rev": lambda row: row["entry"].get("rev"),
    "kind": lambda row: row["entry"].get("kind"),
    "publisher": lambda row: row["entry"].get("publisher"),
    "family": lambda row: row["entry"].get("family"),
    "licence": lambda row: row["entry"].get("license"),
    "open weights": lambda row: row["entry"].get("open_weights"),
    "api": lambda row: row["entry"].get("api"),
    "capabilities": _has,
    "url": "url",
    "wants a key": lambda row: (
        row["entry"].get("endpoint", {}).get("auth") not in {None, "none"} if row["url"] else None
    ),
    "called there": "upstream_model",
    "max output": lambda row: row["entry"].get("limits", {}).get("max_output"),
    "successor": lambda row: row["entry"].get("successor"),
    "sunset": lambda row: row["entry"].get("sunset_at"),
    "source": lambda row: row["entry"].get("source", {}).get("name"),
    "standing": "standing",
    "reason": "reason",
    "models here": "models",
}
_REASONS: Columns = {"id": "id", "standing": "standing", "reason": "reason"}


Search: TypeAlias = Annotated[
    str | None, typer.Option("--search", "-q", metavar="WORDS", help="Words of id, name, publisher, family, tags.")
]
Publisher: TypeAlias = Annotated[str | None, typer.Option("--publisher", metavar="NAME")]
Family: TypeAlias = Annotated[str | None, typer.Option("--family", metavar="NAME")]
Licence: TypeAlias = Annotated[str | None, typer.Option("--license", metavar="NAME")]
Capability: TypeAlias = Annotated[
    Several, typer.Option("--capability", metavar="NAME", help="As tools, json_schema, reasoning; all of them.")
]
Modality: TypeAlias = Annotated[
    Several, typer.Option("--modality", metavar="NAME", help="Goes in: text, image, audio.")
]
OutputModality: TypeAlias = Annotated[Several, typer.Option("--output-modality", metavar="NAME", help="Comes out.")]
ApiKind: TypeAlias = Annotated[Several, typer.Option("--api", metavar="NAME", help="As openai.chat.")]
Region: TypeAlias = Annotated[Several, typer.Option("--region", metavar="NAME", help="Usable there.")]
Residency: TypeAlias = Annotated[Several, typer.Option("--residency", metavar="NAME", help="What is sent stays there.")]
Status: TypeAlias = Annotated[
    Several, typer.Option("--status", metavar="STATUS", help="active, preview, deprecated or retired; one of them.")
]
MinContext: TypeAlias = Annotated[int | None, typer.Option("--min-context", metavar="TOKENS")]
MaxPriceIn: TypeAlias = Annotated[str | None, typer.Option("--max-price-in", metavar="USD", help="A million tokens.")]
MaxPriceOut: TypeAlias = Annotated[str | None, typer.Option("--max-price-out", metavar="USD")]
OpenWeights: TypeAlias = Annotated[bool | None, typer.Option("--open-weights/--no-open-weights")]
Quarantine: TypeAlias = Annotated[bool, typer.Option("--quarantine", help="What is not shown instead, and why.")]
Limit: TypeAlias = Annotated[int, typer.Option("--limit", metavar="N", min=0, help="At most so many; 0 for all.")]


@command(app, "list", example="modelport catalogue list --search coder --capability tools --max-price-in 1")
def list_entries(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    search: Search = None,
    publisher: Publisher = None,
    family: Family = None,
    licence: Licence = None,
    capability: Capability = None,
    modality: Modality = None,
    output_modality: OutputModality = None,
    api: ApiKind = None,
    region: Region = None,
    residency: Residency = None,
    status: Status = None,
    min_context: MinContext = None,
    max_price_in: MaxPriceIn = None,
    max_price_out: MaxPriceOut = None,
    open_weights: OpenWeights = None,
    quarantine: Quarantine = False,
    limit: Limit = _SHOWN,
) -> None:
    """Search what exists; all that is said must hold. What has no price is left out where a price is asked for."""
    if quarantine:
        session.rows(list(session.api.items(f"{PATH}/quarantine")), _REASONS)
        return
    found = session.api.items(
        _MODELS,
        q=search,
        publisher=publisher,
        family=family,
        license=licence,
        capability=capability,
        modality=modality,
        output=output_modality,
        api=api,
        region=region,
        residency=residency,
        status=status,
        min_context=min_context,
        max_price_in=max_price_in,
        max_price_out=max_price_out,
        open_weights=None if open_weights is None else str(open_weights).lower(),
        team=session.team,
    )
    _show_first(session, found, limit)


def _show_first(session: Session, found: Iterator[JsonObject], limit: int) -> None:
    rows = list(islice(found, limit + 1 if limit else None))
    session.rows(rows[:limit] if limit else rows, _COLUMNS)
    if limit and len(rows) > limit:
        say(f"These are the first {limit}: --limit 0 shows all, --search and the filters fewer.")
    warn_age(session.api.get(f"{PATH}/status").body)
    if rows:
        suggest(f"modelport catalogue show {rows[0]['id']}", team=session.team)


@command(app, "show", example="modelport catalogue show acme/coder-7b")
def show_entry(session: Session, entry: Entry) -> None:
    """Show an entry, also one that is in no list, with the reason; -o json has all that the hub says."""
    found: JsonObject = session.api.get(f"{_MODELS}/{segment(entry)}", team=session.team).body
    session.item(found, _FIELDS)
    if found["url"] and found["standing"] == "shown" and not found["models"]:
        key = " --api-key env:NAME" if found["entry"].get("endpoint", {}).get("auth") not in {None, "none"} else ""
        suggest(f"modelport models add NAME --from-catalogue {found['id']}{key}", team=session.team)


def warn_age(status: JsonObject) -> None:
    """Say on stderr what is not as it should be (CAT-9): how old the list is, and what else is wrong."""
    if status["state"] not in FRESH:
        say(f"The catalogue is {told_age(status)}.")
    for warning in status["warnings"]:
        say(f"Note: {warning}.")


def told_age(status: JsonObject) -> str:
    """Return state and age in words.

    >>> told_age({"state": "stale", "age_s": 90_000}), told_age({"state": "rebuilding", "age_s": None})
    ('stale: the hub was last believed 25 hours ago', 'rebuilding')
    """
    age_s = status.get("age_s")
    if age_s is None:
        return str(status["state"])
    what = "it was signed" if status.get("origin") == "bundled" else "the hub was last believed"
    return f"{status['state']}: {what} {span(age_s)} ago"


def span(seconds: int) -> str:
    """Return a time in its largest fitting unit.

    >>> span(5), span(150), span(7200), span(864_000)
    ('5 seconds', '2 minutes', '2 hours', '10 days')
    """
    for unit, length in (("days", 172_800), ("hours", 7200), ("minutes", 120)):
        if seconds >= length:
            return f"{seconds // {'days': 86_400, 'hours': 3600, 'minutes': 60}[unit]} {unit}"
    return f"{seconds} seconds"


def require_fresh_list(status: JsonObject) -> None:
    """Return when the list is fresh.

    Raises:
        Failure: it is not (exit 20).
    """
    if status["state"] not in FRESH:
        raise Failure(
            f"the catalogue is not fresh: {told_age(status)}",
            exit_code=ExitCode.NOT_FRESH,
            hint=status["last_error"] or "modelport catalogue sync asks the hub now",
        )
