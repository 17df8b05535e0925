"""The signed metadata of a public folder: read and verified against our own root, changed, signed and written.

What is read comes from a folder that others may have written to. So all of it is verified as a client would, but for
its age: a hub that slept for a month is signed anew by its owner.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import LengthOrHashMismatchError, UnsignedMetadataError
from tuf.api.metadata import (
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization import DeserializationError

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.folder import read_file, write_whole
from gateway.catalogue.hub.keys import Keys
from gateway.catalogue.hub.roles import CATALOG, HISTORY, expiry_of, key_of, moment_of
from gateway.catalogue.hub.signed_list import target_file
from gateway.catalogue.namespace import publisher_of, role_of

SIGNED_AT: Final = "x-modelport-signed-at"
"""A member of timestamp.json: when it was signed. TUF itself dates only the end."""

_S = TypeVar("_S", Timestamp, Snapshot, Targets)


class Repository:
    """Everything that is signed in a folder. What was changed is marked by `touch` and written by `commit`."""

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        *,
        root: Metadata[Root],
        roles: dict[str, Metadata[Any]],
    ) -> None:
        self.folder = folder
        self.keys = keys
        self.root = root
        self._roles = roles
        self._touched: set[str] = set()

    @classmethod
    def open(cls, folder: Path, keys: Keys) -> "Repository":
        """Return what is published.

        Raises:
            HubFault: there is no hub, or something was not signed by its keys.
        """
        root = _read_root(keys)
        own = cls(folder, keys, root=root, roles={})
        timestamp = own._read(Timestamp, "timestamp", folder / "metadata" / "timestamp.json")
        at = timestamp.signed.snapshot_meta.version
        snapshot = own._read(Snapshot, "snapshot", own.versioned("snapshot", at), timestamp.signed.snapshot_meta)
        for role in ("targets", CATALOG, HISTORY):
            meta = snapshot.signed.meta[f"{role}.json"]
            own._read(Targets, role, own.versioned(role, meta.version), meta)
        for role in map(role_of, own.publishers()):
            meta = snapshot.signed.meta[f"{role}.json"]
            own._read(Targets, role, own.versioned(role, meta.version), meta)
        return own

    @property
    def timestamp(self) -> Timestamp:
        """What is current."""
        return cast("Timestamp", self._roles["timestamp"].signed)

    @property
    def snapshot(self) -> Snapshot:
        """Which versions belong together."""
        return cast("Snapshot", self._roles["snapshot"].signed)

    def targets(self, role: str) -> Targets:
        """Return the targets of a role: targets, catalog or history."""
        return cast("Targets", self._roles[role].signed)

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role below the root that the hub's own keys sign."""
        return "targets", CATALOG, HISTORY, "snapshot", "timestamp"

    @property
    def delegated(self) -> Delegations:
        """To whose keys the targets role has handed what."""
        found = self.targets("targets").delegations
        assert found is not None  # `catalog` at least
        return found

    def publishers(self) -> list[str]:
        """Return who signs a namespace of its own, by name."""
        return [name for role in self.delegated.roles or () if (name := publisher_of(role)) is not None]

    def hold(self, role: str, metadata: "Metadata[Targets]") -> None:
        """Have a role's metadata as somebody else has signed it; who calls writes its file."""
        self._roles[role] = metadata
        self.touch("snapshot")

    def forget(self, role: str) -> None:
        """Have a role's metadata no longer; who calls takes its delegation away."""
        del self._roles[role]

    def expiry(self, role: str) -> datetime:
        """Return until when a role's signature is valid."""
        signed: Signed = self.root.signed if role == "root" else self._roles[role].signed
        return signed.expires

    def touch(self, role: str) -> None:
        """Have a role signed anew by `commit`, and those that name its version."""
        self._touched.add(role)

    def signs(self, role: str) -> bool:
        """Return whether the key is here that has to sign a role."""
        return any(one is not None and self._is_named(role, one) for one in self._kept(role))

    def commit(self, now_ms: int, *, also: Mapping[str, CryptoSigner] | None = None) -> None:
        """Sign and write what was touched, with a second key where `also` has one: timestamp.json last.

        Whatever is killed in between, timestamp.json leads to a whole set of files.

        Raises:
            HubFault: a key is missing, or a file cannot be written.
        """
        if self._touched - {"timestamp"}:
            self._touched |= {"snapshot", "timestamp"}
        order = [role for role in ("targets", HISTORY, CATALOG, "snapshot", "timestamp") if role in self._touched]
        signers = {role: self.signer_of(role) for role in order}  # all keys are there, or nothing is written
        for role in order:
            signed = self._roles[role].signed
            signed.version += 1
            signed.expires = expiry_of(role, now_ms)
            if role == "timestamp":
                signed.unrecognized_fields[SIGNED_AT] = f"{moment_of(now_ms):%Y-%m-%dT%H:%M:%SZ}"
            second = [also[role]] if also and role in also else []
            content = _sign(self._roles[role], [signers[role], *second])
            self._note(role, signed.version, content)
            name = "timestamp.json" if role == "timestamp" else f"{signed.version}.{role}.json"
            write_whole(self.folder / "metadata" / name, content)
        self._touched.clear()

    def write_root(self, signers: Iterable[CryptoSigner], now_ms: int, *, first: bool = False) -> None:
        """Sign the root under its next version, with old and new keys, and trust it from now on.

        The keys' folder has it before the public one: `complete_root` mends what a kill left between the two.
        """
        if not first:
            self.root.signed.version += 1
        self.root.signed.expires = expiry_of("root", now_ms)
        content = _sign(self.root, signers)
        write_whole(self.keys.trusted_root, content)
        write_whole(self.versioned("root", self.root.signed.version), content)

    def set_target(self, role: str, path: str, content: bytes, custom: dict[str, Any] | None = None) -> TargetFile:
        """Write a target under its hash, and name it in the role's metadata."""
        target = TargetFile.from_data(path, content, ["sha256"])
        if custom is not None:
            target.unrecognized_fields["custom"] = custom
        write_whole(self.path_of(target), content)
        self.targets(role).targets[path] = target
        self.touch(role)
        return target

    def path_of(self, target: TargetFile) -> Path:
        """Return where a target lies: its hash is part of its name."""
        return target_file(self.folder, target)

    def read_target(self, target: TargetFile) -> bytes:
        """Return a target's bytes.

        Raises:
            HubFault: it is not there, or not what was signed.
        """
        content = read_file(self.path_of(target))
        check_hash(self.path_of(target), target, content)
        return content

    def _above(self, role: str) -> "Root | Targets":
        """Return who says with which keys a role is signed."""
        is_delegated = role in {CATALOG, HISTORY} or publisher_of(role) is not None
        return self.targets("targets") if is_delegated else self.root.signed

    def _read(self, kind: type[_S], role: str, path: Path, meta: MetaFile | None = None) -> "Metadata[_S]":
        content = read_file(path)
        try:
            read = Metadata.from_bytes(content)
            if read.signed.type != kind.type:
                raise HubFault(f"{path} is {read.signed.type}, and {kind.type} was expected")
            self._above(role).verify_delegate(role, read.signed_bytes, read.signatures)
        except (DeserializationError, UnsignedMetadataError, ValueError) as error:
            raise HubFault(
                f"{path} was not signed by the keys of this hub: {error}",
                hint="somebody else wrote into the folder; put back what was published, from a copy",
            ) from error
        if meta is not None and read.signed.version != meta.version:
            raise HubFault(f"{path} has version {read.signed.version}, and {meta.version} was published")
        if meta is not None:
            check_hash(path, meta, content)
        self._roles[role] = read
        return cast("Metadata[_S]", read)

    def _note(self, role: str, version: int, content: bytes) -> None:
        if role in {"targets", CATALOG, HISTORY}:
            self.snapshot.meta[f"{role}.json"] = MetaFile.from_data(version, content, ["sha256"])
        elif role == "snapshot":
            self.timestamp.snapshot_meta = MetaFile.from_data(version, content, ["sha256"])

    def signer_of(self, role: str) -> CryptoSigner:
        """Return the key that has to sign a role.

        Raises:
            HubFault: it is not here.
        """
        for one in self._kept(role):
            if one is not None and self._is_named(role, one):
                return one
        self.keys.get(key_of(role))  # says that it is not here
        raise HubFault(
            f"{key_of(role)}.pem in {self.keys.folder} is not the key that the hub names for {role}",
            hint=f"it was rotated elsewhere: bring it from there, or: modelport catalogue rotate-keys {key_of(role)}",
        )

    def _kept(self, role: str) -> tuple[CryptoSigner | None, ...]:
        """Return the role's key, and the one that a killed rotation may have left."""
        return self.keys.find(key_of(role)), self.keys.find(f"{key_of(role)}.next")

    def _is_named(self, role: str, signer: CryptoSigner) -> bool:
        return signer.public_key.keyid in self._above(role).get_delegated_role(role).keyids

    def versioned(self, role: str, version: int) -> Path:
        """Return where a version of a role's metadata lies."""
        return self.folder / "metadata" / f"{version}.{role}.json"

    def complete_root(self) -> None:
        """Publish the trusted root where a kill left it unpublished."""
        path = self.versioned("root", self.root.signed.version)
        if not path.exists():
            write_whole(path, read_file(self.keys.trusted_root))


def check_hash(path: Path, meta: MetaFile | TargetFile, content: bytes) -> None:
    """Refuse bytes that are not those which were published under this name."""
    try:
        meta.verify_length_and_hashes(content)
    except LengthOrHashMismatchError as error:
        raise HubFault(f"{path} is not what was published") from error


def _read_root(keys: Keys) -> "Metadata[Root]":
    """Return the root that is trusted: one that its own keys have signed, as clients ask of their first one."""
    try:
        root = Metadata[Root].from_bytes(read_file(keys.trusted_root))
        root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
    except (DeserializationError, UnsignedMetadataError) as error:
        raise HubFault(f"{keys.trusted_root} is no root: {error}") from error
    return root


def _sign(metadata: "Metadata[Any]", signers: Iterable[CryptoSigner]) -> bytes:
    metadata.signatures.clear()
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()
