"""Where the product connects to, through the surfaces that people use: publishing and calling."""

import json
from pathlib import Path

import pytest

from tests.app.caller import UNCHECKED
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.fakes.upstream import Upstream

FORMS = json.loads((Path(__file__).parents[1] / "vectors" / "egress_loopback.json").read_text())["rows"]


async def test_a_server_profile_reaches_no_loopback_however_it_is_written(start: Start, upstream: Upstream) -> None:
    """EGR-1 to EGR-4: refused when it is registered, or when it is called; the secret server sees nothing."""
    outcomes = {}
    async with start(egress={"profile": "server"}) as product:
        for number, row in enumerate(FORMS):
            url = row["url"].format(port=upstream.port)
            body = {"name": f"m{number}", "endpoints": [{"base_url": url}]}
            made = await product.admin.post(f"api/v1/models{UNCHECKED}", body)
            called = await product.admin.chat(f"m{number}") if made.status == 201 else made
            outcomes[url] = (made.status, called.status)
    assert upstream.accepted == 0
    assert all(made in {201, 403, 422} for made, _ in outcomes.values()), outcomes
    assert all(called in {403, 422, 502, 503} for _, called in outcomes.values()), outcomes


async def test_what_is_listed_is_reached(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    """The line that a refusal prints is the line that helps."""
    async with start(egress={"profile": "server"}) as product:
        body = {"name": "qwen3", "endpoints": [{"base_url": upstream.url}]}
        refused = await product.admin.post("api/v1/models", body)
    line = f"127.0.0.1/32:{upstream.port}"
    assert (refused.status, refused.code) == (422, "egress_denied"), refused.text
    assert f'egress.allow_networks: ["{line}"]' in refused.json["hint"]
    egress = {"profile": "server", "allow_networks": [line]}
    async with start(data_dir=tmp_path / "listed", egress=egress) as product:
        await product.publish("qwen3", upstream.url)
        assert (await product.admin.chat("qwen3")).status == 200


async def test_no_proxy_of_the_environment_connects_in_our_place(
    start: Start, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EGR-5: the proxy would get prompt and key, and the guard would judge the proxy's address."""
    async with Upstream() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with start() as product:
            await product.publish("qwen3", upstream.url)
            assert (await product.admin.chat("qwen3")).status == 200
        assert (proxy.accepted, upstream.accepted) == (0, 1)


@pytest.mark.parametrize("path", ["v1", "access/models/default", "access/models/default/v1/"])
async def test_an_endpoint_that_is_this_server_is_refused(product: Installation, path: str) -> None:
    """REG-5: the call would come back for ever."""
    url = product.anonymous.address + path
    answer = await product.anonymous.keyed(product.key).post(
        "api/v1/models", {"name": "mirror", "endpoints": [{"base_url": url}]}
    )
    assert answer.status == 422, answer.text


async def test_two_servers_in_a_ring_notice(start: Start, tmp_path: Path) -> None:
    """Each one's endpoint is the other: the call ends with 508 after one round, not with a full disk (threat 26)."""
    async with start(data_dir=tmp_path / "one") as one, start(data_dir=tmp_path / "two") as two:
        for here, there in ((one, two), (two, one)):
            endpoint = {"base_url": f"{there.anonymous.address}v1", "api_key": there.key}
            await here.admin.make("models", name="round", endpoints=[endpoint])
        answer = await one.admin.chat("round")
    assert (answer.status, answer.json["error"]["code"]) == (508, "gateway_loop"), answer.text
