"""What leaves a file is deleted like everything else and comes back with its declaration: on both databases."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from gateway.configuration.finding import ConfigurationError
from gateway.declared.reconcile import Reconciler
from gateway.keys.model import KeyInput
from gateway.keys.ring import KeyRing
from gateway.keys.service import KeyService
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from gateway.storage.schema import audit, models, operations
from tests.clock import ManualClock
from tests.declared.files import SMALL, declared
from tests.lifecycle.house import Elsewhere, lifecycle_routes, make_lifecycle
from tests.registry.api import Api

WITHOUT = "models: {}\n"


@pytest.fixture
async def api(service: RegistryService, database: Database, clock: ManualClock) -> AsyncIterator[Api]:
    """Give the routes of the registry and of a model's life."""
    async with Api(service, lifecycle_routes(make_lifecycle(service, database, clock))) as started:
        yield started


async def row(database: Database, name: str) -> Any:
    """Return the model's row, whatever its state."""
    async with database.read() as conn:
        return (await conn.execute(select(models).where(models.c.name == name))).one()


async def refusal(reconciler: Reconciler, text: str) -> str:
    """Return the one sentence with which a file is refused."""
    with pytest.raises(ConfigurationError) as error:
        await reconciler.apply(declared(text))
    (finding,) = error.value.findings
    return f"{finding.where}: {finding.key}: {finding.message}"


async def test_it_is_deleted_softly_and_comes_back_the_same(
    reconciler: Reconciler, service: RegistryService, database: Database
) -> None:
    """The uid and the endpoints' ids stay, so that grants, usage and stored objects go on; a second plan is empty."""
    await reconciler.apply(declared(SMALL))
    before = service.registry.snapshot.find("default", "qwen3")
    assert before is not None
    outcome = await reconciler.apply(declared(WITHOUT))
    assert "- model qwen3" in outcome.changes
    gone = await row(database, "qwen3")
    assert (gone.state, gone.uid, gone.managed_by) == ("deleted", before.uid, "file")
    assert gone.purge_at > gone.deleted_at > 0
    outcome = await reconciler.apply(declared(SMALL))
    assert "+ model qwen3 (restored)" in outcome.changes
    after = service.registry.snapshot.find("default", "qwen3")
    assert after is not None
    assert (after.uid, after.state) == (before.uid, "active")
    assert [one.id for one in after.endpoints] == [one.id for one in before.endpoints]
    assert (await reconciler.apply(declared(SMALL))).changes == ()


async def test_it_comes_back_as_it_is_declared_then(reconciler: Reconciler, service: RegistryService) -> None:
    """Other endpoints, another state: the file counts, not what there was."""
    await reconciler.apply(declared(SMALL))
    await reconciler.apply(declared(WITHOUT))
    text = "models:\n  qwen3: {state: disabled, task: other, endpoints: [{base_url: 'http://10.0.0.9/v1'}]}\n"
    await reconciler.apply(declared(text))
    route = service.registry.snapshot.find("default", "qwen3")
    assert route is not None
    assert (route.state, route.task, [str(one.base_url) for one in route.endpoints]) == (
        "disabled",
        "other",
        ["http://10.0.0.9/v1"],
    )
    assert (await reconciler.apply(declared(text))).changes == ()


async def test_calls_under_way_may_end_first(
    reconciler: Reconciler, service: RegistryService, database: Database, elsewhere: Elsewhere
) -> None:
    """It drains: its endpoints stay for them, no new call is let in, and an operation sees to the end."""
    await reconciler.apply(declared(SMALL))
    route = service.registry.snapshot.find("default", "qwen3")
    assert route is not None
    elsewhere.here[route.uid] = 1
    await reconciler.apply(declared(WITHOUT))
    snapshot = service.registry.snapshot
    assert ((await row(database, "qwen3")).state, snapshot.find("default", "qwen3")) == ("draining", None)
    assert {one.id for one in route.endpoints} <= snapshot.endpoints.keys()
    async with database.read() as conn:
        (operation,) = (await conn.execute(select(operations))).all()
    assert (operation.kind, operation.target) == ("drain", route.uid)
    await reconciler.apply(declared(SMALL))
    again = service.registry.snapshot.find("default", "qwen3")
    assert again is not None
    assert (again.uid, again.state) == (route.uid, "active")


