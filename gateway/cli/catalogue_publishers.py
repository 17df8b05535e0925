"""Publishers that sign a namespace of their own: their folder, and whom a hub believes."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.catalogue_signing import told
from gateway.cli.command import Session, command, group
from gateway.cli.hub_folder import HubFolder, KeysFolder, open_hub, when
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest

_PUBLISHERS: Columns = {"publisher": "publisher", "entries": "entries", "signed until": "expires_at", "key": "key"}
_TAKEN: Columns = {"outcome": "outcome", **_PUBLISHERS}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    publishers = typer.Typer(no_args_is_help=True)
    command(publishers, "list", example="modelport catalogue publishers list --hub hub")(_list)
    command(publishers, "add", example="modelport catalogue publishers add acme/public --hub hub", changes=True)(_add)
    command(publishers, "remove", example="modelport catalogue publishers remove acme --hub hub", changes=True)(_remove)
    group(
        publishers,
        app,
        "publishers",
        about="Publishers with a key of their own: a hub hands each one its namespace, and nobody else may sign in it.",
        example="modelport catalogue publishers add acme/public --hub hub",
    )


def _list(session: Session, hub: HubFolder = Path(), keys: KeysFolder = None) -> None:
    """List the publishers whose own keys this hub believes."""
    rows: list[JsonObject] = [
        {
            "publisher": one.publisher,
            "entries": one.entries,
            "expires_at": when(one.expires_ms / 1000),
            "key": one.key,
        }
        for one in open_hub(hub, keys, None).publishers.known()
    ]
    session.rows(rows, _PUBLISHERS)


def _add(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The publisher's public folder, or a copy of it.")],
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="The publisher has another key now, and that is known to be right.")
    ] = False,
) -> None:
    """Take what a publisher has signed; the first time its key is believed from then on, so compare it with theirs.

    From the next publication on nobody else signs in that namespace, the hub neither.
    """
    # Inner import: TUF and its cryptography take 0.3 s, and --help must not.
    from gateway.catalogue.hub.signed_list import read_signed

    publishers, signed = open_hub(hub, keys, None).publishers, read_signed(folder)
    outcome = publishers.outcome(signed, new_key=new_key)
    row = {"outcome": outcome, **told(signed)}
    if session.dry_run:
        session.item(row, _TAKEN)
        say("Dry run: nothing was changed.")
        return
    if outcome == "added" or new_key:
        session.confirm(f"Believe the key {signed.key.keyid} for everything that begins with {signed.publisher}/?")
    publishers.put(signed)
    session.item(row, _TAKEN)
    if outcome != "same":
        suggest(f"modelport catalogue publish --hub {hub}")


def _remove(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="PUBLISHER", help="Its name.")],
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
) -> None:
    """Believe a publisher's key no longer: the next publication takes its entries away from everybody."""
    publishers = open_hub(hub, keys, None).publishers
    found = next((one for one in publishers.known() if one.publisher == name), None)
    if session.dry_run and found is not None:
        say(f"Dry run: {found.entries} entries of {name} would go; nothing was changed.")
        return
    if found is not None:
        session.confirm(f"Take away the {found.entries} entries of {name}?")
    publishers.remove(name)
    say(f"{name} is believed no longer; what its clients made of its entries stays theirs.")
    suggest(f"modelport catalogue publish --hub {hub}")
