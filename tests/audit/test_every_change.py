"""Every operation that changes something leaves a row: the operations are walked, so a new one cannot forget it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.api.operation import OPERATIONS
from gateway.catalogue import decided
from gateway.catalogue.sync.situation import Waiting
from gateway.storage.schema import catalogue_proposals
from tests.app.caller import UNCHECKED, Answer, Caller
from tests.app.conftest import Start, caller, process_settings, start, upstream
from tests.app.installation import Installation
from tests.fakes.upstream import Upstream

__all__ = ["caller", "process_settings", "start", "upstream"]  # fixtures of the whole product

CHANGES_NOTHING = {"check"}
"""A POST because it takes a body; nothing is kept."""
REASON = "a test of the record"
SAFE = {"GET", "HEAD"}


class World:
    """A product in which there is something to change."""

    def __init__(self, product: Installation, url: str, file: Path) -> None:
        self.product = product
        self.admin = product.admin.having(X_Reason=REASON)
        self.url = url
        self.file = file
        self._number = 0

    def name(self) -> str:
        """Return a name that nobody has."""
        self._number += 1
        return f"thing-{self._number}"

    async def make(self, noun: str, **fields: Any) -> str:
        """Make something and return its id."""
        made = await self.product.admin.make(noun, name=self.name(), **fields)
        return str(made.get("uid") or made["id"])

    async def model(self) -> str:
        """Make a model."""
        return await self.make("models", endpoints=[{"base_url": self.url}])

    async def deleted(self) -> str:
        """Make a model and delete it."""
        uid = await self.model()
        answer = await self.product.admin.call("DELETE", f"api/v1/models/{uid}?drain=0")
        assert answer.status == 200, answer.text
        return uid

    async def endpoint(self) -> str:
        """Make a second endpoint of a new model."""
        body = {"model": await self.model(), "base_url": f"{self.url}/x"}
        return str((await self.product.admin.post(f"api/v1/endpoints{UNCHECKED}", body)).json["id"])

    async def alias(self) -> str:
        """Make an alias of a new model."""
        return await self.make("aliases", model=await self.model())

    async def gateway(self) -> str:
        """Make a gateway."""
        return await self.make("gateways", url="https://gateway.example.com")

    async def operation(self) -> str:
        """Begin long work that nobody here carries out."""
        ground = self.product.inside.ground
        async with ground.database.write() as conn:
            begun = await ground.work.operations.create(conn, "nothing")
        return begun.id

    async def pin(self) -> str:
        """Pin an entry of the list that came along."""
        entry_id = str((await self.product.admin.show("api/v1/catalogue/models?limit=1"))["items"][0]["id"])
        assert (await self.product.admin.post("api/v1/catalogue/pins", {"entry_id": entry_id})).status == 201
        return entry_id

    async def suppression(self) -> str:
        """Suppress an entry."""
        entry_id = f"acme/{self.name()}"
        assert (await self.product.admin.post("api/v1/catalogue/suppressions", {"entry_id": entry_id})).status == 201
        return entry_id

    async def proposal(self) -> str:
        """Have the catalogue propose the end of a model."""
        uid = await self.make("models", catalogue_id="mistral/open-mistral-7b", endpoints=[{"base_url": self.url}])
        ground = self.product.inside.ground
        async with ground.database.write() as conn:
            await decided.propose(
                conn,
                model_uid=uid,
                kind="deprecation",
                entry_id="mistral/open-mistral-7b",
                details={},
                now_ms=ground.clock.now_ms(),
            )
            return (await decided.proposals(conn, catalogue_proposals.c.model_uid == uid))[0].id

    async def download(self) -> Answer:
        """Begin to download what nobody has."""
        body = {"url": f"{self.url}/{self.name()}", "sha256": "0" * 64, "size": 1}
        return await self.tell("POST", "api/v1/downloads", body)

    async def downloading(self) -> str:
        """Make a download that nobody carries out, since it stands in line for ever."""
        ground = self.product.inside.ground
        wish = {"name": self.name(), "url": self.url, "sha256": "0" * 64, "size": 1, "paused": False}
        async with ground.database.write() as conn:
            ground.work.runner._kinds.pop("download", None)
            begun = await ground.work.operations.create(conn, "download", parameters=wish)
        return begun.id

    async def paused(self) -> str:
        """Make one that stands still."""
        made = await self.downloading()
        assert (await self.product.admin.call("POST", f"api/v1/downloads/{made}/pause")).status == 202
        return made

    async def tell(self, method: str, path: str, body: Any = None) -> Answer:
        """Call as the administrator, with a reason."""
        return await self.admin.call(method, path, body)


async def _reload(world: World) -> Answer:
    world.file.write_text("log:\n  level: critical\n".replace("critical", "warning"))
    return await world.tell("POST", "-/reload")


async def _filtered(world: World, verb: str, state: str) -> Answer:
    """Plan, then do what was planned."""
    wanted: dict[str, Any] = {"filter": f"name=thing-* and state={state}"}
    plan = (await world.tell("POST", f"api/v1/models:{verb}", wanted)).json
    more = {"force": True, "plan_token": plan["plan_token"], "confirm_count": plan["count"]}
    return await world.tell("POST", f"api/v1/models:{verb}", wanted | more)


async def _delete_filtered(world: World) -> Answer:
    await world.model()
    return await _filtered(world, "delete", "active")


async def _purge_filtered(world: World) -> Answer:
    await world.deleted()
    return await _filtered(world, "purge", "deleted")


async def _create_model(world: World) -> Answer:
    return await world.tell("POST", "api/v1/models", {"name": world.name()})


async def _create_endpoint(world: World) -> Answer:
    body = {"model": await world.model(), "base_url": f"{world.url}/y"}
    return await world.tell("POST", f"api/v1/endpoints{UNCHECKED}", body)


async def _create_alias(world: World) -> Answer:
    return await world.tell("POST", "api/v1/aliases", {"name": world.name(), "model": await world.model()})


async def _batch(world: World) -> Answer:
    uid = await world.model()
    return await world.tell("POST", "api/v1/models:batchDelete", {"items": [{"uid": uid}], "drain": "0"})


async def _protect(world: World) -> Answer:
    return await world.tell("POST", f"api/v1/models/{await world.model()}/protection", {"enabled": True})


async def _undelete(world: World) -> Answer:
    return await world.tell("POST", f"api/v1/models/{await world.deleted()}/undelete", {})


async def _deprecate(world: World) -> Answer:
    return await world.tell("POST", f"api/v1/models/{await world.model()}/deprecation", {})


async def _reactivate(world: World) -> Answer:
    uid = await world.model()
    assert (await world.product.admin.post(f"api/v1/models/{uid}/deprecation", {})).status == 200
    return await world.tell("DELETE", f"api/v1/models/{uid}/deprecation")


async def _create_pin(world: World) -> Answer:
    return await world.tell("POST", "api/v1/catalogue/pins", {"entry_id": await world.pin()})


async def _create_suppression(world: World) -> Answer:
    return await world.tell("POST", "api/v1/catalogue/suppressions", {"entry_id": f"acme/{world.name()}"})


async def _forget(world: World) -> Answer:
    return await world.tell("DELETE", "api/v1/catalogue/recommendations")


async def _sync(world: World) -> Answer:
    return await world.tell("POST", "api/v1/catalogue:sync")


async def _verify(world: World) -> Answer:
    return await world.tell("POST", "api/v1/catalogue:verify")


async def _accept(world: World) -> Answer:
    """Have a list be held, then take it."""
    sync = (await world.product.inside.ground.catalogue.opened()).sync
    assert sync is not None
    sync.memory.change(held=Waiting(serial=7, removed=30, limit=20, at_ms=0))
    await sync.memory.keep()
    return await world.tell("POST", "api/v1/catalogue:accept", {"serial": 7})


async def _delete_team(world: World) -> Answer:
    return await world.tell("DELETE", f"api/v1/teams/{await world.make('teams')}")


def _new(noun: str, **fields: Any) -> Callable[[World], Awaitable[Answer]]:
    return lambda world: world.tell("POST", f"api/v1/{noun}", {"name": world.name(), **fields})


def _on(
    method: str, noun: str, made: Callable[[World], Awaitable[str]], *, then: str = "", body: Any = None
) -> Callable[[World], Awaitable[Answer]]:
    async def call(world: World) -> Answer:
        return await world.tell(method, f"api/v1/{noun}/{await made(world)}{then}", body)

    return call


async def _key(world: World) -> str:
    return await world.make("keys")


async def _team(world: World) -> str:
    return await world.make("teams")


SAID = {"description": "said"}
HOW: Mapping[str, tuple[Callable[[World], Awaitable[Answer]], str]] = {
    "create_key": (_new("keys"), "key.create"),
    "change_key": (_on("PATCH", "keys", _key, body={"role": "viewer"}), "key.change"),
    "rotate_key": (_on("POST", "keys", _key, then="/rotate"), "key.rotate"),
    "revoke_key": (_on("POST", "keys", _key, then="/revoke"), "key.revoke"),
    "delete_key": (_on("DELETE", "keys", _key), "key.delete"),
    "create_team": (_new("teams"), "team.create"),
    "change_team": (_on("PATCH", "teams", _team, body=SAID), "team.change"),
    "delete_team": (_delete_team, "team.delete"),
    "create_gateway": (_new("gateways", url="https://gateway.example.com"), "gateway.create"),
    "change_gateway": (_on("PATCH", "gateways", World.gateway, body=SAID), "gateway.change"),
    "delete_gateway": (_on("DELETE", "gateways", World.gateway), "gateway.delete"),
    "create_model": (_create_model, "model.create"),
    "change_model": (_on("PATCH", "models", World.model, body=SAID), "model.change"),
    "delete_model": (_on("DELETE", "models", World.model, then="?drain=0"), "model.delete"),
    "create_endpoint": (_create_endpoint, "endpoint.create"),
    "change_endpoint": (_on("PATCH", "endpoints", World.endpoint, body={"weight": 3}), "endpoint.change"),
    "delete_endpoint": (_on("DELETE", "endpoints", World.endpoint), "endpoint.delete"),
    "create_alias": (_create_alias, "alias.create"),
    "change_alias": (_on("PATCH", "aliases", World.alias, body={"name": "another-name"}), "alias.change"),
    "delete_alias": (_on("DELETE", "aliases", World.alias), "alias.delete"),
    "undelete_model": (_undelete, "model.undelete"),
    "protect_model": (_protect, "model.protect"),
    "deprecate_model": (_deprecate, "model.deprecate"),
    "reactivate_model": (_reactivate, "model.reactivate"),
    "delete_models": (_batch, "model.delete"),
    "delete_filtered_models": (_delete_filtered, "model.bulk_delete"),
    "purge_models": (_purge_filtered, "model.bulk_purge"),
    "create_download": (lambda world: world.download(), "download.create"),
    "pause_download": (_on("POST", "downloads", World.downloading, then="/pause"), "download.pause"),
    "resume_download": (_on("POST", "downloads", World.paused, then="/resume"), "download.resume"),
    "cancel_download": (_on("POST", "downloads", World.downloading, then="/cancel"), "operation.cancel"),
    "cancel_operation": (_on("POST", "operations", World.operation, then="/cancel"), "operation.cancel"),
    "reload": (_reload, "settings.reload"),
    "create_pin": (_create_pin, "pin.create"),
    "delete_pin": (_on("DELETE", "catalogue/pins", World.pin), "pin.delete"),
    "create_suppression": (_create_suppression, "suppression.create"),
    "delete_suppression": (_on("DELETE", "catalogue/suppressions", World.suppression), "suppression.delete"),
    "apply_proposal": (_on("POST", "catalogue/proposals", World.proposal, then="/apply"), "proposal.apply"),
    "dismiss_proposal": (_on("POST", "catalogue/proposals", World.proposal, then="/dismiss"), "proposal.dismiss"),
    "verify_catalogue": (_verify, "catalogue.verify"),
    "forget_recommendations": (_forget, "recommendations.forget"),
    "sync_catalogue": (_sync, "catalogue.sync"),
    "accept_catalogue": (_accept, "catalogue.accept"),
}
"""How each operation is called so that it changes something, and the action of the row."""


@pytest.fixture
async def world(start: Start, upstream: Upstream, tmp_path: Path) -> AsyncIterator[World]:
    """Give a product that follows a file, and a hub that is away."""
    file = tmp_path / "modelport.yaml"
    file.write_text("timeouts:\n  idle_s: 30\n")
    async with start(file=file, server={"reload_endpoint": True}, catalogue={"url": "http://127.0.0.1:1/"}) as product:
        yield World(product, upstream.url, file)


async def rows(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    """Return the newest rows, newest first."""
    found: list[dict[str, Any]] = (await caller.show(f"api/v1/audit?limit=200{query}"))["items"]
    return found


async def test_every_operation_that_changes_something_is_on_the_record(world: World) -> None:
    """Who, with which request, from where and why; an operation that is not in the table fails here."""
    unsafe = {one.name for one in world.product.app[OPERATIONS] if one.method not in SAFE}
    assert unsafe - CHANGES_NOTHING == HOW.keys()
    me = (await world.product.admin.show("api/v1/me"))["key_id"]
    for name, (call, action) in HOW.items():
        answer = await call(world)
        assert answer.status < 300, f"{name}: {answer.text}"
        request_id = answer.headers["X-Request-Id"]
        mine = [row for row in await rows(world.product.admin) if row["request_id"] == request_id]
        assert action in {row["action"] for row in mine}, f"{name}: {mine}"
        row = next(row for row in mine if row["action"] == action)
        assert (row["outcome"], row["actor"]["key_id"], row["actor"]["via"]) == ("ok", me, "api"), name
        assert row["actor"]["peer"] == "127.0.0.1", name
        assert row["reason"] == REASON, name
    assert (await world.product.admin.show("api/v1/audit/verify"))["intact"]


async def test_reading_leaves_no_row(world: World) -> None:
    """The record is about changes."""
    before = len(await rows(world.product.admin))
    for one in world.product.app[OPERATIONS]:
        if one.method == "GET" and "{" not in one.path:
            await world.admin.get(one.path.removeprefix("/"))
    assert len(await rows(world.product.admin)) == before


async def test_denials_are_on_the_record_and_strangers_are_not(world: World) -> None:
    """403 has an actor; 401 has none and is only counted (LIF-24 keeps a flood small)."""
    viewer = await world.product.as_role("viewer", team="default")
    before = len(await rows(world.product.admin))
    for _ in range(5):
        assert (await viewer.call("DELETE", "api/v1/models/mdl_x")).status == 403
    assert (await viewer.get("api/v1/settings")).status == 403
    assert (await world.product.stranger.call("DELETE", "api/v1/models/mdl_x")).status == 401
    found = await rows(world.product.admin)
    assert len(found) == before + 2
    assert [(row["action"], row["outcome"], row["status"], row["target"]["team"]) for row in found[:2]] == [
        ("settings.show", "denied", 403, "default"),
        ("model.delete", "denied", 403, "default"),
    ]
    assert found[1]["target"]["uid"] == "mdl_x"
    assert found[1]["actor"]["name"] == "a viewer"


async def test_a_caller_on_this_machine_without_a_key_is_one_too(world: World) -> None:
    """It may call models and not manage them."""
    assert (await world.product.anonymous.call("DELETE", "api/v1/models/mdl_x")).status == 403
    (row,) = await rows(world.product.admin, "&outcome=denied")
    assert (row["actor"]["type"], row["actor"]["key_id"]) == ("local", None)


async def test_no_secret_is_on_the_record(world: World) -> None:
    """Neither a key's text nor an upstream's credential, wherever they were written."""
    made = await world.product.admin.make("keys", name="a key")
    secret = "sk-canary-0123456789abcdef"
    uid = await world.make("models", description=secret, endpoints=[{"base_url": world.url, "api_key": secret}])
    endpoint = (await world.product.admin.show(f"api/v1/models/{uid}"))["endpoints"][0]["id"]
    await world.product.admin.call("PATCH", f"api/v1/endpoints/{endpoint}", {"api_key": f"{secret}-new"})
    text = (await world.product.admin.get("api/v1/audit/export")).text
    assert secret not in text
    assert made["key"][20:] not in text
    changed = next(row for row in await rows(world.product.admin) if row["action"] == "endpoint.change")
    assert changed["before"]["secret_id"] != changed["after"]["secret_id"]


async def test_a_reason_is_one_line_said_once(world: World) -> None:
    """As a header or a parameter; what is no line of text is refused before anything is done."""
    team = await world.make("teams")
    path = f"api/v1/teams/{team}"
    said = await world.product.admin.call("PATCH", f"{path}?reason=by%20parameter", {"description": "x"})
    assert said.status == 200, said.text
    assert (await rows(world.product.admin))[0]["reason"] == "by parameter"
    twice = await world.admin.call("PATCH", f"{path}?reason=again", {"description": "y"})
    long = await world.product.admin.call("PATCH", path, {"description": "y"}, **{"X-Reason": "x" * 501})
    assert (twice.status, long.status) == (400, 400)
