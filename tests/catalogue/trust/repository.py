"""A hub's folder, made with `tuf.api.metadata` and nothing of ours: for attacks, each file can be wrong on purpose."""

import functools
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from gateway.catalogue.index import INDEX_PATH, CatalogueIndex, snapshot_path
from gateway.catalogue.index import Snapshot as ListFile
from gateway.catalogue.trust.updater import SIGNED_AT
from tests.clock import ManualClock

Signed: TypeAlias = Root | Timestamp | Snapshot | Targets
LIFETIMES: Mapping[str, timedelta] = {
    "root": timedelta(days=365),
    "targets": timedelta(days=60),
    "catalog": timedelta(days=30),
    "snapshot": timedelta(days=7),
    "timestamp": timedelta(days=2),
}
ROLES = tuple(LIFETIMES)


@functools.cache
def signer(number: int) -> CryptoSigner:
    """Return the key of this number: the same in the whole session."""
    del number
    return CryptoSigner.generate_ed25519()


@dataclass
class Repository:
    """A folder that a hub serves. `signers` are who signs; tests change them, versions and lifetimes as they like."""

    folder: Path
    clock: ManualClock
    serial: int = 0
    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ROLES, 0))
    lifetimes: dict[str, timedelta] = field(default_factory=lambda: dict(LIFETIMES))
    signers: dict[str, list[CryptoSigner]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    says_when: bool = True
    first_key: int = 0
    meta: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose keys: two of the root's three sign, one for each other role."""
        (self.folder / "metadata").mkdir(parents=True, exist_ok=True)
        self.root_keys = [signer(self.first_key + number) for number in range(3)]
        self.signers = {role: [signer(number)] for number, role in enumerate(ROLES, self.first_key + 3)}
        self.signers["root"] = self.root_keys[:2]
        self.sign_root()
        self.publish()

    @property
    def bootstrap(self) -> bytes:
        """The first root."""
        return (self.folder / "metadata" / "1.root.json").read_bytes()

    def publish(self, **files: bytes) -> int:
        """Write a new list and everything that vouches for it; return its serial."""
        self.serial += 1
        self.files |= {name.replace("__", "/"): data for name, data in files.items()}
        path = snapshot_path(self.serial)
        self.files[path] = gzip.compress(json.dumps({"id": f"acme/{self.serial}"}).encode(), mtime=0)
        self.sign_catalog()
        self.sign_targets()
        self.sign_snapshot()
        self.sign_timestamp()
        return self.serial

    def index(self) -> CatalogueIndex:
        """Return what the list offers now."""
        path = snapshot_path(self.serial)
        return CatalogueIndex(self.serial, ListFile(path, len(self.files[path]), 1, "0" * 64))

    def sign_root(self, *extra: CryptoSigner) -> None:
        """Write the next root, signed by the root's signers and these."""
        self.versions["root"] += 1
        root = Root(self.versions["root"], expires=self.expires("root"), consistent_snapshot=True)
        for role in ("targets", "snapshot", "timestamp"):
            for one in self.signers[role]:
                root.add_key(one.public_key, role)
        for one in self.root_keys:
            root.add_key(one.public_key, "root")
        root.roles["root"].threshold = 2
        self.write(f"{root.version}.root.json", root, [*self.signers["root"], *extra])

    def sign_catalog(self) -> None:
        """Write the delegated role that names the list and its files."""
        self.versions["catalog"] += 1
        files = {path: target(path, data) for path, data in self.files.items()}
        files[INDEX_PATH] = target(INDEX_PATH, b"{}\n", custom=self.index().custom())
        self.write_target(INDEX_PATH, b"{}\n")
        for path, data in self.files.items():
            self.write_target(path, data)
        role = Targets(self.versions["catalog"], expires=self.expires("catalog"), targets=files)
        self.meta["catalog"] = self.write(f"{role.version}.catalog.json", role, self.signers["catalog"])

    def sign_targets(self) -> None:
        """Write the top role, which hands `catalog/*` on."""
        self.versions["targets"] += 1
        keys: dict[str, Key] = {one.public_key.keyid: one.public_key for one in self.signers["catalog"]}
        role = DelegatedRole("catalog", list(keys), 1, terminating=True, paths=["catalog/*", "catalog/*/*"])
        top = Targets(self.versions["targets"], expires=self.expires("targets"))
        top.delegations = Delegations(keys, {"catalog": role})
        self.meta["targets"] = self.write(f"{top.version}.targets.json", top, self.signers["targets"])

    def sign_snapshot(self) -> None:
        """Write which versions belong together."""
        self.versions["snapshot"] += 1
        meta = {f"{role}.json": metafile(self.versions[role], self.meta[role]) for role in ("targets", "catalog")}
        signed = Snapshot(self.versions["snapshot"], expires=self.expires("snapshot"), meta=meta)
        self.meta["snapshot"] = self.write(f"{signed.version}.snapshot.json", signed, self.signers["snapshot"])

    def sign_timestamp(self) -> None:
        """Write what is current."""
        self.versions["timestamp"] += 1
        signed = Timestamp(
            self.versions["timestamp"],
            expires=self.expires("timestamp"),
            snapshot_meta=metafile(self.versions["snapshot"], self.meta["snapshot"]),
            unrecognized_fields={SIGNED_AT: f"{self.now:%Y-%m-%dT%H:%M:%SZ}"} if self.says_when else {},
        )
        self.write("timestamp.json", signed, self.signers["timestamp"])

    def rotate(self, role: str, number: int) -> None:
        """Give a role a new key and say so in a new root; what the role signed is signed anew by `publish`."""
        self.signers[role] = [signer(number)]
        self.sign_root()

    @property
    def now(self) -> datetime:
        """What time it is for the publisher."""
        return datetime.fromtimestamp(self.clock.now_ms() // 1000, UTC)

    def expires(self, role: str) -> datetime:
        """Return when what the role signs now runs out."""
        return self.now + self.lifetimes[role]

    def write(self, name: str, signed: Any, signers: Sequence[CryptoSigner]) -> bytes:
        """Write a file of metadata, signed by all of these."""
        metadata: Metadata[Any] = Metadata(signed)
        for one in signers:
            metadata.sign(one, append=True)
        data = metadata.to_bytes()
        (self.folder / "metadata" / name).write_bytes(data)
        return data

    def write_target(self, path: str, data: bytes) -> None:
        """Write a target under the name that holds its hash."""
        sha = target(path, data).hashes["sha256"]
        folder, _, name = path.rpartition("/")
        place = self.folder / "targets" / folder / f"{sha}.{name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def edit(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change a file of metadata without signing it anew."""
        path = self.folder / "metadata" / name
        document = json.loads(path.read_bytes())
        change(document)
        path.write_bytes(json.dumps(document, separators=(",", ":"), sort_keys=True).encode())


def target(path: str, data: bytes, *, custom: dict[str, Any] | None = None) -> TargetFile:
    """Return what is signed about a target."""
    made = TargetFile.from_data(path, data, ["sha256"])
    if custom is not None:
        made.unrecognized_fields["custom"] = custom
    return made


def metafile(version: int, data: bytes) -> MetaFile:
    """Return what a snapshot or timestamp says about a file of metadata: version, length and hash."""
    return MetaFile.from_data(version, data, ["sha256"])
