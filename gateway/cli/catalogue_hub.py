"""A hub of one's own: made, published and kept signed, on the machine that has its keys. No server is asked."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from gateway.cli.command import Session, command
from gateway.cli.failure import UsageFailure
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest

if TYPE_CHECKING:
    from gateway.catalogue.hub.hub import Hub

_ROOT_WARNS_DAYS = 60

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

_MADE: Columns = {
    "to publish": "public",
    "keys": "keys",
    "entries": "entries",
    "root for clients": "root",
    "sha256": "root_sha256",
}
_PUBLISHED: Columns = {
    "serial": "serial",
    "entries": "entries",
    "added": lambda row: len(row["added"]),
    "changed": lambda row: len(row["changed"]),
    "removed": lambda row: len(row["removed"]),
    "current until": lambda row: row["expires"].get("timestamp"),
}
_SIGNED: Columns = {
    "serial": "serial",
    "entries": "entries",
    "root version": "root_version",
    "current until": lambda row: row["expires"]["timestamp"],
    "waits for its key": "waits_for_key",
}
_ROTATED: Columns = {"role": "role", "new keys": "keys", "root version": "root_version"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "init", example="modelport catalogue init hub", changes=True)(_init)
    command(app, "publish", example="modelport catalogue publish --hub hub", changes=True)(_publish)
    command(app, "rotate-keys", example="modelport catalogue rotate-keys timestamp --hub hub", changes=True)(
        _rotate_keys
    )


def _init(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for the hub.")],
    keys: KeysFolder = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a hub: keys, an empty signed list, and a folder for its entries.

    public/ is what any web server may host; keys/ is never published; entries/ is the list to work on, as JSON lines.
    """
    if session.dry_run:
        say(f"Dry run: a hub would be made in {folder}; nothing was changed.")
        return
    # Inner import: TUF and its cryptography take 0.3 s, and --help must not.
    from gateway.catalogue.hub.hub import Hub

    passphrase = _passphrase(passphrase_file)
    hub = Hub.init(folder / "public", keys or folder / "keys", entries=folder / "entries", passphrase=passphrase)
    session.item(
        {
            "public": str(hub.folder),
            "keys": str(hub.keys.folder),
            "entries": str(hub.entries.folder),
            "root": str(hub.keys.trusted_root),
            "root_sha256": hashlib.sha256(hub.root).hexdigest(),
        },
        _MADE,
    )
    say(f"Keep two of {hub.keys.folder}/root-*.pem apart and offline: two of the three change every other key.")
    suggest(f"modelport catalogue import api.json --hub {folder}")


def _publish(
    session: Session,
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
    passphrase_file: PassphraseFile = None,
    refresh_timestamp: Annotated[
        bool,
        typer.Option("--refresh-timestamp", help="Only sign anew what runs out; for cron, every hour. Needs one key."),
    ] = False,
) -> None:
    """Publish the entries: clients fetch what changed. Nothing new: what runs out is signed anew.

    Entries that no client would take are told with file and line, and nothing is published. A publication that takes
    very many entries away asks first, for clients hold it until somebody accepts it there.
    """
    opened = open_hub(hub, keys, passphrase_file)
    if refresh_timestamp:
        _refresh(session, opened)
        _warn_of_root(opened, hub)
        return
    plan = opened.plan()
    if session.dry_run:
        said = {"added": list(plan.added), "changed": list(plan.changed), "removed": list(plan.removed), "expires": {}}
        session.item({"serial": plan.serial, "entries": len(plan.forms)} | said, _PUBLISHED)
        say("Dry run: nothing was published.")
        return
    if plan.brakes:
        session.confirm(
            f"{len(plan.removed)} entries would be removed, and clients hold such a publication until somebody accepts"
            " it there. Publish?"
        )
    opened.publish()
    done = _signed(opened)
    said = {"added": list(plan.added), "changed": list(plan.changed), "removed": list(plan.removed)}
    session.item(done | said, _PUBLISHED)
    _warn_of_root(opened, hub)


def _rotate_keys(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="root, targets, catalog, snapshot or timestamp.")],
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
    passphrase_file: PassphraseFile = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Keep the root's keys, and sign it for another year with them.")
    ] = False,
) -> None:
    """Give a role a new key (the root: three). Clients follow by themselves; the old key is believed no longer.

    Two of the root's keys have to be there, for `catalog` the one of `targets`.
    """
    if renew and role != "root":
        raise UsageFailure("--renew goes with root", hint="the others are signed anew by: modelport catalogue publish")
    opened = open_hub(hub, keys, passphrase_file)
    if session.dry_run:
        say(f"Dry run: {role} would be {'signed anew' if renew else 'given a new key'}; nothing was changed.")
        return
    if renew:
        opened.renew_root()
        made: list[str] = []
    else:
        session.confirm(f"Replace the key of {role}? Signatures of the old one are believed no longer.")
        made = opened.rotate(role)
    session.item({"role": role, "keys": made, "root_version": opened.signed().root_version}, _ROTATED)


def open_hub(folder: Path, keys: Path | None, passphrase_file: Path | None) -> "Hub":
    """Return the hub in a folder; its parts are looked at by what is done with them.

    Raises:
        UsageFailure: there is none, or the passphrase cannot be read.
    """
    # Inner import: as above.
    from gateway.catalogue.hub.hub import Hub

    if not (folder / "public").is_dir():
        raise UsageFailure(
            f"there is no hub in {folder}", hint=f"name it with --hub, or: modelport catalogue init {folder}"
        )
    return Hub(
        folder / "public",
        keys or folder / "keys",
        entries=folder / "entries",
        passphrase=_passphrase(passphrase_file),
    )


def _refresh(session: Session, hub: "Hub") -> None:
    if session.dry_run:
        say("Dry run: timestamp.json would be signed anew; nothing was changed.")
        return
    waiting = hub.refresh()
    session.item(_signed(hub) | {"waits_for_key": waiting}, _SIGNED)
    for role in waiting:
        say(f"Warning: {role} runs out and its key is not here: run modelport catalogue publish where it is.")


def _signed(hub: "Hub") -> JsonObject:
    signed = hub.signed()
    expires = {role: _text(at_ms) for role, at_ms in signed.expires.items()}
    return {"serial": signed.serial, "entries": signed.count, "root_version": signed.root_version, "expires": expires}


def _warn_of_root(hub: "Hub", folder: Path) -> None:
    left = int((hub.signed().expires["root"] / 1000 - datetime.now(UTC).timestamp()) // 86400)
    if left < _ROOT_WARNS_DAYS:
        when = f"runs out in {left} days, and then clients refuse" if left >= 0 else "has run out, and clients refuse"
        say(f"Warning: the root {when} the hub.")
        suggest(f"modelport catalogue rotate-keys root --renew --hub {folder}")


def _text(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _passphrase(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        read = path.read_bytes().strip()
    except OSError as error:
        raise UsageFailure(f"{path}: {error.strerror}", hint="--passphrase-file names a file") from error
    if not read:
        raise UsageFailure(f"{path} is empty", hint="write the passphrase into it")
    return read