async def test_grants_end_with_it_and_come_back_with_it(
    reconciler: Reconciler, keys: KeyService, ring: KeyRing
) -> None:
    """As with a deletion over the API; a key that could call nothing else keeps the model."""
    await reconciler.apply(declared(SMALL))
    _, wide = await keys.create(KeyInput(name="wide", models=("qwen3", "other*")), None)
    await reconciler.apply(declared(WITHOUT))
    assert _models(ring, wide.text.reveal()) == ("other*",)
    await reconciler.apply(declared(SMALL))
    assert set(_models(ring, wide.text.reveal())) == {"qwen3", "other*"}
    await keys.create(KeyInput(name="narrow", models=("qwen3",)), None)
    assert await refusal(reconciler, WITHOUT) == (
        "modelport.yaml:7: models: no longer declared here, but model 'qwen3' is still in use by key 'narrow' "
        "(it is the only model that the key may call)"
    )


async def test_a_key_that_the_file_limits_keeps_the_files_words(
    reconciler: Reconciler, keys: KeyService, ring: KeyRing
) -> None:
    """They block nothing, a second plan is empty, and a model that is declared again is meant again."""
    _, minted = await keys.create(KeyInput(name="ci"), None)
    limits = "keys: {ci: {models: [qwen3]}}\n"
    await reconciler.apply(declared(SMALL + limits))
    await reconciler.apply(declared(WITHOUT + limits))
    assert _models(ring, minted.text.reveal()) == ("qwen3",)
    assert (await reconciler.apply(declared(WITHOUT + limits))).changes == ()
    await reconciler.apply(declared(SMALL + limits))
    assert (await reconciler.apply(declared(SMALL + limits))).changes == ()
    assert _models(ring, minted.text.reveal()) == ("qwen3",)


async def test_restored_over_the_api_it_is_the_apis(reconciler: Reconciler, api: Api, database: Database) -> None:
    """No file declares it then, so the next reading leaves it alone, and one that declares it is refused."""
    await reconciler.apply(declared(SMALL))
    await reconciler.apply(declared(WITHOUT))
    uid = (await row(database, "qwen3")).uid
    back = await api.post(f"/models/{uid}/undelete", {"activate": True})
    assert (back.status, back.json["managed_by"]) == (200, None), back.json
    endpoint = (await api.get(f"/endpoints/{back.json['endpoints'][0]['id']}")).json
    assert (endpoint["managed_by"], endpoint["managed_at"]) == (None, None)
    assert (await reconciler.apply(declared("# again\n" + WITHOUT))).changes == ()
    assert "the model 'qwen3' is kept over the API" in await refusal(reconciler, SMALL)


async def test_a_team_stays_bare_while_its_models_can_be_restored(
    reconciler: Reconciler, api: Api, service: RegistryService
) -> None:
    """It is the API's then; declared again it is the file's, with its models."""
    await reconciler.apply(declared(SMALL))
    await reconciler.apply(declared(WITHOUT))
    team = next(one for one in (await api.get("/teams")).json["items"] if one["name"] == "research")
    assert (team["managed_by"], team["description"], team["default_via"]) == (None, "", None)
    outcome = await reconciler.apply(declared(SMALL))
    assert {"~ team research", "+ model research/llama (restored)"} <= set(outcome.changes)
    assert service.registry.snapshot.find("research", "llama") is not None
    assert (await reconciler.apply(declared(SMALL))).changes == ()


