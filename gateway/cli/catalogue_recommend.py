"""`modelport catalogue recommend|experiments`: what to take of the catalogue, and why."""

import re
from typing import Annotated, TypeAlias

import typer

from gateway.cli.change import given
from gateway.cli.command import Session, command
from gateway.cli.failure import UsageFailure
from gateway.cli.output import Columns, JsonObject, show_data
from gateway.cli.talk import say, suggest

_PATH = "/catalogue/recommendations"
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]))?\s?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?", re.IGNORECASE)
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12} | {
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_SHOWN_FILTERS = {
    "max_price_in": "--max-price-in",
    "max_price_out": "--max-price-out",
    "open_weights": "--open-weights",
    "context": "--min-context",
    "status": "retired",
    "suppressed": "suppressed",
}

_COLUMNS: Columns = {
    "id": "id",
    "points": "points",
    "name": "display_name",
    "licence": "license",
    "status": "status",
    "here as": "models",
    "proposed by": "proposed_by",
}
_FACTORS: Columns = {"id": "id", "points": "points", "for": "kind", "name": "name", "because": "because"}
_EXPERIMENTS: Columns = {
    "id": "id",
    "standing": "standing",
    "unit": "unit",
    "ramp %": "ramp",
    "ends": "ends_at",
    "variant": "variant",
    "share %": "share",
    "units": "units",
    "times": "times",
}

Task: TypeAlias = Annotated[
    str | None, typer.Option("--task", metavar="TASK", help="chat, completions, embeddings, images, audio, rerank.")
]
Region: TypeAlias = Annotated[
    str | None,
    typer.Option("--region", metavar="NAME", help="Usable there [the key's, else catalogue.region]; any: everywhere."),
]
Residency: TypeAlias = Annotated[
    str | None, typer.Option("--residency", metavar="NAME", help="What is sent stays there: eu.")
]
Licence: TypeAlias = Annotated[
    str | None, typer.Option("--licence", metavar="NAME,…", help="One of these: apache-2.0,mit.")
]
Needs: TypeAlias = Annotated[
    str | None, typer.Option("--needs", metavar="WHAT,…", help="All of these: tools,json_schema,reasoning.")
]
Inputs: TypeAlias = Annotated[
    str | None, typer.Option("--input", metavar="KIND,…", help="All go in: text,image,audio.")
]
MaxPriceIn: TypeAlias = Annotated[
    str | None, typer.Option("--max-price-in", metavar="USD", help="For a million tokens that go in: 0.50.")
]
MaxPriceOut: TypeAlias = Annotated[
    str | None, typer.Option("--max-price-out", metavar="USD", help="For a million tokens that come out.")
]
MinContext: TypeAlias = Annotated[
    int | None, typer.Option("--min-context", metavar="TOKENS", min=0, help="Takes at least so many.")
]
Ram: TypeAlias = Annotated[
    str | None, typer.Option("--ram", metavar="SIZE", help="Runs on a machine with so much memory: 16GB.")
]
OpenWeights: TypeAlias = Annotated[
    bool | None, typer.Option("--open-weights/--closed", help="With weights to download, or without.")
]
Number: TypeAlias = Annotated[int, typer.Option("-n", "--number", metavar="N", min=1, max=50, help="At most so many.")]
Explain: TypeAlias = Annotated[bool, typer.Option("--explain", help="Show what each has its points for.")]
Forget: TypeAlias = Annotated[
    bool, typer.Option("--forget", help="Have nothing of what the team did up to now count, from now on.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "recommend",
        example="modelport catalogue recommend --task chat --needs tools,json_schema --residency eu --explain",
        changes=True,
    )(_recommend)
    command(app, "experiments", example="modelport catalogue experiments")(_experiments)


def _recommend(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    task: Task = None,
    region: Region = None,
    residency: Residency = None,
    licence: Licence = None,
    needs: Needs = None,
    inputs: Inputs = None,
    max_price_in: MaxPriceIn = None,
    max_price_out: MaxPriceOut = None,
    min_context: MinContext = None,
    ram: Ram = None,
    open_weights: OpenWeights = None,
    number: Number = 10,
    explain: Explain = False,
    forget: Forget = False,
) -> None:
    """Show what of the catalogue fits best: by facts, by the hub's signed rules, by what the team itself has learned.

    What nobody knows does not fit. What was learned comes from this server's own usage and goes nowhere.
    """
    if forget:
        _forget(session)
        return
    query = given(
        task=task,
        region=region,
        residency=residency,
        licence=_words(licence),
        needs=_words(needs),
        input=_words(inputs),
        max_price_in=_amount(max_price_in, option="--max-price-in"),
        max_price_out=_amount(max_price_out, option="--max-price-out"),
        context=min_context,
        ram=None if ram is None else _bytes(ram),
        open_weights=None if open_weights is None else str(open_weights).lower(),
        team=session.team,
        explain="true" if explain else None,
    )
    _show(session, session.api.get(_PATH, **query, limit=number).body, explain=explain)


def _show(session: Session, found: JsonObject, *, explain: bool) -> None:
    if session.output.is_data:
        show_data(found, session.output)
    elif explain:
        session.rows(_explained(found["items"]), _FACTORS)
    else:
        session.rows(found["items"], _COLUMNS)
    _talk(session, found)


def _forget(session: Session) -> None:
    say("What the team did up to now will count for nothing here; its usage stays on the books.")
    if not session.dry_run:
        session.confirm(f"Forget what {f'team {session.team!r}' if session.team else 'the team'} did?")
    done: JsonObject = session.api.once("DELETE", _PATH, query=given(team=session.team)).body
    if session.output.is_data:
        show_data(done, session.output)
    say(f"forgotten: what team {done['team']!r} did before {done['at']}")


def _experiments(session: Session) -> None:
    """Show which orders the hub has tried out, until when, and how many were shown each: numbers from 20 on.

    Experiments reorder and propose. What a name resolves to never depends on them.
    """
    found: JsonObject = session.api.get("/catalogue/experiments").body
    if session.output.is_data:
        show_data(found, session.output)
    else:
        rows = [
            {**experiment, **variant, "id": experiment["id"], "variant": variant["name"]}
            for experiment in found["items"]
            for variant in experiment["variants"]
        ]
        session.rows(rows, _EXPERIMENTS)
    if not found["items"]:
        say("the hub has none, or no hub is followed")
    if not found["running"]:
        say("none is carried out: catalogue.recommend is off")
    for one in found["left"]:
        say(f"not understood: {one['id']}: {one['reason']}")


def _explained(items: list[JsonObject]) -> list[JsonObject]:
    """Return a row for each factor, below one with the sum of its entry."""
    rows = []
    for item in items:
        others = f"though others have more: experiment {item['proposed_by']}" if item["proposed_by"] else None
        why = others or ("all of it" if item["factors"] else "nothing speaks for or against it")
        rows.append({"id": item["id"], "points": item["points"], "because": why})
        rows += [{**factor, "id": "", "points": f"{factor['points']:+}"} for factor in item["factors"]]
    return rows


def _talk(session: Session, found: JsonObject) -> None:
    """Say what stands behind the answer."""
    if found["suspended"]:
        say(found["suspended"])
        return
    region = f", for the region {found['region']}" if found["region"] else ""
    fresh = f"list {found['serial']} ({found['state']})"
    say(f"{found['considered']} entries of {fresh} were considered for team {found['team']!r}{region}")
    for one in found["left_out"]:
        name = _SHOWN_FILTERS.get(one["filter"], f"--{one['filter']}")
        unknown = f", of {one['unknown']} nobody knows" if one["unknown"] else ""
        say(f"  left out by {name}: {one['misfits']} do not fit{unknown}")
    if found["rules_left"]:
        names = ", ".join(one["id"] for one in found["rules_left"])
        say(f"  {len(found['rules_left'])} of the hub's rules are not understood here: {names}")
    if not found["learning"]:
        say("  the team's own use does not count: catalogue.recommend is off")
    if not found["items"]:
        say("  nothing fits: ask for less, or take what is unknown from `modelport catalogue list`")
    elif not session.output.is_data:
        suggest(f"modelport models add NAME --from-catalogue {found['items'][0]['id']}")


def _words(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(word.strip() for word in text.split(",") if word.strip())


def _amount(text: str | None, *, option: str) -> str | None:
    if text is not None and not _AMOUNT.fullmatch(text):
        raise UsageFailure(f"{option} {text!r} is no amount", hint="write dollars for a million tokens: 0.50")
    return text


def _bytes(text: str) -> int:
    """Return a size in bytes.

    >>> _bytes("16GB"), _bytes("1.5 GiB")
    (16000000000, 1610612736)
    """
    if not (found := _SIZE.fullmatch(text.strip())):
        raise UsageFailure(f"--ram {text!r} is no size", hint="write 16GB, 64GiB or a number of bytes")
    unit = _UNITS[(found[3] or "b").lower()]
    return (int(found[1]) * 10 + int(found[2] or 0)) * unit // 10
