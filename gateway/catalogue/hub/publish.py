"""A plan carried out: snapshot, delta, merged deltas and index are written, then signed.

Files that nothing names yet come first, `timestamp.json` last: killed at any moment, the folder is the old or the new
publication, whole.
"""

import gzip
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.json import Decoder

from gateway.catalogue.canonical import canonical_decoded, decode
from gateway.catalogue.hub import history, rules
from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.plan import Plan
from gateway.catalogue.hub.repository import Repository
from gateway.catalogue.hub.roles import CATALOG, CATALOG_PATHS, HISTORY
from gateway.catalogue.hub.signed_list import packed
from gateway.catalogue.index import (
    INDEX_PATH,
    CatalogueIndex,
    Delta,
    Snapshot,
    delta_path,
    read_index,
    snapshot_path,
)
from gateway.catalogue.namespace import matches
from gateway.catalogue.operation import BadOperation, Operation, line_of, merged, parse_operation
from gateway.catalogue.recommend.rules import PATH as RULES
from gateway.catalogue.state_hash import StateHash, entry_sha

VERSIONS_KEPT: Final = 5
"""Publications whose files stay: a client that began with an older one still finds what it was told of."""


class _Named(Struct):
    """As much of a line as tells which entry it is."""

    id: str


_NAMED = Decoder(_Named)


def index_of(repository: Repository) -> CatalogueIndex | None:
    """Return the index that is published, None in a hub that has published nothing."""
    target = repository.targets(CATALOG).targets.get(INDEX_PATH)
    return read_index(target.custom) if target is not None else None


def published_forms(repository: Repository, index: CatalogueIndex | None) -> dict[str, bytes]:
    """Return the published list as `id -> canonical form`, in the order of ids.

    Raises:
        HubFault: its file is not what was published.
    """
    if index is None:
        return {}
    target = repository.targets(CATALOG).targets[index.snapshot.path]
    return {_NAMED.decode(line).id: line for line in gzip.decompress(repository.read_target(target)).splitlines()}


def published_entries(repository: Repository, index: CatalogueIndex | None) -> dict[str, dict[str, Any]]:
    """Return the published list as `id -> entry`.

    Raises:
        HubFault: its file is not what was published.
    """
    return {id_: decode(form) for id_, form in published_forms(repository, index).items()}


def publish(repository: Repository, index: CatalogueIndex | None, plan: Plan, files: Mapping[str, bytes]) -> None:
    """Write what the plan and the further targets change, and mark the roles that name it.

    Raises:
        HubFault: rules that clients would not take as they are, or a path that is none of a catalogue's.
    """
    if RULES in files:
        rules.check(repository, files[RULES])
    if index is None or plan.serial != index.serial:
        _publish_list(repository, index, plan)
    catalog = repository.targets(CATALOG)
    for path in [path for path in catalog.targets if not path.startswith("catalog/") and path not in files]:
        del catalog.targets[path]
        repository.touch(CATALOG)
    for path, content in files.items():
        _check_path(path)
        known = catalog.targets.get(path)
        if known is None or known.hashes["sha256"] != entry_sha(content).hex():
            repository.set_target(CATALOG, path, content)


def _publish_list(repository: Repository, index: CatalogueIndex | None, plan: Plan) -> None:
    state = StateHash((id_, entry_sha(form)) for id_, form in plan.forms.items()).hexdigest()
    target = repository.set_target(CATALOG, snapshot_path(plan.serial), packed(plan.forms.values()))
    snapshot = Snapshot(target.path, target.length, len(plan.forms), state)
    deltas = list(index.deltas) if index is not None else []
    if index is not None:
        before = index.snapshot.state_sha256
        _add_delta(repository, deltas, Delta("", index.serial, plan.serial, 0, 0, before, state), plan.operations)
        del repository.targets(CATALOG).targets[index.snapshot.path]
    for start, step in history.due(plan.serial):
        if (parts := history.parts(deltas, start, plan.serial, step)) is not None:
            operations = merged(one for part in parts for one in _operations(repository, part))
            _add_delta(repository, deltas, Delta("", start, plan.serial, 0, 0, parts[0].state_from, state), operations)
    keep = history.kept(deltas, plan.serial)
    _file_deltas(repository, keep, plan.serial)
    new = CatalogueIndex(plan.serial, snapshot, tuple(keep))
    content = canonical_decoded({"serial": plan.serial})  # the index itself comes with the metadata
    repository.set_target(CATALOG, INDEX_PATH, content, new.custom())


def _add_delta(repository: Repository, deltas: list[Delta], delta: Delta, operations: Iterable[Operation]) -> None:
    lines = [line_of(one) for one in operations]
    target = repository.set_target(CATALOG, delta_path(delta.start, delta.to), packed(lines))
    deltas.append(
        Delta(target.path, delta.start, delta.to, target.length, len(lines), delta.state_from, delta.state_to)
    )


def _operations(repository: Repository, delta: Delta) -> list[Operation]:
    target = next(
        found for role in (CATALOG, HISTORY) if (found := repository.targets(role).targets.get(delta.path)) is not None
    )
    lines = gzip.decompress(repository.read_target(target)).splitlines()
    operations = []
    for one in map(parse_operation, lines):
        if isinstance(one, BadOperation):
            raise HubFault(f"{repository.path_of(target)} holds a line that is no operation: {one.reason}")
        operations.append(one)
    return operations


def _file_deltas(repository: Repository, keep: list[Delta], serial: int) -> None:
    """Name each delta that stays in one role: the newest beside the index, the others in the history."""
    catalog, older = repository.targets(CATALOG).targets, repository.targets(HISTORY).targets
    known = {path: one for path, one in (older | catalog).items() if path.startswith("catalog/delta/")}
    for path in known:
        catalog.pop(path, None)
    past = {one.path: known[one.path] for one in keep if not history.is_near(one, serial)}
    catalog |= {one.path: known[one.path] for one in keep if history.is_near(one, serial)}
    if past != older:
        older.clear()
        older |= past
        repository.touch(HISTORY)
    repository.touch(CATALOG)


def _check_path(path: str) -> None:
    if not matches(path, [one for one in CATALOG_PATHS if not one.startswith("catalog/")]):
        raise HubFault(
            f"{path!r} is no target of a catalogue", hint="recommend.json, stats/DAY.json, or a path below artifacts/"
        )
