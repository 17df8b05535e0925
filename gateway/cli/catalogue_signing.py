"""A publisher's own folder on the command line: made by `init --publisher`, signed by `publish`."""

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.failure import UsageFailure
from gateway.cli.hub_folder import when
from gateway.cli.output import Columns, JsonObject
from gateway.cli.session import Session
from gateway.cli.talk import say, suggest

if TYPE_CHECKING:
    from gateway.catalogue.hub.plan import Plan
    from gateway.catalogue.hub.signed_list import SignedList

_MADE: Columns = {
    "publisher": "publisher",
    "to give away": "public",
    "keys": "keys",
    "entries": "entries",
    "key": "key",
}
_SIGNED: Columns = {
    "publisher": "publisher",
    "entries": "entries",
    "added": lambda row: len(row["added"]),
    "changed": lambda row: len(row["changed"]),
    "removed": lambda row: len(row["removed"]),
    "signed until": "expires_at",
    "key": "key",
}


def is_publisher(public: Path) -> bool:
    """Return whether a public folder is a publisher's, and not a hub's."""
    return (public / "key.json").is_file()


def make(session: Session, name: str, folder: Path, keys: Path | None, passphrase: bytes | None) -> None:
    """Make a publisher's folder."""
    # Inner import: TUF and its cryptography take 0.3 s, and --help must not.
    from gateway.catalogue.hub.publisher import Publisher

    made = Publisher.init(name, folder / "public", keys or folder / "keys", passphrase=passphrase)
    about = {"public": made.folder, "keys": made.keys.folder, "entries": made.entries.folder}
    places = {what: str(place) for what, place in about.items()}
    session.item({"publisher": name, **places, "key": made.fingerprint}, _MADE)
    say("Tell the hub's owner the key by another way than the folder: whoever changes one cannot change the other.")
    suggest(f"modelport catalogue add entries.jsonl --hub {folder}")


def sign(session: Session, folder: Path, keys: Path | None, passphrase: bytes | None) -> None:
    """Sign a publisher's list, or say what would be signed."""
    # Inner import: as above.
    from gateway.catalogue.hub.publisher import Publisher

    publisher = Publisher(folder / "public", keys or folder / "keys", entries=folder / "entries", passphrase=passphrase)
    if session.dry_run:
        plan = publisher.plan()
        session.item({"publisher": publisher.name, "entries": len(plan.forms), **changes_of(plan)}, _SIGNED)
        say("Dry run: nothing was signed.")
        return
    signed, plan = publisher.sign_planned()
    session.item(told(signed) | changes_of(plan), _SIGNED)
    suggest(f"modelport catalogue publishers add {folder / 'public'} --hub HUB   (by the hub's owner)")


def changes_of(plan: "Plan") -> JsonObject:
    """Return the ids of what a plan changes."""
    return {"added": list(plan.added), "changed": list(plan.changed), "removed": list(plan.removed)}


def require_hub(public: Path) -> None:
    """Refuse a publisher's folder where a hub's is meant.

    Raises:
        UsageFailure: it is a publisher's.
    """
    if is_publisher(public):
        raise UsageFailure(
            f"{public.parent} is a publisher's, and has one key",
            hint="for a new one: modelport catalogue init NEW --publisher NAME; the hub's owner takes it by --new-key",
        )


def told(signed: "SignedList") -> JsonObject:
    """Return what is shown of a signed list."""
    return {
        "publisher": signed.publisher,
        "entries": len(signed.forms),
        "expires_at": when(signed.expires.timestamp()),
        "key": str(signed.key.keyid),
    }
