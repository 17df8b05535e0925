"""A hub whose owner signs whatever it is given: lines that our publisher would refuse, deltas that lie."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.catalogue.canonical import NotCanonical, canonical, decode
from gateway.catalogue.fitness import is_id
from gateway.catalogue.index import CatalogueIndex, Delta, Snapshot, delta_path, snapshot_path
from gateway.catalogue.operation import Put, line_of
from gateway.catalogue.state_hash import StateHash, entry_sha
from tests.catalogue.trust.repository import Repository
from tests.clock import ManualClock


@dataclass
class RawHub(Repository):
    """`say` publishes lines as they are."""

    lines: list[bytes] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)
    state: str | None = None
    min_client: str | None = None

    def say(self, *lines: bytes, state: str | None = None) -> int:
        """Publish this list under the next serial; `state` is a lie about it."""
        self.lines, self.state = list(lines), state
        return self.publish()

    def publish(self, **files: bytes) -> int:
        """Write the list and everything that vouches for it; return its serial."""
        self.serial += 1
        self.files |= files
        self.files[snapshot_path(self.serial)] = packed(self.lines)
        self.sign_all()
        return self.serial

    def add_delta(self, *entries: dict[str, object], state_to: str | None = None) -> None:
        """Announce a delta from the serial before that puts these, and sign everything anew."""
        path = delta_path(self.serial - 1, self.serial)
        self.files[path] = packed([line_of(Put(one)) for one in entries])
        end = state_to or self.index().snapshot.state_sha256
        size = len(self.files[path])
        self.deltas.append(Delta(path, self.serial - 1, self.serial, size, len(entries), None, end))
        self.sign_all()

    def sign_all(self) -> None:
        """Sign what a client reads."""
        self.sign_catalog()
        self.sign_targets()
        self.sign_snapshot()
        self.sign_timestamp()

    def index(self) -> CatalogueIndex:
        """Return what is offered now."""
        path = snapshot_path(self.serial)
        state = self.state or state_of_lines(self.lines)
        snapshot = Snapshot(path, len(self.files[path]), len(self.lines), state)
        return CatalogueIndex(self.serial, snapshot, tuple(self.deltas), min_client=self.min_client)


def state_of_lines(lines: Sequence[bytes]) -> str:
    """Return the state hash of those that have a place in a list."""
    state = StateHash()
    for line in lines:
        try:
            value = decode(line)
        except NotCanonical:
            continue
        if isinstance(value.get("id"), str) and is_id(value["id"]):
            state.put(value["id"], entry_sha(value))
    return state.hexdigest()


def packed(lines: Sequence[bytes]) -> bytes:
    """Return a list's file."""
    return gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)


def lines_of(entries: Sequence[dict[str, object]]) -> list[bytes]:
    """Return the lines of entries, also of those that no publisher of ours would take."""
    return [canonical(one) for one in entries]


def raw_hub(folder: Path, clock: ManualClock, entries: Sequence[dict[str, object]]) -> RawHub:
    """Return a hub that said these once: serial 2, for a repository begins with an empty list."""
    hub = RawHub(folder, clock)
    hub.say(*lines_of(entries))
    return hub
