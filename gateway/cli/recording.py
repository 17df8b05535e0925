"""Commands that change this machine's own database leave the same record as the server does, in whose name they run.

Loaded only by those commands: it takes SQLAlchemy along.
"""

import contextlib
import getpass
import os
from collections.abc import Awaitable, Callable, Iterator

from gateway.api.acting import Acting, act_as
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.observe.masking import mask
from gateway.settings import Settings
from gateway.storage.clock import SystemClock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.migrate import Migration, Note
from gateway.vault.setup import load_audit_keys

FIRST_WITH_RECORD = "0002"
"""The revision that brought the record; an older database has none to write to."""


def trail_of(settings: Settings, database: Database) -> Trail:
    """Return the record of the database; its key is made when there is none yet."""
    keys = load_audit_keys(settings, environment=os.environ)
    return Trail(database, SystemClock(), keys=keys, enabled=settings.audit.enabled, masked=mask)


@contextlib.contextmanager
def as_command() -> Iterator[None]:
    """Do what is inside in the name of who runs the command on this machine."""
    with act_as(Acting("cli", name=_user(), via="cli")):
        yield


def note_migration(settings: Settings, database: Database, verb: str) -> Note:
    """Return what writes a migration into the record; on the way below the revision that has one there is none."""

    async def note(conn: AsyncConnection, done: Migration) -> None:
        if done.after >= FIRST_WITH_RECORD:
            event = Event(
                f"database.{verb}",
                "database",
                name=database.dialect,
                before={"revision": done.before},
                after={"revision": done.after},
            )
            await trail_of(settings, database).write(conn, [event], SystemClock().now_ms())

    return note


def note_rewrap(settings: Settings, database: Database) -> Callable[[AsyncConnection, int, str], Awaitable[None]]:
    """Return what writes how many stored credentials came under which key, with each batch of them."""
    trail = trail_of(settings, database)

    async def note(conn: AsyncConnection, moved: int, key_id: str) -> None:
        event = Event("secrets.rewrap", "secrets", name="stored credentials", after={"moved": moved, "kek_id": key_id})
        await trail.write(conn, [event], SystemClock().now_ms())

    return note


def _user() -> str:
    """Return the name of the account, its number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
