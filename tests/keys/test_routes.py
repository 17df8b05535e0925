"""/api/v1/keys and /api/v1/me over HTTP."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from gateway.api.permissions import ROLES, Permission, Role
from gateway.api.principal import Principal
from gateway.keys.local import anonymous_local
from gateway.keys.routes import KeyRoutes
from gateway.storage.engine import Database
from tests.api.app import make_app
from tests.keys.installation import Installation


class Api:
    """An installation with a client for each caller."""

    def __init__(self, process: Installation, aiohttp_client: AiohttpClient) -> None:
        self.process = process
        self._make_client = aiohttp_client

    async def as_(self, caller: Principal | None) -> TestClient[Any, Any]:
        """Return a client whose requests come from this caller."""
        routes = KeyRoutes(self.process.service, self.process.clock)
        return await self._make_client(make_app(routes, caller=caller))


@pytest.fixture
async def api(database: Database, aiohttp_client: AiohttpClient) -> Api:
    """Give an installation to call."""
    return Api(await Installation.start(database), aiohttp_client)


async def test_a_key_is_shown_once(api: Api) -> None:
    """KEY-4: in the create answer, not to be stored; never again after it."""
    client = await api.as_(await api.process.admin())
    made = await client.post("/api/v1/keys", json={"name": "batch", "team": "team1", "models": ["qwen*"]})
    body = await made.json()
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store")
    assert api.process.verify(body["key"]).team == "team1"
    assert body["key"].startswith(f"{body['prefix']}_")
    shown = [await client.get(f"/api/v1/keys/{named}") for named in (body["id"], body["key"][8:18])]
    listed = await client.get("/api/v1/keys")
    for answer in (*shown, listed):
        text = await answer.text()
        assert answer.status == 200
        assert body["key"][19:] not in text
        assert answer.headers["Cache-Control"] == "no-store"
    assert await shown[0].json() == {name: value for name, value in body.items() if name != "key"}


async def test_a_key_says_where_its_user_is(api: Api) -> None:
    """What it makes is there, too, unless that is said; the configuration's counts where it says null."""
    client = await api.as_(await api.process.admin())
    made = await (await client.post("/api/v1/keys", json={"name": "a", "role": "admin", "region": "eu"})).json()
    who = await api.as_(api.process.verify(made["key"]))
    assert (await (await who.get("/api/v1/me")).json())["region"] == made["region"] == "eu"
    given = [await who.post("/api/v1/keys", json={"name": "b", **more}) for more in ({}, {"region": None})]
    assert [(await one.json())["region"] for one in given] == ["eu", None]
    path = f"/api/v1/keys/{made['id']}"
    assert (await (await client.patch(path, json={"name": "c"})).json())["region"] == "eu"
    assert (await (await client.patch(path, json={"region": "us"})).json())["region"] == "us"
    assert (await (await client.patch(path, json={"region": None})).json())["region"] is None
    for wrong in ("", "a\nb", "x" * 101):
        assert (await client.patch(path, json={"region": wrong})).status == 422


async def test_times_are_rfc_3339(api: Api) -> None:
    """The default end is 90 days away."""
    client = await api.as_(await api.process.admin())
    body = await (await client.post("/api/v1/keys", json={"name": "batch"})).json()
    assert (body["created_at"], body["expires_at"]) == ("2026-01-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z")
    assert (body["status"], body["last_used_at"], body["env"]) == ("active", None, "live")


async def test_a_key_goes_through_its_life(api: Api) -> None:
    """Change, rotate, revoke, delete, each guarded by the ETag of the step before."""
    client = await api.as_(await api.process.admin())
    made = await client.post("/api/v1/keys", json={"name": "batch"})
    old = (await made.json())["key"]
    address, etag = f"/api/v1/keys/{(await made.json())['id']}", made.headers["ETag"]
    renamed = await client.patch(address, json={"name": "night batch"}, headers={"If-Match": etag})
    assert (renamed.status, (await renamed.json())["name"]) == (200, "night batch")
    stale = await client.post(f"{address}/rotate", headers={"If-Match": etag})
    assert stale.status == 412
    rotated = await client.post(f"{address}/rotate?previous_valid_hours=1")
    new = (await rotated.json())["key"]
    assert (rotated.status, rotated.headers["Cache-Control"], new != old) == (200, "no-store", True)
    assert api.process.verify(old) == api.process.verify(new)
    revoked = await client.post(f"{address}/revoke", headers={"If-Match": rotated.headers["ETag"]})
    assert ((await revoked.json())["status"], (await client.delete(address)).status) == ("revoked", 204)
    assert (await client.get(address)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "a", "role": "root"},
        {"name": "a", "cidrs": ["10.0.0.0/33"]},
        {"name": "a", "expires_in_days": 0},
        {"name": "a", "expires_in_days": "90"},
        {"name": "a", "models": "qwen*"},
        {"name": "a", "env": "prod"},
        {"name": "a", "key": "mp_live_mine"},
    ],
)
async def test_a_wrong_body_is_refused_by_field(api: Api, body: dict[str, object]) -> None:
    """Strict JSON; nothing unknown."""
    client = await api.as_(await api.process.admin())
    assert (await client.post("/api/v1/keys", json=body)).status == 422


async def test_a_wider_key_is_a_403_that_says_why(api: Api) -> None:
    """KEY-6."""
    client = await api.as_((await api.process.key(role=Role.DEVELOPER, team="team1"))[1])
    refused = await client.post("/api/v1/keys", json={"name": "a", "role": "admin"})
    problem = await refused.json()
    assert (refused.status, problem["code"]) == (403, "key_too_wide")


@pytest.mark.parametrize("role", Role)
async def test_who_may_not_make_keys_learns_nothing(api: Api, role: Role) -> None:
    """ACL-4: permission before existence; a caller without a key on this machine may not either."""
    hidden = (await api.process.admin()).key_id
    callers = [Principal("key_x", "x", role, ROLES[role]), anonymous_local()]
    for caller in callers:
        if caller.may(Permission.KEYS_OWN):
            continue
        client = await api.as_(caller)
        for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{hidden}"), ("POST", f"/{hidden}/rotate")):
            assert (await client.request(method, f"/api/v1/keys{path}")).status == 403


async def test_everybody_may_see_who_he_is(api: Api) -> None:
    """Every role, and a caller without a key on this machine; nobody else."""
    for role in Role:
        _, who = await api.process.key(name=f"my {role}", role=role)
        body = await (await (await api.as_(who)).get("/api/v1/me")).json()
        assert (body["key_id"], body["name"], body["role"]) == (who.key_id, f"my {role}", str(role))
        assert body["permissions"] == sorted(ROLES[role])
    local = await (await (await api.as_(anonymous_local())).get("/api/v1/me")).json()
    assert (local["key_id"], local["permissions"]) == (None, ["infer", "registry.read", "self.read"])
    assert (await (await api.as_(None)).get("/api/v1/me")).status == 401
