"""Making, changing, rotating, revoking keys, over both databases."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from gateway.api.etag import IfMatch
from gateway.api.permissions import Role
from gateway.api.principal import Principal
from gateway.errors import (
    Conflict,
    GatewayError,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    Unprocessable,
)
from gateway.keys.local import anonymous_local
from gateway.keys.model import DAY_MS, KeyInput, KeyPatch, KeyQuery, RotateQuery
from gateway.keys.service import etag
from gateway.keys.store import KeyUse, count_by_pepper, note_uses
from gateway.storage.engine import Database
from gateway.storage.schema import keys
from tests.keys.installation import PEPPER, START_MS, Installation


def own_id(principal: Principal) -> str:
    """Return the id of a caller's key."""
    assert principal.key_id is not None
    return principal.key_id


@pytest.mark.parametrize(
    ("role", "given", "team"),
    [
        (Role.DEVELOPER, {}, "default"),
        (Role.DEVELOPER, {"team": "team1"}, "team1"),
        (Role.DEVELOPER, {"team": None}, None),
        (Role.ADMIN, {}, None),
        (Role.AUDITOR, {}, None),
        (Role.ADMIN, {"team": "team1"}, "team1"),
    ],
)
async def test_a_key_belongs_to_a_team(
    database: Database, role: Role, given: dict[str, str | None], team: str | None
) -> None:
    """Left out it is `default`, for roles of the whole installation every team; null is said aloud."""
    process = await Installation.start(database)
    assert (await process.key(await process.admin(), role=role, **given))[1].team == team


async def test_a_key_inherits_what_is_left_out(database: Database) -> None:
    """KEY-6: models, networks, team and end of the maker's own key as it stands in the database."""
    process = await Installation.start(database)
    _, minted = await process.service.create(
        KeyInput(name="maker", team="team1", models=("qwen*",), cidrs=("192.0.2.0/24",), expires_in_days=7), None
    )
    maker = process.verify(minted.text.reveal())
    record, _ = await process.service.create(KeyInput(name="made"), maker)
    assert (record.team, record.models, record.cidrs) == ("team1", ("qwen*",), ("192.0.2.0/24",))
    assert (record.expires_at, record.created_by) == (START_MS + 7 * DAY_MS, maker.key_id)


async def test_a_wider_key_is_not_made(database: Database) -> None:
    """KEY-6: and nothing is written."""
    process = await Installation.start(database)
    maker = (await process.key(role=Role.PUBLISHER, team="team1"))[1]
    for wider in ({"role": Role.ADMIN}, {"team": "team2"}, {"team": None}, {"expires_in_days": None}):
        with pytest.raises(PermissionDenied):
            await process.key(maker, **wider)
    async with database.read() as conn:
        assert (await conn.execute(select(func.count()).select_from(keys))).scalar_one() == 1


async def test_a_maker_is_judged_by_the_database(database: Database) -> None:
    """A key that was revoked by another process a moment ago makes no more keys, known here or not."""
    process = await Installation.start(database)
    admin = await process.admin()
    async with database.write() as conn:
        await conn.execute(update(keys).values(revoked_at=1))
    for maker in (admin, anonymous_local()):
        with pytest.raises(Unauthenticated):
            await process.key(maker)


async def test_an_unknown_team_is_named(database: Database) -> None:
    """One sentence instead of a foreign key violation."""
    process = await Installation.start(database)
    with pytest.raises(Unprocessable, match="no team 'team9'"):
        await process.key(team="team9")


async def test_a_revoked_key_ends_at_once_and_stays_on_record(database: Database) -> None:
    """KEY-5; revoking again changes nothing."""
    process = await Installation.start(database)
    text, who = await process.key()
    first = await process.service.revoke(own_id(who), None)
    with pytest.raises(Unauthenticated):
        process.verify(text)
    process.clock.later(days=1)
    assert await process.service.revoke(own_id(who), None) == first
    assert (first.revoked_at, first.rev, first.status(process.clock.now)) == (START_MS, 2, "revoked")


@pytest.mark.parametrize("how", ["revoke", "delete"])
async def test_with_a_key_end_the_keys_that_it_made(database: Database, how: str) -> None:
    """KEY-6: no key outlives the one that made it; whoever found a leaked key keeps nothing of it."""
    process = await Installation.start(database)
    _, maker = await process.key(role=Role.DEVELOPER)
    child, made = await process.key(maker)
    grandchild, _ = await process.key(made)
    other, _ = await process.key(role=Role.DEVELOPER)
    await getattr(process.service, how)(own_id(maker), None)
    for text in (child, grandchild):
        with pytest.raises(Unauthenticated):
            process.verify(text)
    assert process.verify(other).role is Role.DEVELOPER
    assert (await process.service.get(own_id(made), None)).revoked_at == START_MS


