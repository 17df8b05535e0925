"""A hub as its owner sees it: entries in, signed files out.

`Hub.init` makes one, `Hub(…)` goes on with one. Each act holds the public folder for itself.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from gateway.catalogue.canonical import Value
from gateway.catalogue.hub import publish, rotate
from gateway.catalogue.hub.delegating import delegate
from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.folder import only_one, sweep
from gateway.catalogue.hub.keys import Keys
from gateway.catalogue.hub.plan import Plan, plan
from gateway.catalogue.hub.pruning import prune
from gateway.catalogue.hub.publishers import Publishers, check_own
from gateway.catalogue.hub.repository import Repository
from gateway.catalogue.hub.roles import is_due
from gateway.catalogue.hub.signed_list import SignedList
from gateway.catalogue.hub.working_list import Change, WorkingList
from gateway.catalogue.namespace import role_of
from gateway.storage.clock import Clock, SystemClock

ENTRIES: Final = "entries"
PUBLISHERS: Final = "publishers"
"""Below the working list, so that it is reviewed and kept along with it."""


class Signed(Struct, frozen=True):
    """What is published: the list's serial, and until when each role's signature is valid, unix milliseconds."""

    serial: int
    count: int
    root_version: int
    expires: dict[str, int]


class Hub:
    """One hub: its public folder, its keys, and its working list (`entries/` beside the public folder)."""

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
        self.entries = WorkingList(entries or folder.parent / ENTRIES)
        self.publishers = Publishers(self.entries.folder / PUBLISHERS)
        self._clock = clock or SystemClock()

    @classmethod
    def init(
        cls,
        folder: Path,
        keys_folder: Path,
        *,
        clock: Clock | None = None,
        entries: Path | None = None,
        passphrase: bytes | None = None,
    ) -> "Hub":
        """Make keys and an empty, signed hub.

        Raises:
            HubFault: there is one already, or a folder cannot be written.
        """
        hub = cls(folder, keys_folder, clock=clock, entries=entries, passphrase=passphrase)
        if keys_folder.resolve().is_relative_to(folder.resolve()):
            raise HubFault(f"{keys_folder} is inside {folder}, which is published", hint="keep the keys elsewhere")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            hub.entries.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HubFault(f"{error.filename} cannot be made: {error.strerror}") from error
        with only_one(folder):
            rotate.make(folder, hub.keys, hub._now(None))
        return hub

    @property
    def root(self) -> bytes:
        """The root that clients are given (`catalogue.root`)."""
        return self.keys.trusted_root.read_bytes()

    def put(self, entries: Iterable[Value]) -> dict[str, Change]:
        """Put entries on the working list; `publish` sends them."""
        return self.entries.put(entries)

    def remove(self, id_: str, reason: str | None = None, successor: str | None = None) -> None:
        """Take an entry off the working list; `publish` tells clients why, and what to use instead."""
        self.entries.remove(id_, reason, successor)

    def put_file(self, path: str, content: bytes) -> None:
        """Put a further target on the working list, as `recommend.json`."""
        self.entries.put_file(path, content)

    def plan(self) -> Plan:
        """Return what `publish` would change.

        Raises:
            HubFault: entries that no client would take, or a folder that others wrote into.
        """
        return self._plan(self._open(), self.publishers.read())

    def publish(self, now_ms: int | None = None) -> int:
        """Publish the working list and return its serial; without a change the same, and what is due is signed anew.

        Raises:
            HubFault: as `plan`; or a key is missing.
        """
        return self.publish_agreed(lambda _plan: None, now_ms).serial

    def publish_agreed(self, agree: Callable[[Plan], object], now_ms: int | None = None) -> Plan:
        """Publish what `agree` has nothing against, and return it: what it raises ends this before anything is written.

        Raises:
            HubFault: as `publish`.
        """
        with only_one(self.folder):
            now = self._now(now_ms)
            sweep(self.folder)
            repository, signed = self._open(), self.publishers.read()
            wanted, files = self._plan(repository, signed), dict(self.entries.files())
            agree(wanted)
            publish.publish(repository, publish.index_of(repository), wanted, files)
            delegate(repository, signed)
            for role in repository.roles:
                if role == "timestamp" or is_due(role, repository.expiry(role), now):
                    repository.touch(role)
            repository.commit(now)
            prune(repository, keep=publish.VERSIONS_KEPT)
            return wanted

    def refresh(self, now_ms: int | None = None) -> list[str]:
        """Sign timestamp.json anew, and what runs out as far as keys are here; return roles that wait for their key.

        Raises:
            HubFault: the timestamp's key is missing, or a folder that others wrote into.
        """
        with only_one(self.folder):
            now = self._now(now_ms)
            repository = self._open()
            due = [
                role for role in repository.roles if role != "timestamp" and is_due(role, repository.expiry(role), now)
            ]
            able = [role for role in due if repository.signs(role) and repository.signs("snapshot")]
            for role in (*able, "timestamp"):
                repository.touch(role)
            repository.commit(now)
            return [role for role in due if role not in able]

    def rotate(self, role: str, now_ms: int | None = None) -> list[str]:
        """Give a role a new key, the root three; return their ids.

        Raises:
            HubFault: no such role, or the keys that have to sign the change are not here.
        """
        with only_one(self.folder):
            return rotate.rotate(self._open(), role, self._now(now_ms))

    def renew_root(self, now_ms: int | None = None) -> None:
        """Sign the root for another year with the keys that it has."""
        with only_one(self.folder):
            rotate.renew_root(self._open(), self._now(now_ms))

    def signed(self) -> Signed:
        """Return what is published now."""
        repository = self._open()
        index = publish.index_of(repository)
        roles = ("root", *repository.roles, *map(role_of, repository.publishers()))
        return Signed(
            serial=index.serial if index else 0,
            count=index.snapshot.count if index else 0,
            root_version=repository.root.signed.version,
            expires={role: round(repository.expiry(role).timestamp() * 1000) for role in roles},
        )

    def _plan(self, repository: Repository, signed: dict[str, SignedList]) -> Plan:
        index, own = publish.index_of(repository), self.entries.forms()
        check_own(own, dict(self.entries.files()), signed)
        theirs = {id_: form for one in signed.values() for id_, form in one.forms.items()}
        reasons = self.entries.removed() | {id_: gone for one in signed.values() for id_, gone in one.removed.items()}
        return plan(
            index.serial if index else 0,
            publish.published_forms(repository, index),
            own | theirs,
            reasons,
            is_new=index is None,
            verbatim=theirs,
        )

    def _open(self) -> Repository:
        repository = Repository.open(self.folder, self.keys)
        repository.complete_root()
        return repository

    def _now(self, now_ms: int | None) -> int:
        return self._clock.now_ms() if now_ms is None else now_ms
