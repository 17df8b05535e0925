"""Uses of keys reach the database in batches."""

from sqlalchemy import select

from gateway.keys.ring import KeyRing
from gateway.keys.uses import key_uses
from gateway.storage.engine import Database
from gateway.storage.schema import keys
from gateway.tasks import Tasks
from gateway.vault.root_keys import RootKeys
from tests.keys.installation import PEER, PEPPER, START_MS, Installation


async def test_a_use_is_written_behind_the_request(database: Database) -> None:
    """KEY-5: last_used_at, without a new revision."""
    process, tasks = await Installation.start(database), Tasks()
    text, _ = await process.key()
    uses = key_uses(database, tasks)
    ring = KeyRing(database, RootKeys((PEPPER,)), note_use=uses.put)
    await ring.reload()
    ring.verify(text, peer=PEER, now_ms=START_MS + 5)
    assert len(uses) == 1
    await uses.drain()
    async with database.read() as conn:
        assert (await conn.execute(select(keys.c.last_used_at))).scalar_one() == START_MS + 5
    await tasks.close()