async def test_what_an_administrator_made_goes_on(database: Database) -> None:
    """The first key of an installation is there to be replaced; its end must not lock everybody out."""
    process = await Installation.start(database)
    first = await process.admin()
    text, _ = await process.key(first, role=Role.ADMIN)
    await process.service.revoke(own_id(first), None)
    assert process.verify(text).role is Role.ADMIN


async def test_a_deleted_key_is_gone(database: Database) -> None:
    """Refused at once, and unknown from then on."""
    process = await Installation.start(database)
    text, who = await process.key()
    await process.service.delete(own_id(who), None)
    with pytest.raises(Unauthenticated):
        process.verify(text)
    with pytest.raises(NotFound):
        await process.service.get(own_id(who), None)


async def test_a_leaked_secret_can_end_with_the_rotation(database: Database) -> None:
    """KEY-5: no grace when asked for none, and a second rotation ends the first one's."""
    process = await Installation.start(database)
    old, who = await process.key()
    record, minted = await process.service.rotate(own_id(who), RotateQuery(previous_valid_hours=0), None)
    assert record.previous is None
    with pytest.raises(Unauthenticated):
        process.verify(old)
    second = minted.text.reveal()
    await process.service.rotate(own_id(who), RotateQuery(), None)
    await process.service.rotate(own_id(who), RotateQuery(), None)
    with pytest.raises(Unauthenticated):
        process.verify(second)


async def test_what_is_over_is_not_rotated(database: Database) -> None:
    """A revoked key never comes back; an expired one only with a new end."""
    process = await Installation.start(database)
    _, who = await process.key(expires_in_days=1)
    process.clock.later(days=2)
    with pytest.raises(Conflict, match="over"):
        await process.service.rotate(own_id(who), RotateQuery(), None)
    record, minted = await process.service.rotate(own_id(who), RotateQuery(expires_in_days=1), None)
    assert record.expires_at == process.clock.now + DAY_MS
    assert process.verify(minted.text.reveal()).key_id == who.key_id
    await process.service.revoke(own_id(who), None)
    with pytest.raises(Conflict, match="revoked"):
        await process.service.rotate(own_id(who), RotateQuery(expires_in_days=1), None)


async def test_a_rotation_never_hands_out_a_wider_key(database: Database) -> None:
    """KEY-6: a made key that is wider than its maker by now is not rotated by it, else the maker would hold it."""
    process = await Installation.start(database)
    maker = (await process.key(role=Role.PUBLISHER))[1]
    made = (await process.key(maker, role=Role.PUBLISHER))[1]
    await process.service.change(own_id(maker), KeyPatch(role=Role.DEVELOPER), None)
    narrowed = Principal(maker.key_id, maker.name, Role.DEVELOPER, maker.permissions, maker.team)
    with pytest.raises(PermissionDenied):
        await process.service.rotate(own_id(made), RotateQuery(), narrowed)
    await process.service.change(own_id(made), KeyPatch(name="renamed"), narrowed)


async def test_a_key_may_rotate_and_narrow_itself_and_not_widen(database: Database) -> None:
    """KEYS_OWN is about the own key and those that it made."""
    process = await Installation.start(database)
    _, me = await process.key(role=Role.DEVELOPER)
    narrowed = await process.service.change(own_id(me), KeyPatch(models=("qwen3",)), me)
    assert narrowed.models == ("qwen3",)
    await process.service.rotate(own_id(me), RotateQuery(), me)
    for wider in (KeyPatch(models=()), KeyPatch(role=Role.ADMIN), KeyPatch(expires_in_days=None)):
        with pytest.raises(PermissionDenied):
            await process.service.change(own_id(me), wider, me)


async def test_another_ones_key_is_unknown(database: Database) -> None:
    """ACL-3: without keys.manage one sees the own key and those that it made; another team's is a 404 to everybody."""
    process = await Installation.start(database)
    mine, other = (await process.key(team="team1"))[1], (await process.key(team="team1"))[1]
    made = (await process.key(mine))[1]
    team_admin = (await process.key(role=Role.ADMIN, team="team2"))[1]
    for caller in (mine, team_admin):
        for act in (process.service.get, process.service.revoke, process.service.delete):
            with pytest.raises(NotFound):
                await act(own_id(other), caller)
    assert (await process.service.get(own_id(made), mine)).created_by == mine.key_id
    listed, _ = await process.service.list(KeyQuery(), mine)
    assert {record.id for record in listed} == {mine.key_id, made.key_id}
    assert [record.id for record in (await process.service.list(KeyQuery(), team_admin))[0]] == [team_admin.key_id]


