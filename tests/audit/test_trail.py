"""Rows are written with the change or not at all, numbered without a gap, whoever writes at the same time."""

import asyncio
import json

import pytest
from sqlalchemy import select

from gateway.api.acting import Acting, act_as
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.errors import Unavailable
from gateway.observe.masking import mask
from gateway.storage.engine import Database
from gateway.storage.schema import audit
from gateway.storage.versions import AUDIT_SEQUENCE, REGISTRY_VERSION, bump_version, read_version
from tests.audit.house import Chronicle, event
from tests.audit.trails import KEYS
from tests.clock import ManualClock

KEY = Acting(
    "key",
    id="key_aaaaaaaaaaaaaaaaaaaa",
    name="ci",
    team="default",
    via="api",
    peer="192.0.2.7",
    request_id="req-1",
    idempotency_key="once",
    reason="because",
)


async def records(database: Database) -> list[dict[str, object]]:
    """Return the rows' texts, in order."""
    async with database.read() as conn:
        return [json.loads(row.record) for row in await conn.execute(select(audit).order_by(audit.c.seq))]


async def test_a_row_says_who_what_when_from_where_and_why(chronicle: Chronicle) -> None:
    """Everything that lifecycle.md section 10 lists."""
    with act_as(KEY):
        await chronicle.write(event(1, rev_before=3, rev_after=4, effects=({"kind": "alias", "id": "als_1"},)))
    (row,) = await records(chronicle.database)
    assert row["seq"] == 1
    assert row["at"] == "2027-01-15T08:00:01.000Z"
    assert row["actor"] == {
        "type": "key", "id": KEY.id, "key_id": KEY.id, "name": "ci", "team": "default", "via": "api",
        "peer": "192.0.2.7",
    }  # fmt: skip
    assert (row["request_id"], row["idempotency_key"], row["reason"]) == ("req-1", "once", "because")
    assert (row["action"], row["outcome"], row["status"], row["repeated"]) == ("model.change", "ok", 200, 0)
    assert row["target"] == {
        "kind": "model", "uid": "mdl_00000000000000000001", "name": "model-1", "team": "default", "rev_before": 3,
        "rev_after": 4,
    }  # fmt: skip
    assert (row["before"], row["after"]) == ({"weight": 1}, {"weight": 2})
    assert row["before_sha256"] != row["after_sha256"]
    assert row["effects"] == [{"kind": "alias", "id": "als_1"}]
    assert str(row["event_id"])[14] == "7"
    assert row["prev_hash"] == "0" * 64


async def test_of_a_change_the_record_has_what_changed(chronicle: Chronicle) -> None:
    """The rest is in the digests of the whole."""
    same = {"name": "a", "weight": 1}
    await chronicle.write(Event("model.change", "model", before=same | {"path": None}, after=same | {"path": "/x/"}))
    (row,) = await records(chronicle.database)
    assert (row["before"], row["after"]) == ({"path": None}, {"path": "/x/"})


async def test_a_change_that_fails_leaves_no_row(chronicle: Chronicle) -> None:
    """The row is part of the transaction: LIF-7."""

    async def fail() -> None:
        async with chronicle.database.write() as conn:
            await chronicle.trail.write(conn, [event()], chronicle.clock.now_ms())
            raise RuntimeError("too late")

    with pytest.raises(RuntimeError, match="too late"):
        await fail()
    assert await records(chronicle.database) == []
    async with chronicle.database.read() as conn:
        assert await read_version(conn, AUDIT_SEQUENCE) == 0


async def test_a_row_that_cannot_be_written_undoes_the_change(chronicle: Chronicle) -> None:
    """Nothing happens off the record: what fails inside `write` leaves nothing behind."""
    unfit = Event("model.change", "model", after={"value": object()})

    async def change() -> None:
        async with chronicle.database.write() as conn:
            await bump_version(conn, REGISTRY_VERSION)
            await chronicle.trail.write(conn, [event(), unfit], chronicle.clock.now_ms())

    with pytest.raises(TypeError):
        await change()
    async with chronicle.database.read() as conn:
        assert [await read_version(conn, name) for name in (REGISTRY_VERSION, AUDIT_SEQUENCE)] == [0, 0]
    assert (await chronicle.verify()).rows == 0


