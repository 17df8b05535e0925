"""Files written whole or not at all."""

import contextlib
import os
import secrets
from pathlib import Path

NEW_MODE = 0o600
"""For the owner alone: the URL of a database may hold a password."""


def replace_file(path: Path, text: str) -> None:
    """Write the text to `path`, keeping owner and mode of a file that is there; a symbolic link stays one.

    Raises:
        OSError: it cannot be written; a file that was there is unchanged.
    """
    target = path.resolve()
    draft = _draft(target, text)
    try:
        if target.exists():
            before = target.stat()
            with contextlib.suppress(PermissionError):  # only root gives files away
                os.chown(draft, before.st_uid, before.st_gid)
            draft.chmod(before.st_mode & 0o777)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def create_file(path: Path, text: str) -> None:
    """Write the text to a new file.

    Raises:
        FileExistsError: there is one; it is unchanged.
        OSError: it cannot be written.
    """
    draft = _draft(path, text)
    try:
        os.link(draft, path)
    finally:
        draft.unlink()


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, NEW_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft
