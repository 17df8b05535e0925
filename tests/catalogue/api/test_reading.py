"""The catalogue for its readers: search, pages, ETags, one entry, changes. A real product beside a hub on loopback."""

import json
from urllib.parse import quote

from gateway.catalogue.hub.hub import Hub
from tests.app.conftest import Start
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import LIST, ids, status, sync
from tests.catalogue.entries import entry


async def test_without_a_hub_the_list_that_came_along_is_there(start: Start) -> None:
    """L0: the first start offline works, says so, and how old that is (CAT-6, CAT-9)."""
    async with start() as product:
        found = await product.admin.show(f"{LIST}?limit=2")
        assert [one["origin"] for one in found["items"]] == ["bundled", "bundled"]
        told = await status(product.admin)
        assert (told["state"], told["hub"], told["serial"]) == ("bundled", None, found["serial"])
        assert told["counts"]["entries"] > 500
        assert told["age_s"] > 0
        refused = await product.admin.post("api/v1/catalogue:sync", None)
        assert (refused.status, refused.code) == (409, "no_hub")


async def test_nothing_is_opened_or_fetched_before_somebody_asks(start: Start) -> None:
    """CAT-7: a start without a hub makes no file of the catalogue, and loads nothing of it."""
    async with start() as product:
        assert (await product.anonymous.get("-/ready")).status == 200
        data = product.inside.ground.settings.data_dir
        assert not (data / "catalogue").exists()
        await product.admin.show(LIST)
        assert (data / "catalogue" / "catalog.db").exists()


async def test_the_list_is_searched_filtered_and_paged(follow: Follow, hub: Hub) -> None:
    """Every filter narrows; pages go by id; what is in no list is not found."""
    hub.put([entry(3, family="writer", publisher="other", capabilities={"tools": False}, status="preview")])
    hub.put([entry(4, endpoint={"base_url": "/proxy/models/acme/four/v1/", "auth": "none"}, limits={"context": 4096})])
    hub.publish()
    async with follow() as product:
        admin = product.admin
        await sync(product)
        everything = [f"acme/coder-{number}" for number in range(5)]
        assert await ids(admin) == everything
        assert await ids(admin, q="coder", publisher="acme", capability="tools") == [*everything[:3], everything[4]]
        for query, found in (
            ({"family": "writer"}, everything[3:4]),
            ({"status": "preview"}, everything[3:4]),
            ({"min_context": 8192}, everything[:4]),
            ({"max_price_in": "0.24"}, []),
            ({"modality": "image", "api": "openai.chat", "region": "eu", "license": "apache-2.0"}, everything[:5]),
            ({"open_weights": "false"}, []),
        ):
            assert await ids(admin, **query) == found, query
        first = await admin.show(f"{LIST}?limit=3")
        rest = await admin.show(f"{LIST}?limit=3&cursor={first['next_cursor']}")
        assert [one["id"] for one in (*first["items"], *rest["items"])] == everything
        assert rest["next_cursor"] is None
        own = next(one for one in rest["items"] if one["id"].endswith("4"))
        assert own["url"] == "http://modelport.test/proxy/models/acme/four/v1/"
        assert own["entry"]["endpoint"]["base_url"] == "/proxy/models/acme/four/v1/"
        for wrong in ("limit=0", "max_price_in=free", "status=gone", "colour=red", "cursor=x"):
            assert (await admin.get(f"{LIST}?{wrong}")).status in {400, 422}, wrong


async def test_a_copy_is_good_while_the_serial_is_the_same(follow: Follow, hub: Hub) -> None:
    """ETag with the serial in front, 304, and how long one may go on with it (RFC 5861)."""
    async with follow() as product:
        await sync(product)
        first = await product.admin.get(LIST)
        assert first.headers["ETag"].startswith('"1.')
        assert first.headers["Cache-Control"] == "max-age=60, stale-while-revalidate=600, stale-if-error=86400"
        assert first.headers["X-Catalogue"].startswith("fresh; age=")
        again = await product.admin.get(LIST, If_None_Match=first.headers["ETag"])
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        hub.put([entry(9)])
        hub.publish()
        assert (await sync(product))["result"] == {
            "outcome": "taken", "from": 1, "to": 2, "added": 1, "changed": 0, "removed": 0,
        }  # fmt: skip
        newer = await product.admin.get(LIST, If_None_Match=first.headers["ETag"])
        assert newer.status == 200
        assert newer.headers["ETag"].startswith('"2.')


async def test_an_entry_is_shown_with_what_was_made_of_it(follow: Follow) -> None:
    """Its id with / as it is or encoded; 404 in one sentence."""
    async with follow() as product:
        await sync(product)
        await product.admin.make(
            "models", name="mine", catalogue_id="acme/coder-1", endpoints=[{"base_url": "http://127.0.0.1:9/v1"}]
        )
        for text in ("acme/coder-1", quote("acme/coder-1", safe="")):
            found = await product.admin.show(f"{LIST}/{text}")
            assert (found["id"], found["standing"], found["models"]) == ("acme/coder-1", "shown", ["default/mine"])
            assert found["entry"]["limits"]["context"] == 131072
        missing = await product.admin.get(f"{LIST}/acme/none")
        assert (missing.status, missing.code) == (404, "entry_not_found")


async def test_changes_are_lines_and_end_with_the_serial(follow: Follow, hub: Hub) -> None:
    """What came, changed and went since; 410 with a link where that is too long ago."""
    hub.put(entry(number) for number in range(100, 160))  # so many that the next serial comes as a delta
    hub.publish()
    async with follow() as product:
        await sync(product)
        hub.put([entry(1, rev=2, display_name="Coder One"), entry(7)])
        hub.remove("acme/coder-2", "withdrawn", "acme/coder-7")
        hub.publish()
        await sync(product)
        answer = await product.admin.get("api/v1/catalogue/changes?since=2")
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [(one["op"], one.get("id") or one.get("entry", {}).get("id")) for one in lines] == [
            ("put", "acme/coder-1"), ("del", "acme/coder-2"), ("put", "acme/coder-7"), ("end", None),
        ]  # fmt: skip
        assert (lines[1]["reason"], lines[1]["successor"], lines[-1]["serial"]) == ("withdrawn", "acme/coder-7", 3)
        assert (await product.admin.get("api/v1/catalogue/changes?since=3")).text == '{"op":"end","serial":3}\n'
        gone = await product.admin.get("api/v1/catalogue/changes?since=0")
        assert (gone.status, gone.code) == (410, "catalogue_changes_gone")
        assert "/api/v1/catalogue/models" in gone.json["hint"]
