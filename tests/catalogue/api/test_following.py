"""Modes, the mirror role, and that calls and readiness know nothing of the catalogue, whatever becomes of it."""

import json
from pathlib import Path

import pytest

from gateway.catalogue.hub.hub import Hub
from tests.app.caller import Caller, until
from tests.app.conftest import Start
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import LIST, READY_S, ids, shows, status, sync
from tests.catalogue.entries import entry
from tests.fakes.hub import FaultyHub, hang
from tests.fakes.upstream import Upstream


async def test_a_static_list_stands_by_itself(start: Start) -> None:
    """No hub is asked; a wrong entry drops itself alone, and is told."""
    own = [{"id": "own/one", "endpoint": {"base_url": "http://127.0.0.1:9/v1"}}, {"id": "own/two", "price": 0.5}]
    async with start(catalogue={"mode": "static", "static": own, "url": "http://127.0.0.1:1/"}) as product:
        assert await ids(product.admin) == ["own/one"]
        told = await status(product.admin)
        assert (told["state"], told["origin"], told["counts"]["quarantined"]) == ("static", "static", 1)
        assert (await product.admin.post("api/v1/catalogue:sync", None)).code == "no_hub"


async def test_a_hybrid_list_falls_back_and_reports_the_differences(follow: Follow, tmp_path: Path) -> None:
    """For a migration: the hub first, then the configuration's; what dynamic would lose is told before it is lost."""
    file = tmp_path / "static.json"
    file.write_text(json.dumps([entry(1, license="mit"), entry(2), entry(50), {"id": "../odd"}]))
    async with follow(mode="hybrid", static=file) as product:
        await sync(product)
        assert await ids(product.admin) == ["acme/coder-0", "acme/coder-1", "acme/coder-2", "acme/coder-50"]
        first = await product.admin.show("api/v1/catalogue/models?limit=3")
        assert [one["origin"] for one in first["items"]] == ["hub"] * 3
        rest = await product.admin.show(f"api/v1/catalogue/models?limit=3&cursor={first['next_cursor']}")
        assert [(one["id"], one["origin"]) for one in rest["items"]] == [("acme/coder-50", "static")]
        shown = await product.admin.show("api/v1/catalogue/models/acme/coder-1")
        assert shown["entry"]["license"] == "apache-2.0"
        found = (await product.admin.show("api/v1/catalogue/differences"))["items"]
        assert sorted((one["id"], one["kind"], *one["fields"]) for one in found) == [
            ("../odd", "refused"), ("acme/coder-1", "differing", "license"), ("acme/coder-50", "missing"),
        ]  # fmt: skip
        told = (await status(product.admin))["comparison"]
        assert told == {"static": 3, "same": 1, "differing": 1, "missing": 1, "refused": 1, "only_hub": 1}


async def test_a_mirror_serves_the_hub_on(follow: Follow, start: Start, hub: Hub, tmp_path: Path) -> None:
    """Another installation follows the mirror with the hub's own root; no other file can be had there."""
    async with follow(mirror=True) as mirror:
        await sync(mirror)
        root, base = tmp_path / "root.json", f"{mirror.anonymous.address}api/v1/catalogue/tuf/"
        async with start(data_dir=tmp_path / "second", catalogue={"url": base, "root": root}) as follower:
            assert (await sync(follower))["result"]["to"] == 1
            assert await ids(follower.admin) == await ids(mirror.admin)
            hub.put([entry(7)])
            hub.publish()
            await sync(mirror)
            assert (await sync(follower))["result"]["to"] == 2
            assert "acme/coder-7" in await ids(follower.admin)
        for name in ("../../modelport.db", "metadata/../../catalog.db", "metadata/9.root.json", "targets/none", "lock"):
            answer = await mirror.anonymous.get(f"api/v1/catalogue/tuf/{name}")
            assert answer.status == 404, name


