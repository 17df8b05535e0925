"""A POST sent again takes effect once (lifecycle.md section 7)."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pydantic import BaseModel
from pytest_aiohttp.plugin import AiohttpClient
from sqlalchemy import func, insert, select

from gateway.api.idempotency import Intent, StoredAnswer, find_replay, once_of, store_answer
from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.errors import Conflict, Unprocessable
from gateway.storage.engine import Database
from gateway.storage.ids import new_id
from gateway.storage.schema import idempotency, teams
from tests.api.app import make_app
from tests.clock import ManualClock

Client = TestClient[web.Request, web.Application]
INTENT = Intent("k1", "key-1", "fingerprint")
ANSWER = StoredAnswer(201, b'{"name":"a"}', {"ETag": '"x.1"'})


class TeamCreate(BaseModel):
    """A new team."""

    name: str
    fail: bool = False


class TeamView(BaseModel):
    """A team."""

    id: str
    name: str


def _created(view: TeamView) -> web.Response:
    return answer(view, status=201, etag=f'"{view.id}.1"', headers={"Location": f"teams/{view.id}"})


class TeamRoutes:
    """Teams in a database, as a service would write them."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self._database = database
        self._clock = clock

    @operation(
        "POST",
        "/teams",
        permission=Permission.TEAMS_WRITE,
        body=TeamCreate,
        answers={201: TeamView},
        idempotent=True,
        tag="teams",
        summary="Make a team",
    )
    async def create_team(self, request: web.Request, body: TeamCreate) -> web.StreamResponse:
        """Make one; a name that begins with `secret` gives an answer that must not be kept."""
        once = once_of(request, _created, secret=body.name.startswith("secret"))
        now_ms = self._clock.now_ms()
        async with self._database.write() as conn:
            await once.begin(conn, now_ms=now_ms)
            view = TeamView(id=new_id("team"), name=body.name)
            await conn.execute(insert(teams).values(**view.model_dump(), created_at=now_ms, updated_at=now_ms))
            await once.end(conn, view, now_ms=now_ms)
            if body.fail:
                raise Conflict("refused after everything was written")
        return once.render(view)


@pytest.fixture
def clock() -> ManualClock:
    """Give the clock of the routes."""
    return ManualClock()


@pytest.fixture
async def client(database: Database, clock: ManualClock, aiohttp_client: AiohttpClient) -> Client:
    """Give a client of the routes, on each database."""
    return await aiohttp_client(make_app(TeamRoutes(database, clock)))


async def _post(client: Client, body: dict[str, Any], key: str | None = "key-1", query: str = "") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post(f"/api/v1/teams{query}", json=body, headers=headers)


async def _count(database: Database) -> tuple[int, int]:
    async with database.read() as conn:
        made = (await conn.execute(select(func.count()).select_from(teams))).scalar_one()
        kept = (await conn.execute(select(func.count()).select_from(idempotency))).scalar_one()
    return made, kept


async def test_the_same_call_gets_the_same_answer(client: Client, database: Database) -> None:
    """Status, body, ETag and Location are the first call's; only the mark is new."""
    first, second = await _post(client, {"name": "a"}), await _post(client, {"name": "a"})
    assert (second.status, await second.read()) == (first.status, await first.read())
    for header in ("ETag", "Location", "Content-Type", "Cache-Control"):
        assert second.headers[header] == first.headers[header]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await _count(database) == (1, 1)


async def test_without_a_key_nothing_is_kept(client: Client, database: Database) -> None:
    """The second call is a second call."""
    assert (await _post(client, {"name": "a"}, key=None)).status == 201
    assert await _count(database) == (1, 0)


async def test_another_body_under_the_same_key_is_refused(client: Client, database: Database) -> None:
    """A generator of keys that repeats itself must not lose a call."""
    await _post(client, {"name": "a"})
    response = await _post(client, {"name": "b"})
    assert (response.status, (await response.json())["code"]) == (422, "idempotency_mismatch")
    assert await _count(database) == (1, 1)


async def test_a_refusal_is_not_kept(client: Client, database: Database) -> None:
    """The corrected call runs under the same key; the change and its answer were undone together."""
    assert (await _post(client, {"name": "a", "fail": True})).status == 409
    assert await _count(database) == (0, 0)
    assert (await _post(client, {"name": "a"})).status == 201


async def test_an_answer_is_forgotten_after_a_day(client: Client, database: Database, clock: ManualClock) -> None:
    """The key may be used again, and the old row is gone."""
    await _post(client, {"name": "a"})
    clock.advance(24 * 3600 + 1)
    assert (await _post(client, {"name": "b"})).status == 201
    assert await _count(database) == (2, 1)


async def test_a_secret_is_never_kept(client: Client, database: Database) -> None:
    """The second caller learns that it was done, and where, but not the secret."""
    first = await _post(client, {"name": "secret-canary"})
    second = await _post(client, {"name": "secret-canary"})
    problem = await second.json()
    assert (second.status, problem["code"]) == (409, "answer_not_repeated")
    assert problem["location"] == first.headers["Location"]
    async with database.read() as conn:
        row = (await conn.execute(select(idempotency))).one()
    assert "canary" not in str(row)
    assert await _count(database) == (1, 1)


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256])
async def test_a_malformed_key_is_refused(client: Client, database: Database, key: str) -> None:
    """A guard that is dropped without a word is worse than none."""
    assert (await _post(client, {"name": "a"}, key=key)).status == 400
    assert await _count(database) == (0, 0)


async def test_calls_at_the_same_time_make_one_change(client: Client, database: Database) -> None:
    """Whoever comes second gets the kept answer, or is told to come again; nobody changes anything twice."""
    responses = await asyncio.gather(*(_post(client, {"name": "a"}) for _ in range(6)))
    statuses = sorted(response.status for response in responses)
    assert statuses[0] == 201
    assert set(statuses) <= {201, 409}
    assert len({await response.read() for response in responses if response.status == 201}) == 1
    assert await _count(database) == (1, 1)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_a_call_that_is_still_running_elsewhere(database: Database) -> None:
    """Another process's transaction shows as 409 with Retry-After; on SQLite, with its one writer, it is waited for."""
    async with database.write() as first, database.write() as second:
        assert await find_replay(first, INTENT, now_ms=1) is None
        with pytest.raises(Conflict) as refusal:
            await find_replay(second, INTENT, now_ms=1)
        assert await find_replay(second, Intent("k2", "key-1", "fingerprint"), now_ms=1) is None
    assert (refusal.value.code, refusal.value.headers) == ("operation_in_progress", {"Retry-After": "1"})


async def test_a_key_belongs_to_its_caller(database: Database) -> None:
    """Nobody can read another caller's answer by guessing a key."""
    async with database.write() as conn:
        await store_answer(conn, INTENT, ANSWER, now_ms=1)
        assert await find_replay(conn, INTENT, now_ms=2) == ANSWER
        assert await find_replay(conn, Intent("k2", "key-1", "fingerprint"), now_ms=2) is None
        with pytest.raises(Unprocessable):
            await find_replay(conn, Intent("k1", "key-1", "other"), now_ms=2)
