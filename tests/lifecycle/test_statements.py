"""How often the database is asked: what a deletion and a list cost, held without a clock. On both databases."""

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import event, insert

from gateway.api.etag import IfMatch
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.service import LifecycleService
from gateway.registry.service.registry_service import RegistryService
from gateway.storage import schema
from gateway.storage.engine import Database
from tests.bench.lifecycle_rows import Amount, fill
from tests.registry.api import ADMIN

WANTED = Wanted(references="cascade", drain_s=0, if_match=IfMatch(given=True, anything=True))
A_PAGE = 8  # BEGIN, model, team, counts, a kind or two, processes; some room


@contextlib.contextmanager
def _statements(database: Database) -> Iterator[list[str]]:
    """Give the statements that are sent inside."""
    sent: list[str] = []
    engine = database._engine.sync_engine

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def _fill(service: RegistryService, database: Database, references: int) -> None:
    """Write two models and so many aliases and keys for each."""
    team = service.registry.snapshot.teams["default"].id
    await fill(database, team, Amount(models=2, aliases=2 * references, grants=2 * references, keys=2 * references))
    await service.registry.reload()


async def _point_at(database: Database, team: str, uid: str, number: int) -> None:
    stamps = {"created_at": 1, "updated_at": 1}
    key = {"env": "live", "team_id": team, "role": "developer", "hash": b"", "pepper_id": "p", "limited": True}
    names = [f"x{one}" for one in range(number)]
    async with database.write() as conn:
        rows = [{"id": f"als_{one}", "team_id": team, "name": one, "model_uid": uid, **stamps} for one in names]
        await conn.execute(insert(schema.aliases), rows)
        rows = [{"id": f"key_{one}", "key_id": one, "name": one, **key, **stamps} for one in names]
        await conn.execute(insert(schema.keys), rows)
        rows = [{"key_id": f"key_{one}", "position": 0, "pattern": "m", "model_uid": uid} for one in names]
        await conn.execute(insert(schema.key_models), rows)


async def test_a_deletion_takes_as_many_statements_however_much_points_at_it(
    service: RegistryService, lifecycle: LifecycleService, database: Database
) -> None:
    """A hundred times the aliases and keys are no further question: rows are found among what was kept."""
    await _fill(service, database, 2)
    with _statements(database) as little:
        await lifecycle.retirement.retire(ADMIN, "mdl_000000", WANTED)
    await _point_at(database, service.registry.snapshot.teams["default"].id, "mdl_000001", 200)
    with _statements(database) as much:
        done = await lifecycle.retirement.retire(ADMIN, "mdl_000001", WANTED)
    assert len(done.effects) == 2 * 202 + 1
    assert len(much) == len(little), sorted(set(much) ^ set(little))


async def test_a_page_of_references_is_a_few_statements(
    service: RegistryService, lifecycle: LifecycleService, database: Database
) -> None:
    """All kinds are counted in one, and only those are read of which there is something."""
    await _fill(service, database, 100)
    with _statements(database) as sent:
        listed = await lifecycle.references.list(ADMIN, "mdl_000000", team=None, kind=None, after=None, limit=50)
    assert (len(listed.items), listed.counts) == (50, {"alias": 100, "key": 100, "endpoint": 1})
    assert len(sent) <= A_PAGE, sent
