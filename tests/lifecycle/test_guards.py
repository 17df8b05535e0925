"""Who keeps a deletion from being a mistake: If-Match, idempotency, protection, races. On both databases."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from gateway.api.permissions import Role
from gateway.errors import GatewayError
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.retire import Retired
from gateway.lifecycle.service import LifecycleService
from gateway.registry.inputs import ModelCreate
from gateway.registry.registry import Registry
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from gateway.upstream.policy import EgressPolicy
from gateway.vault.vault import Vault
from tests.audit.trails import make_trail
from tests.clock import ManualClock
from tests.lifecycle.house import make_lifecycle
from tests.registry.api import ADMIN, ORIGIN, Api, principal

OPERATOR = principal(Role.OPERATOR, team="default")


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 200, None),
        ("", 400, "invalid_request"),
        ("1", 400, "invalid_request"),
        ('"{uid}.1" , junk', 400, "invalid_request"),
        ('"{uid}.1"', 200, None),
        ('"other.3", "{uid}.1"', 200, None),
        ('"{uid}.2"', 412, "etag_mismatch"),
        ('W/"{uid}.1"', 412, "etag_mismatch"),
        ("*", 200, None),
    ],
)
async def test_each_form_of_if_match(api: Api, header: str | None, status: int, code: str | None) -> None:
    """lifecycle.md section 6, row by row; what is malformed never drops the guard."""
    model = await api.make("/models", name="a")
    sent: dict[str, Any] = {} if header is None else {"If_Match": header.replace("{uid}", model["uid"])}
    answer = await api.delete(f"/models/{model['uid']}", **sent)
    assert (answer.status, answer.json.get("code")) == (status, code), answer.json
    if status == 412:
        assert answer.json["etag"] == answer.etag == model["etag"]


async def test_what_takes_others_along_needs_if_match(api: Api) -> None:
    """428 by policy (section 3), in a dry run as in the real call; any tag of the present revision will do."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}?references=cascade"
    for query in ("", "&dry_run=true"):
        answer = await api.delete(path + query)
        assert (answer.status, answer.json["code"]) == (428, "precondition_required")
        assert model["etag"] in answer.json["hint"]
    assert (await api.delete(path, If_Match=model["etag"])).status == 200


async def test_a_purge_needs_if_match_and_leaves_only_a_tombstone(api: Api) -> None:
    """Its own permission, its own guard; a model that lives is deleted first."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}"
    living = await api.delete(f"{path}?purge=true", If_Match="*")
    assert (living.status, living.json["code"]) == (409, "state_conflict")
    gone = (await api.delete(path)).json
    assert (await api.delete(f"{path}?purge=true", by=OPERATOR, If_Match=gone["etag"])).status == 403
    assert (await api.delete(f"{path}?purge=true")).status == 428
    assert (await api.delete(f"{path}?purge=true&dry_run=true", If_Match=gone["etag"])).json["dry_run"] is True
    purged = await api.delete(f"{path}?purge=true", If_Match=gone["etag"])
    assert (purged.status, purged.json["state"]) == (200, "purged"), purged.json
    assert (await api.get(path)).status == 410
    assert (await api.post(f"{path}/undelete", {})).json["code"] == "model_purged"
    assert (await api.delete(f"{path}?purge=true", If_Match="*")).status == 404
    again = await api.delete(f"{path}?purge=true&allow_missing=true", If_Match="*")
    assert (again.status, again.json["state"]) == (200, "absent")


async def test_the_same_call_again_gets_the_same_answer(api: Api) -> None:
    """Section 7: replayed to the byte and marked; another call under the key is refused; a refusal is not kept."""
    model = await api.make("/models", name="a")
    alias = await api.make("/aliases", name="best", model="a")
    path = f"/models/{model['uid']}"
    assert (await api.delete(path, Idempotency_Key="k")).status == 409
    await api.delete(f"/aliases/{alias['id']}")
    first = await api.delete(path, Idempotency_Key="k")
    again = await api.delete(path, Idempotency_Key="k")
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert (again.headers["Idempotency-Replayed"], again.etag) == ("true", first.etag)
    other = await api.delete(f"{path}?drain=0", Idempotency_Key="k")
    assert (other.status, other.json["code"]) == (422, "idempotency_mismatch")
    assert (await api.delete(path)).status == 404
    missing = await api.delete(f"{path}?allow_missing=true")
    assert (missing.status, missing.json["state"], missing.json["effects"]) == (200, "deleted", [])
    assert (await api.delete("/models/mdl_none?allow_missing=true")).json["state"] == "absent"


async def test_a_protected_model_stays(api: Api) -> None:
    """Whoever may delete may not take the protection off: that is the administrator's, a call and a row of its own."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}"
    kept = await api.post(f"{path}/protection", {"enabled": True, "reason": "the shop depends on it"}, by=OPERATOR)
    assert (kept.status, kept.etag) == (200, f'"{model["uid"]}.2"'), kept.json
    for query in ("", "?references=cascade", "?dry_run=true"):
        refused = await api.delete(path + query, If_Match="*")
        assert (refused.status, refused.json["code"]) == (409, "deletion_protected")
        assert "/protection" in refused.json["hint"]
    assert (await api.post(f"{path}/protection", {"enabled": False}, by=OPERATOR)).status == 403
    assert (await api.post(f"{path}/protection", {"enabled": False})).status == 200
    assert (await api.delete(path, by=OPERATOR)).status == 200
    assert (await api.post(f"{path}/protection", {"enabled": True})).json["code"] == "state_conflict"


@pytest.mark.parametrize("guard", ["etag", "none", "allow_missing"])
async def test_two_deleters_have_one_winner(api: Api, guard: str) -> None:
    """Section 6: the other one hears 412 with If-Match, else 404, or 200 where a missing model is as good."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}{'?allow_missing=true' if guard == 'allow_missing' else ''}"
    sent = {"If_Match": model["etag"]} if guard == "etag" else {}
    answers = await asyncio.gather(api.delete(path, **sent), api.delete(path, **sent))
    loser = {"etag": 412, "none": 404, "allow_missing": 200}[guard]
    assert sorted(one.status for one in answers) == sorted([200, loser])
    assert sum(bool(one.json.get("purge_time")) for one in answers) == (2 if guard == "allow_missing" else 1)


async def test_two_processes_have_one_winner(
    service: RegistryService, lifecycle: LifecycleService, database: Database, vault: Vault, clock: ManualClock
) -> None:
    """Another connection, another registry, the same database."""
    second = await Database.open(database.url.render_as_string(hide_password=False))
    policy = EgressPolicy("dev")
    there = RegistryService(
        second, Registry(second), clock, secrets=vault, judge_url=policy.judge, trail=make_trail(second, clock)
    )
    other = make_lifecycle(there, second, clock)
    for number in range(5):
        await service.models.create(ADMIN, ModelCreate(name=f"m{number}"), server=ORIGIN)
        done = await asyncio.gather(
            *(attempt(one.retirement.retire(ADMIN, f"m{number}", Wanted())) for one in (lifecycle, other))
        )
        assert sorted(done) == ["deleted", "model_not_found"]
    await second.close()


async def attempt(call: Awaitable[Retired]) -> str:
    """Return what came of it in a word."""
    try:
        retired = await call
    except GatewayError as error:
        return error.code
    assert retired.model is not None
    return retired.model.state
