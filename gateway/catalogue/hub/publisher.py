"""A publisher that signs its own namespace and leaves the hosting to a hub: entries in, a signed list out.

Its folder is laid out as a hub's: `public/` goes to the hub's owner, `keys/` stays, `entries/` is the list to work on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, TargetFile, Targets

from gateway.catalogue.hub.errors import BadEntries, HubFault, Problem
from gateway.catalogue.hub.folder import only_one, sweep, write_whole
from gateway.catalogue.hub.keys import Keys
from gateway.catalogue.hub.plan import Plan, plan
from gateway.catalogue.hub.roles import PUBLISHER, expiry_of
from gateway.catalogue.hub.signed_list import KEY, SignedList, key_text, packed, read_key, read_signed, target_file
from gateway.catalogue.hub.working_list import WorkingList
from gateway.catalogue.namespace import (
    is_publisher,
    is_within,
    list_path,
    matches,
    paths_of,
    removed_path,
    role_of,
)
from gateway.catalogue.operation import line_of
from gateway.catalogue.state_hash import StateHash, entry_sha
from gateway.storage.clock import Clock, SystemClock

_KEY: Final = "publisher"


class Publisher:
    """One publisher: its public folder, its key, and its working list."""

    def __init__(
        self,
        folder: Path,
        keys_folder: Path,
        *,
        clock: Clock | None = None,
        entries: Path | None = None,
        passphrase: bytes | None = None,
    ) -> None:
        self.folder = folder
        self.keys = Keys(keys_folder, passphrase)
        self.entries = WorkingList(entries or folder.parent / "entries")
        self._clock = clock or SystemClock()

    @staticmethod
    def is_one(folder: Path) -> bool:
        """Return whether a public folder is a publisher's, and not a hub's."""
        return (folder / KEY).is_file()

    @classmethod
    def init(  # noqa: PLR0913 - keyword-only but the first three
        cls,
        name: str,
        folder: Path,
        keys_folder: Path,
        *,
        clock: Clock | None = None,
        entries: Path | None = None,
        passphrase: bytes | None = None,
    ) -> "Publisher":
        """Make a key, and sign an empty list.

        Raises:
            HubFault: the name is none, there is one already, or a folder cannot be written.
        """
        if not is_publisher(name):
            raise HubFault(f"{name!r} is no publisher's name", hint="small letters, digits, - and _: acme")
        made = cls(folder, keys_folder, clock=clock, entries=entries, passphrase=passphrase)
        if keys_folder.resolve().is_relative_to(folder.resolve()):
            raise HubFault(f"{keys_folder} is inside {folder}, which is given away", hint="keep the key elsewhere")
        if made.keys.find(_KEY) or (folder / "metadata").exists() or cls.is_one(folder):
            raise HubFault(f"there is a publisher or a hub in {folder.parent}", hint="name another folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            made.entries.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HubFault(f"{error.filename} cannot be made: {error.strerror}") from error
        signer = made.keys.new()
        made.keys.keep(_KEY, signer)
        write_whole(folder / KEY, key_text(name, signer.public_key))
        made.sign()
        return made

    @property
    def name(self) -> str:
        """Whose namespace it is."""
        return read_key(self.folder)[0]

    @property
    def fingerprint(self) -> str:
        """The id of its key, for the hub's owner to compare."""
        return str(read_key(self.folder)[1].keyid)

    def plan(self) -> Plan:
        """Return what `sign` would change.

        Raises:
            HubFault: entries that no client would take, or that are not in the namespace.
        """
        return self._plan(self._signed())

    def sign(self, now_ms: int | None = None) -> SignedList:
        """Sign the working list for another 30 days, and return it as the hub's owner will read it.

        Raises:
            HubFault: as `plan`; or the key is missing.
        """
        return self.sign_planned(now_ms)[0]

    def sign_planned(self, now_ms: int | None = None) -> tuple[SignedList, Plan]:
        """Do that, and return as well what has changed."""
        now = self._clock.now_ms() if now_ms is None else now_ms
        with only_one(self.folder):
            sweep(self.folder)
            before = self._signed()
            wanted = self._plan(before)
            signed = Targets(expires=expiry_of(PUBLISHER, now))
            # A time, so that a publisher who begins anew with another key is not behind what clients have seen.
            signed.version = max(0 if before is None else before.version, now // 1000 - 1) + 1
            for path, content in self._files(wanted).items():
                signed.targets[path] = self._written(path, content)
            signed.targets[list_path(self.name)].unrecognized_fields["custom"] = _promise(wanted.forms)
            metadata = Metadata(signed)
            metadata.sign(self._signer())
            write_whole(self.folder / "metadata" / f"{role_of(self.name)}.json", metadata.to_bytes())
            self._prune(signed)
            return read_signed(self.folder), wanted

    def _plan(self, before: SignedList | None) -> Plan:
        wanted = self.entries.forms()
        if outside := [id_ for id_ in wanted if not is_within(self.name, id_)]:
            reason = f"it is outside of the namespace {self.name}/"
            raise BadEntries([Problem(self.entries.folder.name, 0, id_, reason) for id_ in outside])
        known = {} if before is None else before.forms
        return plan(0 if before is None else before.version, known, wanted, {}, is_new=before is None)

    def _signed(self) -> SignedList | None:
        """Return what was signed last; it is ours, and verified as a stranger's."""
        there = (self.folder / "metadata" / f"{role_of(self.name)}.json").exists()
        return read_signed(self.folder) if there else None

    def _files(self, wanted: Plan) -> Mapping[str, bytes]:
        own, removed = dict(self.entries.files()), self.entries.removed()
        if strange := [path for path in own if not matches(path, paths_of(self.name))]:
            raise HubFault(
                f"{strange[0]!r} is nothing that a publisher signs", hint=f"lists of chunks: artifacts/{self.name}/…"
            )
        own[list_path(self.name)] = packed(wanted.forms.values())
        if removed:
            own[removed_path(self.name)] = b"".join(line_of(removed[id_]) + b"\n" for id_ in sorted(removed))
        return own

    def _written(self, path: str, content: bytes) -> TargetFile:
        target = TargetFile.from_data(path, content, ["sha256"])
        write_whole(target_file(self.folder, target), content)
        return target

    def _signer(self) -> CryptoSigner:
        signer = self.keys.get(_KEY)
        if signer.public_key.keyid != self.fingerprint:
            raise HubFault(f"publisher.pem in {self.keys.folder} is not the key of {self.folder / KEY}")
        return signer

    def _prune(self, signed: Targets) -> None:
        named = {target_file(self.folder, one) for one in signed.targets.values()}
        for path in list((self.folder / "targets").rglob("*")):
            if path.is_file() and path not in named:
                path.unlink(missing_ok=True)


def _promise(forms: Mapping[str, bytes]) -> dict[str, object]:
    state = StateHash((id_, entry_sha(form)) for id_, form in forms.items()).hexdigest()
    return {"count": len(forms), "state_sha256": state}
