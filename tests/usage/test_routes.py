"""/api/v1/usage over HTTP."""

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.storage.engine import Database
from gateway.usage.routes import UsageRoutes
from gateway.usage.service import UsageService
from tests.api.app import make_app
from tests.keys.installation import SetClock
from tests.usage.records import record, write


async def test_usage_is_one_answer_with_its_total(database: Database, aiohttp_client: AiohttpClient) -> None:
    """Days, sums apart by how sure they are, and what all pages come to."""
    await write(database, record("2026-01-01"), record("2026-01-01", source="estimated"))
    client = await aiohttp_client(make_app(UsageRoutes(UsageService(database, SetClock()))))
    answer = await client.get("/api/v1/usage?from=2026-01-01&to=2026-01-31&group_by=team&group_by=model&team=team1")
    body = await answer.json()
    sums = {"requests": 1, "input_tokens": 10, "output_tokens": 20, "cached_tokens": 0, "reasoning_tokens": 0}
    none = dict.fromkeys(sums, 0)
    total = {"requests": 2, "exact": sums, "estimated": sums, "unknown": none}
    group = {"day": None, "team": "team1", "key": None, "key_name": None, "model": "qwen3", **total}
    assert body == {
        "first_day": "2026-01-01",
        "last_day": "2026-01-31",
        "total": total,
        "items": [group],
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-01-32", 422),
        ("from=20260101", 422),
        ("group_by=owner", 422),
        ("limit=0", 422),
        ("cursor=x", 400),
        ("days=3", 400),
        ("from=2026-01-02&to=2026-01-01", 422),
    ],
)
async def test_a_wrong_question_is_refused(
    database: Database, aiohttp_client: AiohttpClient, query: str, status: int
) -> None:
    """Nothing is guessed or ignored."""
    client = await aiohttp_client(make_app(UsageRoutes(UsageService(database, SetClock()))))
    assert (await client.get(f"/api/v1/usage?{query}")).status == status


@pytest.mark.parametrize("role", Role)
async def test_who_may_ask(database: Database, aiohttp_client: AiohttpClient, role: Role) -> None:
    """Everybody but an auditor."""
    caller = Principal("key_a", "a", role, ROLES[role])
    client = await aiohttp_client(make_app(UsageRoutes(UsageService(database, SetClock())), caller=caller))
    assert (await client.get("/api/v1/usage")).status == (403 if role is Role.AUDITOR else 200)
