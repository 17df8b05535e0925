"""Models that are made of entries: checked as any other, and left alone by whatever becomes of the entry."""

from pathlib import Path
from typing import Any

from gateway.catalogue.hub.hub import Hub
from tests.app.caller import UNCHECKED
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import sync
from tests.catalogue.entries import entry
from tests.fakes.upstream import Upstream
from tests.preflight.server import answering, chat, listing, serving
from tests.preflight.test_api import DEAD, stages

MODELS = "api/v1/models"


async def test_a_model_of_an_entry_is_checked_as_any_other(follow: Follow, hub: Hub) -> None:
    """Its address is a stranger's words: judged, asked, and called once before there is a model."""
    async with serving(answering(models=listing("coder-5"), chat_completions=chat())) as good:
        metadata = "http://169.254.169.254/v1"
        for number, url in ((5, good.url), (6, DEAD), (7, metadata)):
            hub.put([entry(number, endpoint={"base_url": url, "auth": "none"})])
        hub.publish()
        async with follow() as product:
            await sync(product)
            for number, status, code in ((6, 422, "preflight_failed"), (7, 422, "egress_denied")):
                refused = await product.admin.post(MODELS, {"name": "one", "catalogue_id": f"acme/coder-{number}"})
                assert (refused.status, refused.code) == (status, code), refused.text
                if number == 6:
                    assert ("existence", "fail") in stages(refused.json["preflight"])
            assert (await product.admin.show(MODELS))["items"] == []
            made = await product.admin.post(MODELS, {"name": "one", "catalogue_id": "acme/coder-5"})
            assert (made.status, made.json["state"]) == (201, "active"), made.text
        assert [one.body["model"] for one in good.calls()] == ["coder-5"]


async def test_an_entry_that_is_edited_sends_no_key_elsewhere(follow: Follow, hub: Hub, upstream: Upstream) -> None:
    """CAT-22: the address was copied when somebody made the model; what the hub says later moves neither."""
    hub.put([entry(1, endpoint={"base_url": upstream.url, "auth": "none"})])
    hub.publish()
    async with Upstream() as other, follow() as product:
        await sync(product)
        given = {"name": "mine", "catalogue_id": "acme/coder-1"}
        made = (await product.admin.post(f"{MODELS}{UNCHECKED}", given)).json
        place = f"api/v1/endpoints/{made['endpoints'][0]['id']}"
        keyed = await product.admin.call("PATCH", f"{place}{UNCHECKED}", {"api_key": "sk-canary-1234567890"})
        assert keyed.status == 200, keyed.text
        hub.put([entry(1, endpoint={"base_url": other.url, "auth": "bearer"})])
        hub.publish()
        await sync(product)
        assert (await product.admin.show("api/v1/catalogue/models/acme/coder-1"))["url"] == other.url
        shown = await product.admin.show(place)
        assert (shown["base_url"], shown["api_key"]["set"]) == (upstream.url, True)
        assert (await product.admin.chat("mine")).status == 200
        assert b"sk-canary-1234567890" in upstream.journal.records[-1].head
        assert other.journal.records == []


async def test_dynamic_is_the_hubs_list_alone(follow: Follow, tmp_path: Path) -> None:
    """The end of a migration: a list that is still in the configuration counts nothing and is compared with nothing."""
    file = tmp_path / "static.json"
    file.write_text('[{"id": "own/one"}]')
    async with follow(mode="dynamic", static=file) as product:
        await sync(product)
        listed = (await product.admin.show("api/v1/catalogue/models"))["items"]
        assert {one["origin"] for one in listed} == {"hub"}
        assert "own/one" not in {one["id"] for one in listed}
        assert (await product.admin.show("api/v1/catalogue/status"))["comparison"] is None


async def test_an_orphan_stays_one_while_its_entry_is_away(follow: Follow, hub: Hub, upstream: Upstream) -> None:
    """Section 13: the flag and its one proposal survive the next list, by a delta and by a whole one."""
    hub.put(entry(number) for number in range(100, 160))  # so many that one entry more comes as a delta
    hub.publish()
    async with follow() as product:
        await sync(product)
        await product.publish("mine", upstream.url, catalogue_id="acme/coder-1")
        hub.remove("acme/coder-1", "withdrawn")
        lists: tuple[list[dict[str, Any]], ...] = (
            [],
            [entry(7)],
            [entry(number, rev=2, family="other") for number in range(100, 160)],
        )
        for changed in lists:
            hub.put(changed)
            hub.publish()
            await sync(product)
            assert (await product.admin.show(f"{MODELS}/mine"))["catalogue_flag"] == "orphaned"
            open_ = (await product.admin.show("api/v1/catalogue/proposals"))["items"]
            assert [(one["kind"], one["model"]) for one in open_] == [("removal", "mine")]
