"""LIF-5: what came from the catalogue and was deleted is not offered to its team again. On both databases."""

from typing import Any

from sqlalchemy import select

from gateway.storage.engine import Database
from gateway.storage.schema import catalogue_suppressions
from tests.clock import ManualClock
from tests.registry.api import Api

ENTRY = "acme/coder-7b"
SUPPRESSED = {"kind": "catalogue_entry", "id": ENTRY, "name": ENTRY, "action": "suppressed", "detail": None}


async def made(api: Api, name: str = "coder", **more: Any) -> str:
    """Publish a model that came from the catalogue, and return its path."""
    return f"/models/{(await api.make('/models', name=name, catalogue_id=ENTRY, **more))['uid']}"


async def suppressed(database: Database) -> dict[tuple[str, str], str]:
    """Return the reasons by entry and team."""
    async with database.read() as conn:
        rows = (await conn.execute(select(catalogue_suppressions))).all()
    return {(row.entry_id, row.team): row.reason for row in rows}


async def test_a_deletion_takes_the_entry_out_of_the_teams_list(
    api: Api, database: Database, clock: ManualClock
) -> None:
    """In the same transaction, with the reason; the answer and the dry run tell it."""
    path = await made(api)
    for dry_run in ("true", "false"):
        assert await suppressed(database) == {}
        gone = await api.delete(f"{path}?dry_run={dry_run}&reason=too+dear")
        assert SUPPRESSED in gone.json["effects"]
    assert await suppressed(database) == {(ENTRY, "default"): "too dear"}
    async with database.read() as conn:
        row = (await conn.execute(select(catalogue_suppressions))).one()
    assert (row.at, row.until, row.model_uid) == (clock.now_ms(), None, path.rpartition("/")[2])


async def test_a_restore_has_it_offered_again(api: Api, database: Database) -> None:
    """The table of lifecycle.md section 4: undelete removes the suppression."""
    path = await made(api)
    await api.delete(path)
    back = await api.post(f"{path}/undelete", {})
    assert [one["action"] for one in back.json["effects"] if one["kind"] == "catalogue_entry"] == ["restored"]
    assert await suppressed(database) == {}


async def test_a_person_may_leave_it_on_offer(api: Api, database: Database) -> None:
    """`suppress=false`; a model that did not come from the catalogue has nothing to suppress."""
    gone = await api.delete(f"{await made(api)}?suppress=false")
    assert gone.json["effects"] == []
    await api.delete(f"/models/{(await api.make('/models', name='own'))['uid']}")
    assert await suppressed(database) == {}


async def test_while_a_team_has_another_model_of_the_entry_it_stays_on_offer(api: Api, database: Database) -> None:
    """The last one takes it along; another team's list is another matter."""
    await api.make("/teams", name="research")
    first, second = await made(api), await made(api, "coder-two")
    await made(api, team="research")
    await api.delete(first)
    assert await suppressed(database) == {}
    await api.delete(second)
    assert list(await suppressed(database)) == [(ENTRY, "default")]


async def test_what_somebody_suppressed_before_stays_so(api: Api, database: Database) -> None:
    """A deletion finds it done, and a restore takes back only its own."""
    path = await made(api)
    await api.delete(path)
    second = await made(api, "again")
    await api.delete(second)
    assert list(await suppressed(database)) == [(ENTRY, "default")]
    await api.post(f"{second}/undelete", {})
    assert list(await suppressed(database)) == [(ENTRY, "default")]


async def test_a_batch_and_a_purge_keep_to_the_same_rule(many: Api, database: Database) -> None:
    """Many at once are deleted by the rules of one; a purge leaves the suppression."""
    paths = [await made(many), await made(many, "coder-two")]
    uids = [path.rpartition("/")[2] for path in paths]
    gone = await many.post("/models:batchDelete", {"items": [{"uid": uid} for uid in uids]})
    assert gone.status == 200, gone.json
    assert list(await suppressed(database)) == [(ENTRY, "default")]


async def test_a_model_shows_where_it_came_from(api: Api) -> None:
    """And a person may say that it has nothing to do with the catalogue any more."""
    path = await made(api)
    shown = (await api.get(path)).json
    assert (shown["catalogue_id"], shown["catalogue_flag"]) == (ENTRY, None)
    assert (await api.patch(path, {"catalogue_id": "acme/other"})).status == 422
    apart = (await api.patch(path, {"catalogue_id": None})).json
    assert (apart["catalogue_id"], apart["etag"]) == (None, shown["etag"].replace('.1"', '.2"'))
    assert (await api.post("/models", {"name": "b", "catalogue_id": "../b"})).status == 422
