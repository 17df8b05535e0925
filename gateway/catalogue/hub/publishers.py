"""Publishers whose own keys a hub believes: a copy of each one's signed list in the working folder of the hub.

What lies there decides: the next publication delegates a namespace for each, and takes back those that are gone.
"""

import shutil
from pathlib import Path
from typing import Literal

from msgspec import Struct

from gateway.catalogue.hub.errors import BadEntries, HubFault, Problem
from gateway.catalogue.hub.folder import write_whole
from gateway.catalogue.hub.signed_list import KEY, SignedList, key_text, read_signed, target_file
from gateway.catalogue.namespace import owner_of, role_of

Outcome = Literal["added", "changed", "same"]


class Known(Struct, frozen=True):
    """A publisher as its hub's owner sees it. Times are unix milliseconds."""

    publisher: str
    entries: int
    key: str
    expires_ms: int


class Publishers:
    """The folder of copies, one below it for each publisher."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Return who is there, by name."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{KEY}"))

    def read(self) -> dict[str, SignedList]:
        """Return the lists by their publishers, verified.

        Raises:
            HubFault: one of them is not what its publisher signed.
        """
        found = {name: read_signed(self.folder / name) for name in self.names()}
        for name, one in found.items():
            if one.publisher != name:
                raise HubFault(f"{self.folder / name} holds the list of {one.publisher}", hint="rename the folder")
        return found

    def known(self) -> list[Known]:
        """Return what is to be told about each."""
        return [
            Known(name, len(one.forms), str(one.key.keyid), round(one.expires.timestamp() * 1000))
            for name, one in self.read().items()
        ]

    def outcome(self, new: SignedList, *, new_key: bool = False) -> Outcome:
        """Return what it would mean to take a list.

        Raises:
            HubFault: it is signed with another key than before (unless `new_key`), or older than what is here.
        """
        if new.publisher not in self.names():
            return "added"
        old = read_signed(self.folder / new.publisher)
        if new.key.keyid != old.key.keyid and not new_key:
            raise HubFault(
                f"{new.publisher} signs with another key than before: {new.key.keyid}, and {old.key.keyid} is believed",
                hint="ask the publisher; if that is right: --new-key",
            )
        if new.version < old.version:
            raise HubFault(
                f"the list of {new.publisher} is older than the one that is here", hint="take its public folder of now"
            )
        return "same" if new.content == old.content else "changed"

    def put(self, new: SignedList) -> None:
        """Keep a list for the next publication; its key is believed from now on."""
        place = self.folder / new.publisher
        for path, content in new.targets.items():
            write_whole(target_file(place, new.metadata.signed.targets[path]), content)
        write_whole(place / "metadata" / f"{role_of(new.publisher)}.json", new.content)
        write_whole(place / KEY, key_text(new.publisher, new.key))

    def remove(self, name: str) -> None:
        """Believe a publisher no longer; the next publication takes its entries away.

        Raises:
            HubFault: there is none of this name.
        """
        if name not in self.names():
            known = ", ".join(self.names()) or "there is none"
            raise HubFault(f"there is no publisher {name!r:.100} here", hint=f"publishers: {known}")
        shutil.rmtree(self.folder / name)


def check_own(own: dict[str, bytes], files: dict[str, bytes], publishers: dict[str, SignedList]) -> None:
    """Refuse entries and files of the hub itself in a namespace that it has handed on.

    Raises:
        BadEntries: there are such; no client would take them.
    """
    problems = [
        Problem(f"{owner}.jsonl", 0, id_, f"{owner}/ is the namespace of its publisher, who signs it alone")
        for id_ in own
        if (owner := owner_of(id_, publishers)) is not None
    ]
    if problems:
        raise BadEntries(problems)
    for path in files:
        if path.startswith("artifacts/") and owner_of(path.removeprefix("artifacts/"), publishers):
            raise HubFault(f"{path!r} lies in the namespace of a publisher, who signs it alone")
