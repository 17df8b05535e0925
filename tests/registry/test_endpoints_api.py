"""Endpoints over HTTP: addresses are judged, keys are kept and never shown, a key stays with its origin."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.api.permissions import Role
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.snapshot import EndpointRoute
from gateway.storage.engine import Database
from gateway.storage.schema import secrets
from gateway.vault.vault import Vault
from tests.clock import ManualClock
from tests.registry.api import ORIGIN, Api, principal

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "registry.json").read_text(encoding="utf-8"))
UPSTREAM = "http://10.0.0.1:8000/v1"
CANARY = "sk-canary-0123456789abcdef"
PUBLISHER = principal(Role.PUBLISHER, team="default")


@pytest.fixture
async def model(api: Api) -> Any:
    """Give a model without endpoints."""
    return await api.make("/models", name="qwen3")


def route_of(service: RegistryService, endpoint: Any) -> EndpointRoute:
    """Return the endpoint as the hot path sees it."""
    found = service.registry.snapshot.endpoint(endpoint["id"])
    assert found is not None
    return found[1]


async def stored_keys(database: Database) -> int:
    """Return how many keys the vault holds."""
    async with database.read() as conn:
        return len((await conn.execute(select(secrets.c.id))).all())


async def test_a_stored_key_is_used_and_never_shown(
    api: Api, service: RegistryService, vault: Vault, model: Any
) -> None:
    """SEC-4: the answer says that it is set, and how it ends; the vault gives it to its endpoint."""
    answer = await api.post("/endpoints", {"model": "qwen3", "base_url": UPSTREAM, "api_key": CANARY}, by=PUBLISHER)
    assert answer.status == 201
    endpoint = answer.json
    assert endpoint["api_key"] == {"set": True, "hint": "…cdef", "updated_at": "2027-01-15T08:00:00.000Z"}
    assert (endpoint["model_uid"], endpoint["model"], endpoint["team"]) == (model["uid"], "qwen3", "default")
    for path in ("/endpoints", f"/endpoints/{endpoint['id']}", f"/models/{model['uid']}"):
        assert CANARY not in str((await api.get(path)).json)
    credential = route_of(service, endpoint).credential
    assert credential is not None
    assert (credential.kind, credential.origin) == ("stored", "http://10.0.0.1:8000")
    assert (await vault.resolve(credential, owner=endpoint["id"])).reveal() == CANARY


async def test_an_administrator_may_refer_to_a_variable(api: Api, service: RegistryService, model: Any) -> None:
    """SEC-3: nothing is stored but the reference, and it is shown as the hint."""
    endpoint = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM, api_key="env:VLLM_KEY")
    assert endpoint["api_key"] == {"set": True, "hint": "env:VLLM_KEY", "updated_at": None}
    credential = route_of(service, endpoint).credential
    assert credential is not None
    assert (credential.kind, credential.ref) == ("env", "VLLM_KEY")


async def test_nobody_else_may_refer_to_the_servers_own_secrets(api: Api, model: Any) -> None:
    """SEC-3: a publisher could otherwise send the server's variables to a host of their own."""
    for reference in ("env:VLLM_KEY", "file:/etc/passwd", "keyring:svc/user"):
        body = {"model": model["uid"], "base_url": UPSTREAM, "api_key": reference}
        for role in (Role.PUBLISHER, Role.OPERATOR):
            answer = await api.post("/endpoints", body, by=principal(role, team="default"))
            assert (answer.status, answer.json["code"]) == (403, "permission_denied")


async def test_a_key_that_cannot_be_used_is_refused(api: Api, database: Database, model: Any) -> None:
    """The refusal names the field and never repeats a value."""
    for row in VECTORS["keys"]:
        key = row["value"] * row.get("times", 1)
        answer = await api.post("/endpoints", {"model": model["uid"], "base_url": UPSTREAM, "api_key": key})
        assert (answer.status, answer.json["code"], answer.json["param"]) == (422, row["code"], "api_key"), row["why"]
        assert row["code"] == "bad_reference" or not key or key not in answer.json["detail"]
    assert await stored_keys(database) == 0


async def test_a_refused_address_is_a_422(api: Api, model: Any) -> None:
    """Which ones are refused is in test_address.py; here, that the routes ask."""
    endpoint = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM)
    for answer in (
        await api.post("/endpoints", {"model": model["uid"], "base_url": "http://169.254.169.254/v1"}),
        await api.patch(f"/endpoints/{endpoint['id']}", {"base_url": "http://169.254.169.254/v1"}),
        await api.post("/models", {"name": "x", "endpoints": [{"base_url": "http://169.254.169.254/v1"}]}),
    ):
        assert (answer.status, answer.json["code"]) == (422, "egress_denied")
    for answer in (
        await api.post("/endpoints", {"model": model["uid"], "base_url": f"{ORIGIN}v1"}),
        await api.patch(f"/endpoints/{endpoint['id']}", {"base_url": f"{ORIGIN}v1"}),
    ):
        assert (answer.status, answer.json["code"]) == (422, "own_address")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("http://10.0.0.2:8000/v1", CANARY),
        ("http://10.0.0.1:8001/v1", "env:VLLM_KEY"),
        ("https://10.0.0.1:8000/v1", CANARY),
    ],
)
async def test_another_origin_takes_the_key_away(
    api: Api, service: RegistryService, database: Database, model: Any, address: str, key: str
) -> None:
    """EGR-7: scheme, host or port; the answer says so, and nothing of it stays in the database."""
    endpoint = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM, api_key=key)
    answer = await api.patch(f"/endpoints/{endpoint['id']}", {"base_url": address}, by=PUBLISHER)
    assert answer.json["api_key"] == {"set": False, "hint": None, "updated_at": None}
    assert answer.json["warnings"] == ["api_key_cleared"]
    assert route_of(service, endpoint).credential is None
    assert await stored_keys(database) == 0
    assert (await api.get(f"/endpoints/{endpoint['id']}")).json["warnings"] == []


