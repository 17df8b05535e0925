"""What outlives the process: registry, keys, stored objects, usage; after an orderly stop and after a kill."""

from pathlib import Path

from tests.app.caller import Caller, until
from tests.app.conftest import Start
from tests.conformance.modelport import HOST_NAME, running_modelport
from tests.fakes.script import answer
from tests.fakes.upstream import Upstream


async def test_registry_keys_and_secrets_survive_a_restart(start: Start, upstream: Upstream) -> None:
    """Down to ETags: nobody notices."""
    async with start() as product:
        admin = product.admin
        await admin.make("gateways", name="eu", url="https://gateway.example.com")
        endpoint = {"base_url": upstream.url, "api_key": "sk-upstream-1"}
        model = await admin.make("models", name="qwen3", endpoints=[endpoint], via="eu")
        await admin.make("aliases", name="fast", model="qwen3", team="default")
        key = await product.key_of("developer", models=["fast"])
        before = await admin.show(f"api/v1/models/{model['uid']}")
    async with start() as product:
        admin = product.admin.keyed(admin.headers["Authorization"].removeprefix("Bearer "))
        assert await admin.show(f"api/v1/models/{model['uid']}") == before
        assert (await product.stranger.keyed(key).chat("fast")).status == 200
        assert (await product.stranger.keyed(key).chat("qwen3")).status == 404
    seen = upstream.journal.records[-1].head
    assert b"Bearer sk-upstream-1" in seen


async def test_a_stored_object_leads_to_its_endpoint_after_a_restart(start: Start, upstream: Upstream) -> None:
    """A response that was made at one of two endpoints is fetched from that one."""
    async with Upstream() as other:
        async with start() as product:
            key = product.key
            await product.publish("first", upstream.url)
            await product.publish("second", other.url)
            other.scripts["mark-0000000000aa"] = answer(200, b'{"id":"resp_kept","object":"response"}')
            made = await product.admin.post("v1/responses", {"model": "second", "input": "mark-0000000000aa"})
            assert made.json["id"] == "resp_kept"
        async with start() as product:
            caller = product.admin.keyed(key)
            assert (await caller.get("v1/responses/resp_kept")).status == 200
            assert (await caller.get("v1/responses/resp_of_nobody")).status == 404
        assert other.journal.records[-1].head.startswith(b"GET /v1/responses/resp_kept ")
        assert upstream.journal.records == []


async def test_what_was_used_is_written_before_the_process_ends(start: Start, upstream: Upstream) -> None:
    """A batch that waits is not lost in an orderly stop."""
    async with start() as product:
        key = product.key
        await product.publish("qwen3", upstream.url)
        for _ in range(3):
            await product.admin.chat("qwen3")
    async with start() as product:
        assert (await product.admin.keyed(key).show("api/v1/usage"))["total"]["requests"] == 3


async def test_a_killed_process_has_lost_no_change(tmp_path: Path, caller: Caller, upstream: Upstream) -> None:
    """What was answered with 201 is there."""
    with running_modelport(tmp_path) as first:
        admin = caller.at(f"{first.origin}/").having(Host=HOST_NAME).keyed(first.admin_key)
        model = await admin.make("models", name="qwen3", endpoints=[{"base_url": upstream.url}])
        key = await admin.make("keys", name="ci")
        first.process.kill()
        first.process.wait(10)
    with running_modelport(tmp_path, admin_key=first.admin_key) as second:
        admin = admin.at(f"{second.origin}/")
        assert (await admin.show(f"api/v1/models/{model['uid']}"))["etag"] == model["etag"]
        assert (await admin.keyed(key["key"]).chat("qwen3")).status == 200


async def test_the_last_use_of_a_key_is_noted(start: Start) -> None:
    """KEY-5: to a minute; written in the background and at the end."""
    async with start() as product:
        key = product.key
        await product.admin.get("v1/models")

        async def noted() -> bool:
            (row,) = (await product.admin.show("api/v1/keys"))["items"]
            return row["last_used_at"] is not None

        await until(noted)
    async with start() as product:
        (row,) = (await product.admin.keyed(key).show("api/v1/keys"))["items"]
        assert row["last_used_at"] is not None