async def test_a_stale_change_is_refused(database: Database) -> None:
    """If-Match, as everywhere; the answer names the current ETag."""
    process = await Installation.start(database)
    _, who = await process.key()
    before = await process.service.get(own_id(who), None)
    guard = IfMatch(given=True, tags=(etag(before),))
    await process.service.change(own_id(who), KeyPatch(name="new"), None, guard)
    attempts = (
        process.service.change(own_id(who), KeyPatch(name="newer"), None, guard),
        process.service.rotate(own_id(who), RotateQuery(), None, guard),
        process.service.revoke(own_id(who), None, guard),
        process.service.delete(own_id(who), None, guard),
    )
    for attempt in attempts:
        with pytest.raises(PreconditionFailed):
            await attempt


async def test_a_list_is_paged_and_filtered(database: Database) -> None:
    """In order of making; the filters of KEY-5's report among them."""
    process = await Installation.start(database)
    made = []
    for number in range(5):
        made.append((await process.key(name=f"key {number}", expires_in_days=40 if number else None))[1])
        process.clock.later(seconds=1)
    first, cursor = await process.service.list(KeyQuery(limit=3), None)
    second, end = await process.service.list(KeyQuery(limit=3, cursor=cursor), None)
    assert [record.name for record in (*first, *second)] == [f"key {number}" for number in range(5)]
    assert (end, cursor is None) == (None, False)
    await process.service.revoke(own_id(made[1]), None)
    process.clock.later(days=50)
    async with database.write() as conn:
        await note_uses(conn, [KeyUse(own_id(made[4]), process.clock.now)])
    for query, expected in (
        (KeyQuery(status="active"), [0]),
        (KeyQuery(status="revoked"), [1]),
        (KeyQuery(status="expired"), [2, 3, 4]),
        (KeyQuery(unused_days=30), [0, 1, 2, 3]),
        (KeyQuery(role=Role.ADMIN), []),
        (KeyQuery(team="team1"), []),
    ):
        listed, _ = await process.service.list(query, None)
        assert [record.name for record in listed] == [f"key {number}" for number in expected], query


async def test_keys_of_the_same_moment_are_all_listed(database: Database) -> None:
    """A page that ends between two keys of one millisecond loses none."""
    process = await Installation.start(database)
    made = {(await process.key())[1].key_id for _ in range(4)}
    listed: list[str] = []
    query = KeyQuery(limit=1)
    while True:
        page, cursor = await process.service.list(query, None)
        listed += [record.id for record in page]
        if cursor is None:
            break
        query = KeyQuery(limit=1, cursor=cursor)
    assert listed == sorted(one for one in made if one)


async def test_the_first_start_makes_one_administrator(database: Database) -> None:
    """Shown once; a later start, or a second process at the same moment, makes none."""
    process = await Installation.start(database)
    other = await Installation.start(database)
    texts = await asyncio.gather(process.service.ensure_admin_key(), other.service.ensure_admin_key())
    shown = [text for text in texts if text is not None]
    assert len(shown) == 1
    await process.ring.reload()
    who = process.verify(shown[0].reveal())
    assert (who.role, who.team) == (Role.ADMIN, None)
    assert (await process.service.get(own_id(who), None)).expires_at is None
    assert await process.service.ensure_admin_key() is None


async def test_sql_in_a_key_or_a_name_is_text(database: Database) -> None:
    """KEY-9: parameters only."""
    process = await Installation.start(database)
    hostile = "' OR '1'='1'; DROP TABLE keys; --"
    _, who = await process.key(name=hostile, models=(hostile,))
    assert who.models == (hostile,)
    refusals: list[GatewayError] = []
    for named in (hostile, "%", "key_", "", "\udcff"[:0], "x" * 10_000):
        with pytest.raises(NotFound) as refused:
            await process.service.get(named, None)
        refusals.append(refused.value)
    assert {one.code for one in refusals} == {"key_not_found"}


async def test_keys_are_counted_by_pepper(database: Database) -> None:
    """KEY-3: a pepper without keys may be taken away."""
    process = await Installation.start(database)
    await process.key()
    async with database.read() as conn:
        assert await count_by_pepper(conn) == {PEPPER.id: 1}


async def test_many_makers_at_once_lose_nothing(database: Database) -> None:
    """Every key that was answered is in the ring and in the database."""
    process = await Installation.start(database)
    made = await asyncio.gather(*(process.key(name=f"key {number}") for number in range(10)))
    assert len({who.key_id for _, who in made}) == len(process.ring) == 10
