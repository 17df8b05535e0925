"""The file read again while the product serves: what follows, what is refused, what people see of it."""

import asyncio
import logging

import pytest

from gateway.errors import ConfigError
from tests.declared.house import QUIET, Living
from tests.fakes.upstream import Upstream

MODEL = "models:\n  {name}:\n    endpoints: [{{base_url: '{url}'}}]\n"


async def test_what_a_file_declares_can_be_called_at_the_first_answer(house: Living, upstream: Upstream) -> None:
    """Declared models are there before the port is open."""
    async with house(MODEL.format(name="qwen3", url=upstream.url)) as product:
        assert (await product.admin.chat("qwen3")).status == 200
        view = (await product.admin.show("api/v1/models"))["items"][0]
        assert (view["managed_by"], view["managed_at"]) == ("file", "modelport.yaml:3")


async def test_a_saved_file_is_read_again_by_itself(house: Living, upstream: Upstream) -> None:
    """An editor's save is enough."""
    async with house(MODEL.format(name="qwen3", url=upstream.url)) as product:
        product.file.write_text(QUIET + MODEL.format(name="llama", url=upstream.url))
        await product.seen(lambda: product.status.result == "changed" and "+ model llama" in product.status.changes)
        assert await product.names() == ["llama"]
        assert (await product.admin.chat("llama")).status == 200


async def test_a_broken_file_keeps_the_last_good_one(house: Living, upstream: Upstream) -> None:
    """The calls go on; metrics, the log and the status say what is wrong, and where; then it is mended."""
    async with house(MODEL.format(name="qwen3", url=upstream.url)) as product:
        seen = _heard()
        status = await product.write(QUIET + "models:\n  llama: {tsk: chat}\n  gpt: [")
        assert not status.successful
        assert (await product.admin.chat("qwen3")).status == 200
        assert await product.metric("modelport_config_last_reload_successful") == 0
        assert await product.metric('modelport_config_reloads_total{result="refused"}') == 1
        view = await product.admin.show("api/v1/settings/reload")
        assert (view["successful"], view["findings"][0]["where"]) == (False, f"{product.file}:4")
        assert "the last good one stays in force" in seen[0]

        status = await product.write(QUIET + "models:\n  llama: {tsk: chat}\n  gpt: {via: nowhere}\n")
        assert [str(one) for one in status.findings] == [
            f"{product.file}:3: models.llama.tsk: unknown key; did you mean task?"
        ]
        assert await product.names() == ["qwen3"]

        status = await product.write(QUIET + MODEL.format(name="llama", url=upstream.url))
        assert (status.successful, await product.names()) == (True, ["llama"])
        assert await product.metric("modelport_config_last_reload_successful") == 1
        assert len([line for line in seen if "refused" in line]) == 2


async def test_settings_that_can_follow_do_and_others_are_told(house: Living, upstream: Upstream) -> None:
    """Log level, hosts and limits at once; the port with the next start, by its name."""
    async with house(MODEL.format(name="qwen3", url=upstream.url)) as product:
        stranger = product.admin.having(Host="models.example.com")
        assert (await stranger.get("api/v1/models")).status == 421
        status = await product.write(
            "log: {level: warning, requests: false}\n"
            "server: {allowed_hosts: [models.example.com], max_body_bytes: 100, keepalive_timeout_s: 7}\n"
            + MODEL.format(name="qwen3", url=upstream.url)
        )
        assert status.changes == ("~ server.allowed_hosts", "~ server.max_body_bytes", "~ log.level")
        assert status.needs_restart == ("server.keepalive_timeout_s",)
        assert logging.getLogger().level == logging.WARNING
        assert (await stranger.get("api/v1/models")).status == 200
        assert (await product.admin.chat("qwen3", "x" * 200)).status == 413
        shown = {one["name"]: one for one in (await product.admin.show("api/v1/settings"))["settings"]}
        assert (shown["server.max_body_bytes"]["value"], shown["server.max_body_bytes"]["hot"]) == (100, True)
        assert shown["server.keepalive_timeout_s"]["hot"] is False


async def test_a_network_and_the_model_behind_it_come_together(house: Living) -> None:
    """The new policy judges the new models; refused together, neither is in force."""
    far = MODEL.format(name="far", url="http://10.9.9.9:8000/v1")
    text = QUIET + "egress: {allow_networks: [NETWORK]}\n" + far
    async with house("version: 1\n") as product:
        assert not (await product.write(text.replace("NETWORK", "10.8.0.0/16"))).successful
        before = product.inside.ground.live.policy
        assert before.refusal("10.8.0.1", 80) is not None
        assert (await product.write(text.replace("NETWORK", "10.9.0.0/16"))).successful
        assert product.inside.ground.live.policy.refusal("10.9.0.1", 80) is None
        assert await product.names() == ["far"]


