"""What can happen to the list's own file.

GatewayError
├── Broken      503  the file is damaged: it is set aside and built anew
├── Full        503  no room: what was there before is whole
├── Empty       503  there is no list yet
├── Unfit       502  what was fetched is signed, and still not what it says
│   └── WrongState   its hash is another one than the index names
└── Older       410  changes since a serial that is no longer remembered
"""

import errno
import sqlite3
from typing import Final

from gateway.errors import GatewayError, Gone, Unavailable, UpstreamFailed

FULL_ERRNO: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_IOERR: Final = 0xFF
"""The lower byte of SQLite's extended codes is the family."""
_WRITES: Final = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMSIZE})


class Broken(Unavailable):
    """The file cannot be believed any more."""

    default_code = "catalogue_broken"


class Full(GatewayError):
    """There is no room for the new list; the one that was there is whole.

    Not `Unavailable`: an operation waits for what is, and would fetch the list again and again.
    """

    status = 503
    default_code = "catalogue_disk_full"


class Empty(Unavailable):
    """Nothing was ever put in."""

    default_code = "catalogue_empty"


class Unfit(UpstreamFailed):
    """What a hub signed does not hold together: nothing of it was taken."""

    default_code = "catalogue_unfit"


class WrongState(Unfit):
    """The list would not be the one that the index names. `path` is the file that led there."""

    default_code = "catalogue_wrong_state"

    def __init__(self, path: str, got: str, expected: str) -> None:
        super().__init__(
            f"{path} leads to a list with the hash {got:.12}…, and the hub's index names {expected:.12}…",
            hint="nothing of it was taken; the whole list is fetched instead",
        )
        self.path = path


class Older(Gone):
    """Changes since that serial are not remembered any more."""

    default_code = "catalogue_changes_gone"


def translated(error: sqlite3.Error | OSError) -> Broken | Full | None:
    """Return what a failure of the file means, None when it is neither damage nor a full disk."""
    if isinstance(error, OSError):
        return _full(error) if error.errno in FULL_ERRNO else None
    code = getattr(error, "sqlite_errorcode", 0)
    family = code & _IOERR
    if family == sqlite3.SQLITE_FULL or code in _WRITES:
        return _full(error)
    if family in _CORRUPT:
        return Broken(
            f"the catalogue's file is damaged ({error})",
            hint="it is set aside and built again by itself; calls are not touched by it",
        )
    return None


def _full(error: Exception) -> Full:
    return Full(
        f"there is no room for the catalogue ({error})",
        hint="make room on the disk of the data directory; the list that is here stays in use",
    )
