"""`modelport config check --live`: whether the endpoints that a file declares would work, asked from here."""

import os
from typing import TYPE_CHECKING, Any

from gateway.cli.command import Session
from gateway.cli.output import JsonObject, Output, write_lines
from gateway.cli.stages import FAIL, lines_of

if TYPE_CHECKING:
    from gateway.configuration.loading import Configuration
    from gateway.declared.model import Declared, DeclaredEndpoint, Entry
    from gateway.preflight.run import Wish
    from gateway.registry.verdict import StageView


def check_live(session: Session, configuration: "Configuration") -> tuple[list[JsonObject], int]:
    """Show each stage of each declared endpoint, and return the reports with how many endpoints failed.

    As the server would do it: the file's egress policy, this shell's variables and files for keys.
    """
    # Inner imports: the policy and aiohttp take 0.4 s.
    from gateway.declared.reading import read_declared
    from gateway.preflight.live import check_each

    declared = read_declared(configuration.declared, configuration.document)
    reports: list[JsonObject] = []
    wishes: list[Wish] = []
    places: list[JsonObject] = []
    for entry, task in _endpoints(declared):
        place = {"where": entry.at, "key": ".".join(map(str, entry.path)), "model": entry.name}
        wish = _wish(entry, task, configuration)
        if isinstance(wish, str):
            reports.append({**place, "verdict": FAIL, "stages": [_no_key(wish)]})
            _show(session, place, _no_key(wish))
        else:
            wishes.append(wish)
            places.append(place)

    async def tell(number: int, stage: "StageView") -> None:
        _show(session, places[number], stage.model_dump(mode="json"))

    found = check_each(wishes, configuration.settings, tell=tell, level="trial")
    for place, report in zip(places, found, strict=True):
        reports.append({**place, **report.model_dump(mode="json", include={"base_url", "verdict", "stages"})})
    return reports, sum(one["verdict"] == FAIL for one in reports)


def _endpoints(declared: "Declared") -> "list[tuple[Entry[DeclaredEndpoint], str]]":
    tasks = {model.key: model.body.task for model in declared.models if model.body.state == "active"}
    return [
        (entry, tasks[key])
        for key, entries in declared.endpoints.items()
        if key in tasks
        for entry in entries
        if entry.body.enabled
    ]


def _wish(entry: "Entry[DeclaredEndpoint]", task: str, configuration: "Configuration") -> "Wish | str":
    """Return what to check, or why its key cannot be had."""
    # Inner imports: as above.
    from gateway.errors import ConfigError
    from gateway.preflight.run import Wish
    from gateway.vault.references import ReferenceReader, parse_reference
    from gateway.vault.setup import secret_directories

    key = None
    if entry.body.api_key is not None:
        directories = secret_directories(configuration.settings)
        try:
            reader = ReferenceReader(environment=os.environ, directories=directories)
            key = reader.read(parse_reference(entry.body.api_key.reveal()))
        except ConfigError as error:
            return error.message
    name = entry.body.upstream_model or entry.name
    return Wish(team=entry.team, base_url=entry.body.base_url, model=name, task=task, key=key)


def _no_key(why: str) -> JsonObject:
    hint = "run this where the server runs, with its variables and files"
    return {"stage": "address", "verdict": FAIL, "code": "key_unreadable", "message": why, "hint": hint, "took_ms": 0}


def _show(session: Session, place: JsonObject, stage: dict[str, Any]) -> None:
    if session.output is Output.TABLE:
        write_lines(f"{place['model']}: {line}" if not line.startswith(" ") else line for line in lines_of(stage))
