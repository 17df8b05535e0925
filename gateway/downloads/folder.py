"""Where the server's downloads lie, and which names lead there: a caller chooses a name, never a place."""

from pathlib import Path, PurePosixPath
from typing import Final

from gateway.downloads.artefact import is_name
from gateway.downloads.errors import DownloadError

MAX_DEPTH: Final = 8


def check_name(name: str) -> str:
    """Return the name of a file below the folder, `acme/coder/f.gguf`.

    >>> check_name("acme/f.gguf")
    'acme/f.gguf'

    Raises:
        DownloadError: it is hidden, or leads elsewhere.
    """
    parts = name.split("/")
    if not 0 < len(parts) <= MAX_DEPTH or not all(map(is_name, parts)) or str(PurePosixPath(name)) != name:
        raise DownloadError("name_odd", given=name[:200])
    return name


def place(folder: Path, name: str) -> Path:
    """Return where a file of this name goes.

    Raises:
        DownloadError: a link in the folder leads out of it.
    """
    path = folder / check_name(name)
    if not path.parent.resolve().is_relative_to(folder.resolve()) or path.is_symlink():
        raise DownloadError("name_odd", given=name[:200])
    return path
