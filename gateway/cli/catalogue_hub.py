"""A hub of one's own: made, published and kept signed, on the machine that has its keys. No server is asked."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.catalogue_signing import changes_of, is_publisher, make, require_hub, sign
from gateway.cli.command import Session, command
from gateway.cli.failure import UsageFailure
from gateway.cli.hub_folder import HubFolder, KeysFolder, PassphraseFile, open_hub, read_passphrase, when
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest

if TYPE_CHECKING:
    from gateway.catalogue.hub.hub import Hub
    from gateway.catalogue.hub.plan import Plan

_ROOT_WARNS_DAYS = 60
_PUBLISHER_WARNS_DAYS = 7
_PAST = "has run out, and clients refuse"

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
    publisher: Annotated[
        str | None,
        typer.Option("--publisher", metavar="NAME", help="Not a hub: a list of NAME/… that somebody else's hub takes."),
    ] = None,
) -> None:
    """Make a hub: keys, an empty signed list, and a folder for its entries.

    public/ is what any web server may host; keys/ is never published; entries/ is the list to work on, as JSON lines.
    """
    if session.dry_run:
        say(f"Dry run: a {'publisher' if publisher else 'hub'} would be made in {folder}; nothing was changed.")
        return
    passphrase = read_passphrase(passphrase_file)
    if publisher is not None:
        make(session, publisher, folder, keys, passphrase)
        return
    # Inner import: TUF and its cryptography take 0.3 s, and --help must not.
    from gateway.catalogue.hub.hub import Hub

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
    very many entries away asks first, for clients hold it until somebody accepts it there. In a publisher's folder its
    list is signed, for 30 days.
    """
    opened = open_hub(hub, keys, passphrase_file)
    if is_publisher(opened.folder):
        sign(session, hub, keys, read_passphrase(passphrase_file))
    elif refresh_timestamp:
        _refresh(session, opened)
        _warn_of_ends(opened, hub)
    elif session.dry_run:
        plan = opened.plan()
        session.item({"serial": plan.serial, "entries": len(plan.forms), "expires": {}} | changes_of(plan), _PUBLISHED)
        say("Dry run: nothing was published.")
    else:
        plan = opened.publish_agreed(lambda wanted: _agree(session, wanted))
        session.item(_signed(opened) | changes_of(plan), _PUBLISHED)
        _warn_of_ends(opened, hub)


def _agree(session: Session, plan: "Plan") -> None:
    """Ask before entries are taken away that clients would not let go of by themselves."""
    if plan.brakes:
        session.confirm(
            f"{len(plan.removed)} entries would be removed, and clients hold such a publication until somebody accepts"
            " it there. Publish?"
        )


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
    require_hub(opened.folder)
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
    expires = {role: when(at_ms / 1000) for role, at_ms in signed.expires.items()}
    return {"serial": signed.serial, "entries": signed.count, "root_version": signed.root_version, "expires": expires}


def _warn_of_ends(hub: "Hub", folder: Path) -> None:
    """Say what runs out soon and is for somebody to see to: the root, and signatures of publishers."""
    now_s = datetime.now(UTC).timestamp()
    for role, end_ms in hub.signed().expires.items():
        left = int((end_ms / 1000 - now_s) // 86400)
        name = role.removeprefix("publisher.")
        if role == "root" and left < _ROOT_WARNS_DAYS:
            when_ = f"runs out in {left} days, and then clients refuse" if left >= 0 else _PAST
            say(f"Warning: the root {when_} the hub.")
            suggest(f"modelport catalogue rotate-keys root --renew --hub {folder}")
        elif name != role and left < _PUBLISHER_WARNS_DAYS:
            ends = f"runs out in {left} days: then its entries are" if left >= 0 else "has run out: its entries are"
            say(f"Warning: the signature of {name} {ends} shown to nobody. Take a new one: publishers add FOLDER")