async def test_reloading_over_http_is_off_until_it_is_switched_on(house: Living, upstream: Upstream) -> None:
    """On, it answers when the file is in force, or says every finding."""
    async with house("version: 1\n") as product:
        assert (await product.admin.post("-/reload", b"")).status == 404
    async with house("server: {reload_endpoint: true}\n") as product:
        more = QUIET + "server: {reload_endpoint: true}\n"
        product.file.write_text(more + MODEL.format(name="qwen3", url=upstream.url))
        answer = await product.admin.post("-/reload", b"")
        assert (answer.status, answer.json["changes"]) == (200, ["+ model qwen3", "+ endpoint qwen3"])
        product.file.write_text(more + "models: [qwen3]\n")
        answer = await product.admin.post("-/reload", b"")
        assert (answer.status, answer.code) == (422, "config_refused")
        assert answer.json["findings"][0]["key"] == "models"
        assert (await product.admin.having(Authorization="Bearer mp_live_x").post("-/reload", b"")).status == 401


async def test_reloads_break_no_call(house: Living, upstream: Upstream) -> None:
    """Two hundred calls while the file changes under them: another model, another limit, another level of the log."""
    async with house(MODEL.format(name="qwen3", url=upstream.url)) as product:
        ended = asyncio.Event()
        statuses: list[int] = []

        async def call() -> None:
            while not ended.is_set():
                statuses.append((await product.admin.chat("qwen3")).status)

        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(call())
            for number in range(20):
                level = ("error", "warning")[number % 2]
                text = f"log: {{level: {level}, requests: false}}\ntimeouts: {{idle_s: {30 + number}}}\n"
                more = f"  other-{number}: {{endpoints: [{{base_url: '{upstream.url}'}}]}}\n"
                assert (await product.write(text + MODEL.format(name="qwen3", url=upstream.url) + more)).successful
            await product.seen(lambda: len(statuses) >= 200, within_s=60)
            ended.set()
        assert set(statuses) == {200}


def _heard() -> list[str]:
    """Return what the configuration's logger says from now on."""
    lines: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logging.getLogger("modelport.configuration").addHandler(Ear())
    return lines


async def test_a_new_installation_does_not_start_on_a_wrong_file(house: Living) -> None:
    """Nothing was ever served, so a sentence helps more than an empty server."""
    for text in ("models:\n  a: {tsk: chat}\n", "models:\n  a: {via: nowhere}\n"):
        with pytest.raises(ConfigError, match=r"modelport\.yaml:3: models\.a\."):
            async with house(text):
                pass


async def test_a_server_that_has_served_comes_up_with_what_it_served(house: Living, upstream: Upstream) -> None:
    """A variable that is gone after a restart must not take every model down; it is tried again until it works."""
    async with house(MODEL.format(name="qwen3", url=upstream.url)) as product:
        folder, key = product.file.parent, product.admin.headers["Authorization"]
    wrong = MODEL.format(name="qwen3", url=upstream.url) + "  llama: {via: eu}\n"
    async with house(wrong, folder=folder) as product:
        admin = product.admin.having(Authorization=key)
        assert (await admin.chat("qwen3")).status == 200
        assert (await admin.show("api/v1/settings/reload"))["findings"][0]["message"] == "there is no gateway 'eu'"
        await admin.make("gateways", name="eu", url="https://eu.example.com")
        product.reloader._tried_at = 0
        await product.seen(lambda: product.status.successful)
        assert [model["name"] for model in (await admin.show("api/v1/models"))["items"]] == ["llama", "qwen3"]


async def test_keys_get_their_limits_when_they_are_made(house: Living) -> None:
    """The file may be there before the key is: the server looks again by itself."""
    async with house("keys:\n  ci-bot: {role: viewer}\n") as product:
        assert len(product.status.waiting) == 1
        made = await product.admin.make("keys", name="ci-bot", role="developer")
        product.reloader._tried_at = 0
        await product.seen(lambda: not product.status.waiting)
        assert (await product.admin.show(f"api/v1/keys/{made['id']}"))["role"] == "viewer"


async def test_the_server_itself_is_no_endpoint_however_it_is_written(house: Living) -> None:
    """Its port was free to choose (0), and 127.0.0.1, localhost and ::1 are one place: a call would go in a circle."""
    async with house("models: {a: {}}\n") as product:
        port = product.inside.address.rpartition(":")[2].strip("/")
        for host in ("localhost", "127.0.0.1", "[::1]"):
            status = await product.write(f"models: {{a: {{endpoints: [{{base_url: 'http://{host}:{port}/v1'}}]}}}}\n")
            assert "this server's own data plane" in str(status.findings)
        status = await product.write("models: {a: {endpoints: [{base_url: 'http://localhost:9/v1'}]}}\n")
        assert status.successful, status.findings