async def test_without_the_setting_nothing_is_mirrored(follow: Follow) -> None:
    """The route is not there."""
    async with follow() as product:
        await sync(product)
        assert (await product.admin.get("api/v1/catalogue/tuf/metadata/timestamp.json")).status == 404


@pytest.mark.parametrize("failure", ["the hub hangs", "the file is damaged", "the disk is full"])
async def test_calls_and_readiness_do_not_notice(
    follow: Follow, hub_server: FaultyHub, upstream: Upstream, failure: str, tmp_path: Path
) -> None:
    """Section 7: the gateway serves calls while it lasts, and `/-/ready` never looks at the catalogue."""
    async with follow() as product:
        await product.publish("mine", upstream.url)
        await sync(product)
        if failure == "the hub hangs":
            hub_server.fail("*", hang)
            assert (await product.admin.post("api/v1/catalogue:sync", None)).status == 202
            await _asked(hub_server)
        else:
            await _spoil(tmp_path / "data" / "catalogue", full=failure == "the disk is full")
            await product.admin.post("api/v1/catalogue:sync", None)
        for _ in range(5):
            assert (await product.anonymous.get("-/ready")).status == 200
            assert (await product.admin.chat("mine")).status == 200
        assert (await status(product.admin))["state"]


async def test_what_was_asked_lately_is_answered_from_memory_while_the_file_is_away(
    follow: Follow, tmp_path: Path
) -> None:
    """L1: stale-if-error, and the very bytes of before with their ETag."""
    async with follow() as product:
        await sync(product)
        before = await product.admin.get("api/v1/catalogue/models")
        await _spoil(tmp_path / "data" / "catalogue", full=False)
        after = await product.admin.get("api/v1/catalogue/models")
        assert (after.status, after.body, after.headers["ETag"]) == (200, before.body, before.headers["ETag"])


async def _asked(hub_server: FaultyHub) -> None:
    before = len(hub_server.asked)

    async def more() -> bool:
        return len(hub_server.asked) > before or bool(hub_server.rules and hub_server.asked)

    await until(more, within_s=READY_S)


async def _spoil(folder: Path, *, full: bool) -> None:
    if full:  # where a file of a new list would lie, there is none that could be written
        (folder / "incoming").rmdir()
        (folder / "incoming").write_text("in the way")
    else:
        damaged = (folder / "catalog.db").resolve()
        content = bytearray(damaged.read_bytes())
        content[100:8000] = b"\0" * 7900
        damaged.write_bytes(content)


async def test_a_viewer_reads_and_an_operator_decides(follow: Follow) -> None:
    """Permissions: reading for readers, the rest for operators."""
    async with follow() as product:
        await sync(product)
        viewer: Caller = await product.as_role("viewer")
        assert (await viewer.get("api/v1/catalogue/models")).status == 200
        for path, body in (("catalogue:sync", None), ("catalogue/pins", {"entry_id": "acme/coder-0"})):
            assert (await viewer.post(f"api/v1/{path}", body)).status == 403
        operator = await product.as_role("operator")
        assert (await operator.post("api/v1/catalogue/pins", {"entry_id": "acme/coder-0"})).status == 201
        scrape = (await product.admin.get("metrics")).text
        assert 'modelport_catalogue_state{error="",state="fresh"} 1.0' in scrape
        assert "modelport_catalogue_serial 1.0" in scrape


async def test_a_hub_is_followed_once_its_folder_can_be_opened(
    follow: Follow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is away while the server starts is no reason to follow nobody until the next start."""
    monkeypatch.setattr("gateway.app.catalogue._AGAIN_S", 0.05)
    in_the_way = tmp_path / "data" / "catalogue"
    in_the_way.parent.mkdir()
    in_the_way.touch()
    async with follow() as product:
        answer = await product.admin.get(LIST)
        assert (answer.status, answer.code) == (503, "catalogue_empty"), answer.text
        in_the_way.unlink()
        await shows(product.admin, 1)
