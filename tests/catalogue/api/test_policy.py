"""Entries that a rule of the configuration allows become models by themselves, and no others do."""

from pathlib import Path
from typing import Any

import pytest

from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.sync.situation import Failure
from gateway.settings import AdoptRule, CatalogueSettings
from tests.app.caller import until
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import READY_S, sync
from tests.catalogue.entries import entry
from tests.fakes.hub import FaultyHub
from tests.preflight.server import answering, chat, listing, serving
from tests.preflight.test_api import DEAD

RULE: dict[str, Any] = {"entries": ["acme/free-*"], "licences": ["apache-2.0"]}
KEY = "sk-canary-1234567890"


def free(number: int, url: str, **changes: Any) -> dict[str, Any]:
    """Return an entry that the rule allows, served without a key."""
    about = {"id": f"acme/free-{number}", "endpoint": {"base_url": url, "auth": "none"}, "aliases": []}
    return entry(number, **{**about, **changes})


async def rest(product: Installation) -> list[str]:
    """Return the names of the models when the rules have been carried out."""

    async def over() -> bool:
        made = product.inside.ground.catalogue._making
        return made is not None and made.done()

    await until(over, within_s=READY_S)
    found = await product.admin.show("api/v1/models")
    return [one["name"] for one in found["items"]]


async def test_what_a_rule_allows_becomes_a_model_once(follow: Follow, hub: Hub) -> None:
    """Checked as any other, on the record as the system's act; what does not certainly fit is left alone."""
    async with serving(answering(models=listing("free-1", "free-5"), chat_completions=chat())) as good:
        hub.put(
            [
                free(1, good.url),
                free(2, good.url, license="mit"),
                free(3, good.url, license=None),
                free(4, DEAD),
                free(6, good.url, status="deprecated"),
                free(7, good.url, endpoint={"base_url": good.url, "auth": "bearer"}),
                entry(8, endpoint={"base_url": good.url, "auth": "none"}),
            ]
        )
        hub.publish()
        async with follow(adopt=[RULE]) as product:
            await sync(product)
            assert await rest(product) == ["free-1"]
            made = await product.admin.show("api/v1/models/free-1")
            assert (made["catalogue_id"], made["state"], made["managed_by"]) == ("acme/free-1", "active", None)
            rows = (await product.admin.show("api/v1/audit?action=model.create"))["items"]
            assert [(row["actor"]["type"], row["target"]["name"]) for row in rows] == [("system", "free-1")]
            hub.put([free(5, good.url)])
            hub.publish()
            await sync(product)
            assert await rest(product) == ["free-1", "free-5"]
            gone = await product.admin.call("DELETE", "api/v1/models/free-1")
            assert gone.status in {200, 202, 204}, gone.text
            hub.put([free(5, good.url, display_name="another")])
            hub.publish()
            await sync(product)
            assert "free-1" not in await rest(product)
    assert {one.body["model"] for one in good.calls()} == {"free-1", "free-5"}


async def test_a_rules_key_goes_to_its_origin_alone(
    start: Start, hub: Hub, hub_server: FaultyHub, tmp_path: Path
) -> None:
    """CAT-22: an entry of another origin that wants a key is no model, whatever the hub says."""
    root = tmp_path / "root.json"
    root.write_bytes(hub.root)
    replies = answering(models=listing("free-1", "free-2"), chat_completions=chat())
    async with serving(replies) as good, serving(replies) as thief:
        hub.put(
            free(number, "", endpoint={"base_url": one.url, "auth": "bearer"})
            for number, one in ((1, good), (2, thief))
        )
        hub.publish()
        origin = good.url.removesuffix("/v1")
        rule = RULE | {"api_key": "env:ACME_KEY", "key_for": origin}
        catalogue = {"url": str(hub_server.url), "root": root, "adopt": [rule]}
        async with start(catalogue=catalogue, environment={"ACME_KEY": KEY}) as product:
            await sync(product)
            assert await rest(product) == ["free-1"]
        assert {one.headers["authorization"] for one in good.calls()} == {f"Bearer {KEY}"}
        assert thief.asked == []


async def test_a_rule_makes_so_many_models_and_no_more(follow: Follow, hub: Hub) -> None:
    """However many entries a hub comes with."""
    async with serving(answering(models=listing("free-1", "free-2", "free-3"), chat_completions=chat())) as good:
        hub.put(free(number, good.url) for number in (1, 2, 3))
        hub.publish()
        async with follow(adopt=[RULE | {"most": 2}]) as product:
            await sync(product)
            assert await rest(product) == ["free-1", "free-2"]
            hub.put([free(3, good.url, display_name="another")])
            hub.publish()
            await sync(product)
            assert await rest(product) == ["free-1", "free-2"]


@pytest.mark.parametrize(("days", "names"), [(6, ["free-1"]), (8, [])])
async def test_a_list_that_expired_long_ago_activates_nothing(
    follow: Follow, hub: Hub, days: int, names: list[str]
) -> None:
    """Section 7: after 7 days; what was made before stays."""
    replies = answering(models=listing("free-1"), chat_completions=chat())
    async with serving(replies) as good, follow(adopt=[RULE]) as product:
        await sync(product)
        assert await rest(product) == []
        hub.put([free(1, good.url)])
        hub.publish()
        catalogue = product.inside.ground.catalogue
        opened = await catalogue.opened()
        assert opened.sync is not None
        policy, catalogue._policy = catalogue._policy, None  # a list that nothing is made of yet
        assert policy is not None
        await sync(product)
        now_ms = product.inside.ground.clock.now_ms()
        failure = Failure("expired", "expired", "too old", now_ms, now_ms - days * 86_400_000)
        opened.sync.memory.change(failure=failure)
        await policy.carry_out()
        assert await rest(product) == names


def test_a_key_is_for_one_origin() -> None:
    """One without the other is refused, and so is more than an origin."""
    for wrong in (
        {"api_key": "env:ACME_KEY"},
        {"key_for": "https://api.acme.example"},
        {"api_key": "env:ACME_KEY", "key_for": "https://api.acme.example/v1"},
        {"api_key": KEY, "key_for": "https://api.acme.example"},
    ):
        with pytest.raises(ValueError, match=r"api_key|origin|pattern"):
            CatalogueSettings(adopt=(AdoptRule(**{**RULE, **wrong}),))
