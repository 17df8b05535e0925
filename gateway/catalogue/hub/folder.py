"""Files that are there whole or not at all, whenever the publisher is killed; and one publisher at a time."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gateway.catalogue.hub.errors import HubFault


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file under a passing name, make it last, and only then give it its name.

    Raises:
        HubFault: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, passing = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            Path(passing).replace(path)
        except BaseException:
            Path(passing).unlink(missing_ok=True)
            raise
        _make_last(path.parent)
    except OSError as error:
        raise HubFault(f"{path} cannot be written: {error.strerror}") from error


def read_file(path: Path) -> bytes:
    """Return what a file holds.

    Raises:
        HubFault: it is not there, or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise HubFault(f"{path} cannot be read: {(error.strerror or '').lower()}") from error


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for as long as the block runs.

    Raises:
        HubFault: another process holds it, or there is no such folder.
    """
    try:
        number = os.open(folder / ".publishing", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise HubFault(
            f"{folder} is no hub's folder: {(error.strerror or '').lower()}", hint="make one: modelport catalogue init"
        ) from error
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HubFault(
                f"another process publishes into {folder} at this moment", hint="try again when it is done"
            ) from error
        yield
    finally:
        os.close(number)


def sweep(folder: Path) -> None:
    """Remove what a killed publisher left under passing names."""
    for path in folder.rglob(".*.new"):
        path.unlink(missing_ok=True)


def _make_last(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
