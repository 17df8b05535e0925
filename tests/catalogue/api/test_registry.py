"""From the catalogue to the registry and back: models of entries, orphans, proposals. Nothing is deleted by itself."""

from typing import Any

from gateway.catalogue.hub.hub import Hub
from tests.app.caller import UNCHECKED, Caller
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import LIST, ids, status, sync
from tests.catalogue.entries import entry
from tests.fakes.upstream import Upstream

OPEN = "api/v1/catalogue/proposals"


async def model(caller: Caller, name: str) -> Any:
    """Return a model as it is now."""
    return await caller.show(f"api/v1/models/{name}")


async def test_a_model_takes_from_its_entry_what_is_left_open(follow: Follow, hub: Hub) -> None:
    """Task, description, address and the name there; a path is one on this server (CAT-21), a key never comes along."""
    served = {"base_url": "/proxy/models/acme/coder-5/v1/", "auth": "none"}
    hub.put([entry(5, endpoint=served, api=["openai.embeddings"]), entry(6, endpoint=None), entry(7, status="retired")])
    hub.publish()
    async with follow() as product:
        await sync(product)
        where = f"api/v1/models{UNCHECKED}"
        made = await product.admin.post(where, {"name": "five", "catalogue_id": "acme/coder-5"})
        assert made.status == 201, made.text
        told, place = made.json, made.json["endpoints"][0]
        assert (told["task"], told["description"]) == ("embeddings", "Coder 5")
        assert (place["base_url"], place["upstream_model"]) == (
            "http://modelport.test/proxy/models/acme/coder-5/v1/", "coder-5",
        )  # fmt: skip
        for entry_id, code in (
            ("acme/coder-0", "entry_needs_key"),
            ("acme/coder-6", "entry_unusable"),
            ("acme/coder-7", "entry_unusable"),
            ("acme/none", "entry_not_found"),
        ):
            refused = await product.admin.post(where, {"name": "other", "catalogue_id": entry_id})
            assert (refused.code, "hint" in refused.json) == (code, True), refused.text
        own = {
            "name": "own",
            "catalogue_id": "acme/coder-0",
            "task": "chat",
            "endpoints": [{"base_url": "http://127.0.0.1:9/v1"}],
        }
        kept = (await product.admin.post(where, own)).json
        assert [one["base_url"] for one in kept["endpoints"]] == ["http://127.0.0.1:9/v1"]


async def test_an_entry_that_vanishes_orphans_its_model_and_one_that_returns_clears_that(
    follow: Follow, hub: Hub, upstream: Upstream
) -> None:
    """CAT-10: it is flagged and goes on serving; the removal is a proposal that is withdrawn when the entry is back."""
    async with follow() as product:
        await sync(product)
        await product.publish("mine", upstream.url, catalogue_id="acme/coder-1")
        hub.remove("acme/coder-1", "withdrawn")
        hub.publish()
        await sync(product)
        assert (await model(product.admin, "mine"))["catalogue_flag"] == "orphaned"
        assert (await product.admin.chat("mine")).status == 200
        proposed = (await product.admin.show(OPEN))["items"]
        assert [(one["kind"], one["model"]) for one in proposed] == [("removal", "mine")]
        told = await status(product.admin)
        assert (told["counts"]["orphaned"], told["proposals"]) == (1, 1)
        hub.put([entry(1)])
        hub.publish()
        await sync(product)
        back = await model(product.admin, "mine")
        assert (back["catalogue_flag"], back["state"]) == (None, "active")
        assert (await product.admin.show(OPEN))["items"] == []


async def test_a_deprecation_is_proposed_and_a_person_applies_it(follow: Follow, hub: Hub, upstream: Upstream) -> None:
    """With its successor, once that is here; a dismissed one does not come back in the same words."""
    async with follow() as product:
        await sync(product)
        await product.publish("old", upstream.url, catalogue_id="acme/coder-0")
        await product.publish("kept", upstream.url, catalogue_id="acme/coder-0")
        going = {"status": "deprecated", "sunset_at": "2031-01-01", "successor": "acme/coder-2"}
        hub.put([entry(0, rev=2, **going)])
        hub.publish()
        await sync(product)
        assert (await model(product.admin, "old"))["deprecation"] is None
        found = {one["model"]: one for one in (await product.admin.show(OPEN))["items"]}
        assert found["old"]["details"] == {"sunset_at": "2031-01-01", "successor": "acme/coder-2"}
        await product.publish("new", upstream.url, catalogue_id="acme/coder-2")
        viewer = await product.as_role("viewer")
        assert (await viewer.post(f"{OPEN}/{found['old']['id']}/apply", None)).status == 403
        applied = await product.admin.post(f"{OPEN}/{found['old']['id']}/apply", None)
        assert (applied.status, applied.json["state"]) == (200, "applied"), applied.text
        announced = (await model(product.admin, "old"))["deprecation"]
        assert (announced["successor"], announced["sunset_at"][:10]) == ("new", "2031-01-02")
        assert (await product.admin.post(f"{OPEN}/{found['old']['id']}/apply", None)).code == "state_conflict"
        assert (await product.admin.post(f"{OPEN}/{found['kept']['id']}/dismiss", None)).status == 200
        hub.put([entry(9)])
        hub.publish()
        await sync(product)
        assert (await product.admin.show(OPEN))["items"] == []


async def test_what_a_team_deleted_does_not_come_back_for_it(follow: Follow, hub: Hub, upstream: Upstream) -> None:
    """LIF-5: also after the next sync; another team has it in its list."""
    async with follow() as product:
        await sync(product)
        await product.admin.make("teams", name="research")
        made = await product.publish("mine", upstream.url, catalogue_id="acme/coder-1")
        assert (await product.admin.call("DELETE", f"api/v1/models/{made['uid']}?drain=0&reason=dear")).status == 200
        hub.put([entry(1, rev=2)])
        hub.publish()
        await sync(product)
        assert "acme/coder-1" not in await ids(product.admin)
        assert "acme/coder-1" in await ids(product.admin, team="research")
        shown = await product.admin.show(f"{LIST}/acme/coder-1")
        assert (shown["standing"], shown["reason"]) == ("suppressed", "dear")
        again = await product.admin.post(f"api/v1/models{UNCHECKED}", {"name": "mine", "catalogue_id": "acme/coder-1"})
        assert (again.status, again.code) == (409, "entry_suppressed")
        assert (await product.admin.call("POST", f"api/v1/models/{made['uid']}/undelete", {})).status == 200
        assert "acme/coder-1" in await ids(product.admin)
