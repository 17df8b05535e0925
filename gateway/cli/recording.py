"""Commands that change this machine's own database leave the same record as the server does: in whose name, and where.

Loaded only by those commands: it takes SQLAlchemy along.
"""

import contextlib
import getpass
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.api.acting import Acting, act_as
from gateway.audit.trail import Trail
from gateway.observe.masking import mask
from gateway.storage.clock import SystemClock
from gateway.vault.setup import load_audit_keys

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.storage.engine import Database


def trail_of(settings: "Settings", database: "Database") -> Trail:
    """Return the record of the database; its key is made when there is none yet."""
    keys = load_audit_keys(settings, environment=os.environ)
    return Trail(database, SystemClock(), keys=keys, enabled=settings.audit.enabled, masked=mask)


@contextlib.contextmanager
def as_command() -> Iterator[None]:
    """Do what is inside in the name of who runs the command on this machine."""
    with act_as(Acting("cli", name=_user(), via="cli")):
        yield


def _user() -> str:
    """Return the name of the account, its number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