async def test_writers_at_the_same_time_make_one_chain(chronicle: Chronicle) -> None:
    """The counter's row is the lock; no number is given twice and none is left out."""
    await asyncio.gather(*(chronicle.write(event(number), event(number)) for number in range(12)))
    report = await chronicle.verify()
    assert (report.intact, report.rows, report.last_seq) == (True, 24, 24)


async def test_a_thousand_rows_of_one_change_hold_together(chronicle: Chronicle) -> None:
    """A batch is one transaction and one chain."""
    last = await chronicle.write(*(event(number) for number in range(1001)))
    report = await chronicle.verify()
    assert (report.intact, report.rows, report.last_hash) == (True, 1001, last)


async def test_what_looks_like_a_credential_is_not_written(database: Database, clock: ManualClock) -> None:
    """The last guard: a key that somebody pasted into a description."""
    trail = Trail(database, clock, keys=KEYS, masked=mask)
    async with database.write() as conn:
        said = {"description": 'Bearer abcdefgh12345678 "quoted"'}
        await trail.write(conn, [Event("model.create", "model", after=said)], clock.now_ms())
    (row,) = await records(database)
    assert row["after"] == {"description": 'Bearer *** "quoted"'}


async def test_switching_the_record_off_is_on_it_and_breaks_it(chronicle: Chronicle) -> None:
    """LIF-22: nobody overlooks the time in between."""
    await chronicle.write(event())
    off = Trail(chronicle.database, chronicle.clock, keys=KEYS, enabled=False)
    await off.switch()
    await off.switch()  # said once
    async with chronicle.database.write() as conn:
        assert await off.write(conn, [event(2)], chronicle.clock.now_ms()) == ""
    assert [row["action"] for row in await records(chronicle.database)] == ["model.change", "audit.off"]
    assert (await chronicle.verify()).intact
    await chronicle.trail.switch()
    await chronicle.trail.switch()
    await chronicle.write(event(3))
    assert await chronicle.found() == [(3, "gap")]


async def test_on_needs_no_row_where_it_never_was_off(chronicle: Chronicle) -> None:
    """An ordinary start writes nothing."""
    await chronicle.trail.switch()
    assert await records(chronicle.database) == []


async def test_a_flood_of_denials_is_counted(chronicle: Chronicle) -> None:
    """LIF-24: the first is written, the others as a number once the minute is over."""
    denied = Event("model.delete", "model", "mdl_x", outcome="denied", status=403)
    with act_as(KEY):
        for _ in range(100):
            await chronicle.trail.refuse(denied)
        await chronicle.trail.flush()
        assert len(await records(chronicle.database)) == 1
        chronicle.clock.advance(61)
    await chronicle.trail.flush()
    first, second = await records(chronicle.database)
    assert (first["repeated"], second["repeated"]) == (0, 99)
    assert second["actor"] == first["actor"]
    await chronicle.trail.flush()
    with act_as(KEY):
        await chronicle.trail.refuse(denied)
    assert len(await records(chronicle.database)) == 3


async def test_other_actors_and_actions_are_counted_apart(chronicle: Chronicle) -> None:
    """One caller's flood hides nobody else's refusal; conflicts are about one object each."""
    for action in ("model.delete", "model.purge"):
        for who in (KEY, Acting("local")):
            with act_as(who):
                await chronicle.trail.refuse(Event(action, "model", "mdl_x", outcome="denied"))
                await chronicle.trail.refuse(Event(action, "model", "mdl_y", outcome="denied"))
    assert len(await records(chronicle.database)) == 4
    for uid in ("mdl_x", "mdl_y"):
        await chronicle.trail.refuse(Event("model.delete", "model", uid, outcome="conflict"))
    assert len(await records(chronicle.database)) == 6


async def test_what_was_counted_is_written_at_the_end(chronicle: Chronicle) -> None:
    """A process that stops within the minute loses no number."""
    for _ in range(3):
        await chronicle.trail.refuse(Event("model.delete", "model", outcome="denied"))
    await chronicle.trail.flush(everything=True)
    assert [row["repeated"] for row in await records(chronicle.database)] == [0, 2]


async def test_a_busy_database_refuses_the_caller_all_the_same(
    chronicle: Chronicle, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer stays 403; the log tells that it is not on the record."""
    chronicle.trail._database = _Away()  # type: ignore[assignment]
    await chronicle.trail.refuse(Event("model.delete", "model", outcome="denied"))
    assert "not on the record" in caplog.text


class _Away:
    """A database that does not answer."""

    def write(self) -> object:
        """Refuse."""
        raise Unavailable("the database does not answer")
