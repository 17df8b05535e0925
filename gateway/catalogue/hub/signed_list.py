"""A publisher's list as it was signed: read from a folder that somebody else wrote, and believed only where it fits.

key.json                               whose it is, and the public key
metadata/publisher.acme.json           TUF targets metadata, signed with that key
targets/publisher/acme/<sha>.entries…  the list, beside its state; lists of chunks below targets/artifacts/acme/
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from securesystemslib.signer import Key
from tuf.api.exceptions import LengthOrHashMismatchError, UnsignedMetadataError
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from gateway.catalogue.canonical import NotCanonical, canonical_decoded, decode
from gateway.catalogue.hub.errors import BadEntries, HubFault, Problem
from gateway.catalogue.hub.folder import read_file
from gateway.catalogue.hub.working_list import id_of, problem_of
from gateway.catalogue.namespace import (
    is_publisher,
    is_within,
    list_path,
    matches,
    paths_of,
    read_promise,
    removed_path,
    role_of,
)
from gateway.catalogue.operation import Del, parse_operation
from gateway.catalogue.state_hash import StateHash, entry_sha
from gateway.catalogue.store.lines import MAX_TOTAL

KEY: Final = "key.json"
_LEVEL: Final = 9  # of gzip: written once, fetched by everybody
_GZIP: Final = 31  # zlib's word for: a gzip header, and the largest window


class SignedList(Struct, frozen=True):
    """What a publisher vouches for: entries by id in canonical form, and further targets by their paths."""

    publisher: str
    key: Any
    """Its public key, as securesystemslib has it."""
    metadata: Any
    """Its signed metadata, as TUF has it."""
    content: bytes
    """The same as bytes."""
    forms: dict[str, bytes]
    removed: dict[str, Del]
    targets: dict[str, bytes]

    @property
    def version(self) -> int:
        """It grows with each signature."""
        return int(self.metadata.signed.version)

    @property
    def expires(self) -> datetime:
        """Until when the signature is valid."""
        found: datetime = self.metadata.signed.expires
        return found


def read_signed(folder: Path) -> SignedList:
    """Return a publisher's list, all of it verified against the key that lies beside it.

    Raises:
        HubFault: it is none, was not signed with that key, or holds what is outside of the publisher's namespace.
        BadEntries: entries that no client would take.
    """
    name, key = read_key(folder)
    path = folder / "metadata" / f"{role_of(name)}.json"
    content = read_file(path)
    metadata = _verified(path, content, name, key)
    targets = dict(_targets(folder, name, metadata.signed))
    if list_path(name) not in targets:
        raise HubFault(f"{path} names no list of entries", hint="have its publisher sign it again")
    forms = _forms(name, targets[list_path(name)])
    promise = read_promise(metadata.signed.targets[list_path(name)].custom)
    state = StateHash((id_, entry_sha(form)) for id_, form in forms.items()).hexdigest()
    if promise is None or (promise.count, promise.state_sha256) != (len(forms), state):
        raise HubFault(f"{path} promises another list than it names", hint="have its publisher sign it again")
    return SignedList(name, key, metadata, content, forms, dict(_removed(name, targets)), targets)


def read_key(folder: Path) -> tuple[str, Key]:
    """Return whose folder it is, and the public key.

    Raises:
        HubFault: it is no publisher's.
    """
    path = folder / KEY
    try:
        said = json.loads(read_file(path))
        name, key = said["publisher"], Key.from_dict(said["keyid"], dict(said["key"]))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise HubFault(f"{path} is no publisher's key: {error}") from error
    if not isinstance(name, str) or not is_publisher(name):
        raise HubFault(f"{path}: {name!r:.100} is no publisher's name")
    return name, key


def key_text(name: str, key: Key) -> bytes:
    """Return what `read_key` reads."""
    said = {"publisher": name, "keyid": key.keyid, "key": key.to_dict()}
    return json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"


def target_file(folder: Path, target: TargetFile) -> Path:
    """Return where a target lies: its hash is part of its name."""
    within, _, name = target.path.rpartition("/")
    return folder / "targets" / within / f"{target.hashes['sha256']}.{name}"


def _verified(path: Path, content: bytes, name: str, key: Key) -> "Metadata[Targets]":
    role = role_of(name)
    delegated = DelegatedRole(role, [key.keyid], 1, terminating=True, paths=[])
    above = Targets(delegations=Delegations({key.keyid: key}, {role: delegated}))
    try:
        metadata = Metadata[Targets].from_bytes(content)
        if metadata.signed.type != Targets.type or metadata.signed.delegations is not None:
            raise HubFault(f"{path} is no list of a publisher", hint="take its public folder as it is")
        above.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (DeserializationError, UnsignedMetadataError, ValueError) as error:
        raise HubFault(f"{path} was not signed with {KEY} beside it: {error}") from error
    return metadata


def _targets(folder: Path, name: str, signed: Targets) -> Iterator[tuple[str, bytes]]:
    for path, target in signed.targets.items():
        if not matches(path, paths_of(name)) or "sha256" not in target.hashes or ".." in path.split("/"):
            raise HubFault(f"{name} signs {path!r:.200}, which is outside of its namespace")
        content = read_file(target_file(folder, target))
        try:
            target.verify_length_and_hashes(content)
        except LengthOrHashMismatchError as error:
            raise HubFault(f"{target_file(folder, target)} is not what {name} has signed") from error
        yield path, content


def _forms(name: str, packed: bytes) -> dict[str, bytes]:
    forms: dict[str, bytes] = {}
    problems: list[Problem] = []
    for number, line in enumerate(_lines(name, packed), 1):
        id_, reason = _judged(name, line)
        if id_ is None or reason or id_ in forms:
            problems.append(Problem(list_path(name), number, id_, reason or "it is given twice"))
        else:
            forms[id_] = line
    if problems:
        raise BadEntries(problems)
    return forms


def _judged(name: str, line: bytes) -> tuple[str | None, str | None]:
    """Return whose line it is, and why it cannot be taken."""
    try:
        value = decode(line)
    except NotCanonical as error:
        return None, str(error)
    id_ = id_of(value)
    if id_ is None:
        return None, "id: it has none"
    if not is_within(name, id_):
        return id_, f"it is outside of the namespace {name}/"
    if canonical_decoded(value) != line:
        return id_, "it is not in canonical form"
    return id_, problem_of(value, line)


def _lines(name: str, packed: bytes) -> list[bytes]:
    unpack = zlib.decompressobj(_GZIP)
    try:
        text = unpack.decompress(packed, MAX_TOTAL)
    except zlib.error as error:
        raise HubFault(f"the list of {name} is no gzip file: {error}") from error
    if not unpack.eof:
        raise HubFault(f"the list of {name} ends too early, or never")
    return text.splitlines()


def _removed(name: str, targets: Mapping[str, bytes]) -> Iterator[tuple[str, Del]]:
    for line in targets.get(removed_path(name), b"").splitlines():
        one = parse_operation(line)
        if isinstance(one, Del) and is_within(name, one.id):
            yield one.id, one


def packed(lines: Iterable[bytes]) -> bytes:
    """Return lines as a gzip file: the same bytes for the same lines, at any time."""
    return gzip.compress(b"".join(line + b"\n" for line in lines), _LEVEL, mtime=0)
