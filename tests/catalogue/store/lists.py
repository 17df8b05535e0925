"""Lists to test the store with, as lines."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from gateway.catalogue.canonical import canonical
from gateway.catalogue.operation import Operation, line_of
from gateway.catalogue.state_hash import StateHash, entry_sha
from gateway.catalogue.store.apply import Step
from gateway.catalogue.store.build import Source
from gateway.catalogue.store.change import Change
from gateway.catalogue.store.store import CatalogueStore
from tests.clock import ManualClock

Entries = dict[str, dict[str, Any]]


def state_of(entries: Entries) -> str:
    """Return the state hash of a list, computed by the publisher's side."""
    return StateHash((id_, entry_sha(one)) for id_, one in entries.items()).hexdigest()


def source(serial: int, entries: Entries) -> Source:
    """Return what a hub's index says about it."""
    return Source(serial, f"catalog/{serial}.jsonl.gz", state_of(entries), "hub", hub="https://hub.example/")


async def build(store: CatalogueStore, serial: int, entries: Entries) -> Change:
    """Take a list as a snapshot."""
    lines = [canonical(entries[id_]) for id_ in sorted(entries)]
    return await store.build(source(serial, entries), lambda: lines)


async def apply(store: CatalogueStore, serial: int, entries: Entries, operations: Iterable[Operation]) -> Change:
    """Take a delta that leads to `entries`."""
    lines = [line_of(one) for one in operations]
    step = Step(f"catalog/delta/{serial - 1}-{serial}.jsonl.gz", serial, state_of(entries), lambda: lines)
    return await store.apply(source(serial, entries), [step])


@contextlib.asynccontextmanager
async def opened(folder: Path, *, full_text: bool | None = None) -> AsyncIterator[CatalogueStore]:
    """Give an empty store."""
    store = CatalogueStore(folder / "catalog.db", ManualClock(), full_text=full_text)
    await store.open()
    try:
        yield store
    finally:
        await store.close()
