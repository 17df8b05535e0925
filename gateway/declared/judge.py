"""What forbids a plan: names that the API has taken, and names that nobody has. Pure; every fault is told at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.api.managed import FILE
from gateway.configuration.finding import Finding
from gateway.configuration.masking import shown_path
from gateway.declared.compare import keys_meant
from gateway.declared.held import Held
from gateway.declared.model import Declared, Entry, shown
from gateway.registry.address import SERVER
from gateway.registry.names import DEFAULT_TEAM, nearest
from gateway.registry.record import TeamRecord
from gateway.registry.service.fallbacks import find_ring, told_ring
from gateway.registry.snapshot import LEAVING_STATES


def judge(declared: Declared, held: Held) -> tuple[list[Finding], list[Finding]]:
    """Return what forbids to bring about what is declared, and what only waits for a key to be made."""
    findings = [
        *_taken(declared, held),
        *_second_default(declared, held),
        *_unknown_teams(declared, held),
        *_unknown_gateways(declared, held),
        *_unknown_models(declared, held),
        *_bad_fallbacks(declared, held),
        *_ambiguous_keys(declared, held),
    ]
    waiting = [
        _finding(
            entry,
            (),
            f"there is no key of the name {entry.name!r}" + (f" in team {entry.team!r}" if entry.team else ""),
            f"make it: modelport keys create {entry.name}; its limits then come from here",
        )
        for entry in declared.keys
        if not keys_meant(entry, held)
    ]
    return findings, waiting


def _taken(declared: Declared, held: Held) -> Iterator[Finding]:
    """Nothing is taken over silently: an object of the API with a declared name is told by both."""
    for entry in declared.teams:
        row = held.teams.get(entry.name)
        if row is not None and row.managed_by is None and not _as_made(row, held):
            yield _clash("team", entry)
    for gateway in declared.gateways:
        if (found := held.gateways.get(gateway.name)) is not None and found.managed_by is None:
            yield _clash("gateway", gateway)
    named: tuple[Entry[Any], ...] = (*declared.models, *declared.aliases)
    for one in named:
        if (model := held.models.get(one.key)) is not None and model.managed_by is None:
            yield _still_here(one) if model.state in LEAVING_STATES else _clash("model", one)
        if (alias := held.aliases.get(one.key)) is not None and alias.managed_by is None:
            yield _clash("alias", one)


def _as_made(row: TeamRecord, held: Held) -> bool:
    """Whether nobody has set anything of a team that every installation has, or that a file left with its models."""
    ours = row.name == DEFAULT_TEAM or any(team == row.name for team, _ in held.left)
    return ours and not (row.description or row.default_via or held.defaults.get(row.id))


def _second_default(declared: Declared, held: Held) -> Iterator[Finding]:
    kept = next((row.name for row in held.gateways.values() if row.is_default and row.managed_by is None), None)
    for entry in declared.gateways:
        if entry.body.is_default and kept is not None:
            message = f"{kept!r}, which is kept over the API, is the default already"
            yield _finding(
                entry, ("is_default",), message, f"modelport gateways edit {kept} --no-default, or say false here"
            )


def _unknown_teams(declared: Declared, held: Held) -> Iterator[Finding]:
    known = _staying({entry.name for entry in declared.teams}, held.teams) | {DEFAULT_TEAM}
    owned: tuple[Entry[Any], ...] = (*declared.models, *declared.aliases, *declared.keys)
    for entry in owned:
        if entry.team and entry.team not in known:
            path = ("team",) if "team" in entry.body.model_fields_set else ()
            yield _finding(entry, path, f"there is no team {entry.team!r}", _meant(entry.team, known, "under `teams`"))


def _unknown_gateways(declared: Declared, held: Held) -> Iterator[Finding]:
    known = _staying({entry.name for entry in declared.gateways}, held.gateways)
    named: list[tuple[Entry[Any], str, str | None]] = [
        *((entry, "default_via", entry.body.default_via) for entry in declared.teams),
        *((entry, "via", entry.body.via) for entry in declared.models),
    ]
    for entry, field, via in named:
        if via is not None and via != SERVER and via not in known:
            hint = _meant(via, {*known, SERVER}, "under `gateways`")
            yield _finding(entry, (field,), f"there is no gateway {via!r}", hint)


def _unknown_models(declared: Declared, held: Held) -> Iterator[Finding]:
    own = {entry.key for entry in declared.models}
    kept = {key for key, row in held.models.items() if row.managed_by != FILE and row.state not in LEAVING_STATES}
    known = own | kept
    endless = {entry.key for entry in declared.models if not declared.endpoints.get(entry.key)}
    named: list[tuple[Entry[Any], str, tuple[str, ...], str]] = [
        *((entry, entry.team, ("model",), entry.body.model) for entry in declared.aliases),
        *((entry, entry.team, ("fallbacks",), one) for entry in declared.models for one in entry.body.fallbacks),
        *(
            (entry, entry.name, ("default_endpoints", operation), model)
            for entry in declared.teams
            for operation, model in entry.body.default_endpoints.items()
        ),
    ]
    for entry, team, path, model in named:
        if (team, model) not in known:
            hint = _meant(model, {name for other, name in known if other == team}, "under `models`")
            yield _finding(entry, path, f"there is no model {shown(team, model)!r}", hint)
        elif path[0] == "default_endpoints" and (team, model) in endless:
            yield _finding(entry, path, f"the model {shown(team, model)!r} has no endpoint", "give it one")


def _bad_fallbacks(declared: Declared, held: Held) -> Iterator[Finding]:
    """Who takes over for itself, or is named twice; of what the API keeps as it is, of the file as it will be."""
    chains = {_node(*key): [_node(key[0], one) for one in legs] for key, legs in held.fallbacks.items()}
    chains |= {_node(*one.key): [_node(one.team, leg) for leg in one.body.fallbacks] for one in declared.models}
    told: set[frozenset[str]] = set()
    for entry in declared.models:
        legs = entry.body.fallbacks
        if len(set(legs)) < len(legs):
            twice = next(one for one in legs if legs.count(one) > 1)
            yield _finding(entry, ("fallbacks",), f"{twice!r} is named twice", "name each model once")
        ring = find_ring(_node(*entry.key), chains) if legs else None
        if ring is not None and frozenset(ring) not in told:
            told.add(frozenset(ring))
            names = [node.partition("\n")[2] for node in ring]
            yield _finding(entry, ("fallbacks",), told_ring(names), "leave one of them out")


def _node(team: str, name: str) -> str:
    return f"{team}\n{name}"


def _ambiguous_keys(declared: Declared, held: Held) -> Iterator[Finding]:
    owner: dict[str, Entry[Any]] = {}
    for entry in declared.keys:
        found = keys_meant(entry, held)
        if len(found) > 1:
            message = f"{len(found)} keys have the name {entry.name!r}"
            yield _finding(entry, (), message, "say which with `team`, or rename one: modelport keys list")
        elif found and owner.setdefault(found[0].id, entry) is not entry:
            yield _finding(entry, (), f"means the same key as {owner[found[0].id].at}", "keep one of them")


def _staying(declared: set[str], held: Mapping[str, Any]) -> set[str]:
    """Return the names that there will be: what leaves the file goes."""
    return declared | {name for name, row in held.items() if row.managed_by != FILE}


def _clash(kind: str, entry: Entry[Any]) -> Finding:
    name = shown(entry.team, entry.name)
    hint = f"choose another name, or remove that one first: modelport {_COMMANDS[kind]} remove {entry.name}"
    return _finding(entry, (), f"the {kind} {name!r} is kept over the API and is not taken over", hint)


def _still_here(entry: Entry[Any]) -> Finding:
    message = f"the model {shown(entry.team, entry.name)!r} of the API is being deleted and still has its name"
    return _finding(entry, (), message, "read the file again when its last calls have ended")


_COMMANDS = {"team": "teams", "gateway": "gateways", "model": "models", "alias": "aliases"}


def _meant(name: str, known: set[str], where: str) -> str:
    near = nearest(name, sorted(known))
    return f"did you mean {near[0]}?" if near else f"declare it {where}"


def _finding(entry: Entry[Any], path: tuple[str, ...], message: str, hint: str) -> Finding:
    return Finding(entry.at, shown_path((*entry.path, *path)), message, hint)