async def test_each_row_of_the_record_names_its_line(reconciler: Reconciler, database: Database) -> None:
    """Who deleted it is the line that was there."""
    await reconciler.apply(declared(SMALL))
    await reconciler.apply(declared(WITHOUT))
    async with database.read() as conn:
        rows = (await conn.execute(select(audit.c.record).where(audit.c.action == "model.delete"))).scalars().all()
    told = {one["target"]["name"]: one["actor"] for one in map(json.loads, rows)}
    assert {name: (actor["type"], actor["id"]) for name, actor in told.items()} == {
        "qwen3": ("file", "modelport.yaml:7"),
        "llama": ("file", "modelport.yaml:14"),
    }


async def test_fallbacks_are_declared_and_change_places_at_once(
    reconciler: Reconciler, service: RegistryService
) -> None:
    """A file is judged as it will be: two models may swap who takes over for whom."""
    first = "models:\n  a: {fallbacks: [b, c]}\n  b: {}\n  c: {}\n"
    outcome = await reconciler.apply(declared(first))
    assert "~ fallbacks a: fallbacks" in outcome.changes
    assert _legs(service, "a") == ["b", "c"]
    assert (await reconciler.apply(declared(first))).changes == ()
    await reconciler.apply(declared("models:\n  a: {}\n  b: {fallbacks: [a]}\n"))
    assert (_legs(service, "a"), _legs(service, "b")) == ([], ["a"])
    await reconciler.apply(declared(first))
    assert (_legs(service, "a"), _legs(service, "b")) == (["b", "c"], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  a: {fallbacks: [a]}\n", "model 'a' cannot take over for itself"),
        ("  a: {fallbacks: [b]}\n  b: {fallbacks: [a]}\n", "'a' would fall back to itself: 'a', 'b', 'a'"),
        ("  a: {fallbacks: [b, b]}\n  b: {}\n", "'b' is named twice"),
        ("  a: {fallbacks: [nobody]}\n", "there is no model 'nobody'"),
        ("  a: {fallbacks: [kept]}\n", "'a' would fall back to itself: 'a', 'kept', 'a'"),
    ],
)
async def test_fallbacks_that_make_no_sense_are_told_at_their_line(
    reconciler: Reconciler, api: Api, text: str, said: str
) -> None:
    """Together with what the API keeps; nothing is changed."""
    await reconciler.apply(declared("models: {a: {}}\n"))
    await api.make("/models", name="kept", fallbacks=["a"])
    assert await refusal(reconciler, "models:\n" + text) == f"modelport.yaml:2: models.a.fallbacks: {said}"


async def test_a_declared_model_that_others_lean_on_does_not_go(reconciler: Reconciler, api: Api) -> None:
    """A fallback is a reference like an alias."""
    await reconciler.apply(declared("models: {a: {}}\n"))
    await api.make("/models", name="kept", fallbacks=["a"])
    assert "is still in use by fallback 'kept'" in await refusal(reconciler, WITHOUT)


async def test_a_name_of_the_api_that_is_still_draining_is_not_free(
    reconciler: Reconciler, api: Api, database: Database
) -> None:
    """It is told so; a deleted one is in nobody's way."""
    made = await api.make("/models", name="mine")
    async with database.write() as conn:
        await conn.execute(models.update().where(models.c.uid == made["uid"]).values(state="draining"))
    assert "is being deleted and still has its name" in await refusal(reconciler, "models: {mine: {}}\n")
    async with database.write() as conn:
        await conn.execute(models.update().where(models.c.uid == made["uid"]).values(state="deleted"))
    assert (await reconciler.apply(declared("models: {mine: {}}\n"))).changes == ("+ model mine",)


def _models(ring: KeyRing, text: str) -> tuple[str, ...]:
    return ring.verify(text, peer="127.0.0.1", now_ms=0).models


def _legs(service: RegistryService, name: str) -> list[str]:
    snapshot = service.registry.snapshot
    route = snapshot.find("default", name)
    return [] if route is None else [snapshot.by_uid[uid].name for uid in route.fallbacks]
