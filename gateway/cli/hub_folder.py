"""Where a hub of one's own is, or a publisher's folder: flags, and what lies there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from gateway.cli.failure import UsageFailure

if TYPE_CHECKING:
    from gateway.catalogue.hub.hub import Hub

HubFolder: TypeAlias = Annotated[
    Path, typer.Option("--hub", metavar="DIR", envvar="MODELPORT_HUB", help="The hub's folder [the working folder].")
]
KeysFolder: TypeAlias = Annotated[
    Path | None, typer.Option("--keys", metavar="DIR", help="Where its private keys are [keys in its folder].")
]
PassphraseFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="PATH",
        envvar="MODELPORT_HUB_PASSPHRASE_FILE",
        help="File with the passphrase of the keys [they are not encrypted].",
    ),
]


def open_hub(folder: Path, keys: Path | None, passphrase_file: Path | None) -> "Hub":
    """Return the hub in a folder; its parts are looked at by what is done with them.

    Raises:
        UsageFailure: there is none, or the passphrase cannot be read.
    """
    # Inner import: TUF and its cryptography take 0.3 s, and --help must not.
    from gateway.catalogue.hub.hub import Hub

    if not (folder / "public").is_dir():
        raise UsageFailure(
            f"there is no hub in {folder}", hint=f"name it with --hub, or: modelport catalogue init {folder}"
        )
    return Hub(
        folder / "public",
        keys or folder / "keys",
        entries=folder / "entries",
        passphrase=read_passphrase(passphrase_file),
    )


def when(at_s: float) -> str:
    """Return a moment, unix seconds, as text."""
    return f"{datetime.fromtimestamp(int(at_s), UTC):%Y-%m-%dT%H:%M:%SZ}"


def read_passphrase(path: Path | None) -> bytes | None:
    """Return what --passphrase-file names, None where it is not given.

    Raises:
        UsageFailure: it cannot be read, or is empty.
    """
    if path is None:
        return None
    try:
        read = path.read_bytes().strip()
    except OSError as error:
        raise UsageFailure(f"{path}: {error.strerror}", hint="--passphrase-file names a file") from error
    if not read:
        raise UsageFailure(f"{path} is empty", hint="write the passphrase into it")
    return read