async def test_another_path_of_the_same_origin_keeps_the_key(api: Api, model: Any) -> None:
    """The key is bound to the origin, not to the path."""
    endpoint = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM, api_key=CANARY)
    changed = (await api.patch(f"/endpoints/{endpoint['id']}", {"base_url": "http://10.0.0.1:8000/v2"})).json
    assert (changed["base_url"], changed["api_key"], changed["warnings"]) == (
        "http://10.0.0.1:8000/v2",
        endpoint["api_key"],
        [],
    )


async def test_a_new_key_may_come_with_a_new_origin(
    api: Api, service: RegistryService, vault: Vault, database: Database, model: Any
) -> None:
    """Then nothing is lost, and the old value is gone."""
    endpoint = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM, api_key=CANARY)
    body = {"base_url": "https://api.example.com/v1", "api_key": "sk-another-0123456789"}
    changed = (await api.patch(f"/endpoints/{endpoint['id']}", body)).json
    assert (changed["api_key"]["hint"], changed["warnings"]) == ("…6789", [])
    credential = route_of(service, endpoint).credential
    assert credential is not None
    assert (await vault.resolve(credential, owner=endpoint["id"])).reveal() == "sk-another-0123456789"
    assert await stored_keys(database) == 1


@pytest.mark.parametrize(("key", "kept"), [(None, 0), ("sk-another-0123456789", 1), ("env:VLLM_KEY", 0)])
async def test_a_key_can_be_replaced_and_taken_away(
    api: Api, database: Database, model: Any, key: str | None, kept: int
) -> None:
    """The database holds the newest value alone."""
    endpoint = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM, api_key=CANARY)
    changed = (await api.patch(f"/endpoints/{endpoint['id']}", {"api_key": key})).json
    assert changed["api_key"]["set"] is (key is not None)
    assert await stored_keys(database) == kept


async def test_a_change_of_an_endpoint_is_a_change_of_its_model(api: Api, model: Any, clock: ManualClock) -> None:
    """The model's answer lists its endpoints, so its ETag grows with theirs; oldest first."""
    path = f"/models/{model['uid']}"
    first = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM)
    clock.advance(1)
    second = await api.make("/endpoints", model=model["uid"], base_url="http://10.0.0.2/v1", weight=3)
    shown = await api.get(path, If_None_Match=model["etag"])
    assert [one["id"] for one in shown.json["endpoints"]] == [first["id"], second["id"]]
    await api.patch(f"/endpoints/{first['id']}", {"enabled": False})
    again = await api.get(path, If_None_Match=shown.etag or "")
    assert [one["enabled"] for one in again.json["endpoints"]] == [False, True]


async def test_a_default_endpoint_is_not_deleted(api: Api, database: Database, model: Any) -> None:
    """LIF-3: it is named in the refusal; without the reference it goes, with its key."""
    endpoint = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM, api_key=CANARY)
    team = (await api.get("/teams?name=default")).json["items"][0]
    await api.patch(f"/teams/{team['id']}", {"default_endpoints": {"files": endpoint["id"]}})
    for path, code in ((f"/endpoints/{endpoint['id']}", "endpoint"), (f"/models/{model['uid']}", "model")):
        blocked = await api.delete(path)
        assert (blocked.status, blocked.json["code"]) == (409, f"{code}_referenced")
        (named,) = blocked.json["references"]
        assert named.items() >= {"kind": "team_default", "id": team["id"], "name": "files"}.items()
    await api.patch(f"/teams/{team['id']}", {"default_endpoints": {"files": None}})
    assert (await api.delete(f"/endpoints/{endpoint['id']}")).json["deleted"] is True
    assert await stored_keys(database) == 0


async def test_endpoints_are_listed_by_model_team_and_state(api: Api, model: Any) -> None:
    """A model is named by uid or by name; a typo leads to the name that exists."""
    await api.make("/teams", name="other")
    await api.make("/models", name="b", team="other", endpoints=[{"base_url": UPSTREAM}])
    mine = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM, enabled=False)
    for query in (f"model={model['uid']}", "model=qwen3", "team=default", "enabled=false"):
        assert [one["id"] for one in (await api.get(f"/endpoints?{query}")).json["items"]] == [mine["id"]]
    assert len((await api.get("/endpoints")).json["items"]) == 2
    assert (await api.get("/endpoints?model=qwen-3")).json["did_you_mean"] == ["qwen3"]
    assert (await api.get("/endpoints?model=qwen3&team=other")).status == 404


async def test_if_match_guards_an_endpoint(api: Api, model: Any) -> None:
    """The second of two writers with one ETag hears of the first."""
    endpoint = await api.make("/endpoints", model=model["uid"], base_url=UPSTREAM)
    path, etag = f"/endpoints/{endpoint['id']}", endpoint["etag"]
    assert (await api.patch(path, {"weight": 2}, If_Match=etag)).status == 200
    assert (await api.patch(path, {"weight": 3}, If_Match=etag)).status == 412
    assert (await api.delete(path, If_Match=etag)).status == 412


async def test_a_weight_is_a_whole_number_from_zero(api: Api, model: Any) -> None:
    """Strict JSON: nothing is converted."""
    for weight in (-1, 1.5, "2", None):
        answer = await api.post("/endpoints", {"model": model["uid"], "base_url": UPSTREAM, "weight": weight})
        assert (answer.status, answer.json["param"]) == (422, "weight")
