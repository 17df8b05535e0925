"""The record of changes for tests that build a service by hand."""

from gateway.audit.trail import Trail
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.vault.root_keys import RootKey, RootKeys

KEYS = RootKeys((RootKey("a0d17e57", b"audit key of the tests, 32 bytes"),))


def make_trail(database: Database, clock: Clock) -> Trail:
    """Return a trail whose rows are sealed with `KEYS`."""
    return Trail(database, clock, keys=KEYS)
