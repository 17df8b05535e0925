"""Who may call without a key (docs/decisions/0003): each condition with the case that it closes."""

from collections.abc import AsyncIterator

import pytest

from tests.app.conftest import Start
from tests.app.installation import ELSEWHERE, Installation
from tests.fakes.upstream import Upstream

FOREIGN_KEY = "Bearer mp_live_0123456789_" + "a" * 43 + "_00000000"


@pytest.fixture
async def product(start: Start, upstream: Upstream) -> AsyncIterator[Installation]:
    """Give a product bound to loopback, with one model."""
    async with start() as running:
        await running.publish("qwen3", upstream.url)
        yield running


AT_HOME: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": "Bearer unused"},
    {"Authorization": "Bearer sk-proj-somebody-elses"},
    {"api-key": "none"},
    {"Host": "localhost"},
    {"Host": "[::1]:3000"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin"},
)
AWAY: tuple[tuple[int, dict[str, str]], ...] = (
    (401, {"Authorization": FOREIGN_KEY}),
    (401, {"x-api-key": "mp_live_oops"}),
    (401, {"Host": ELSEWHERE}),
    (401, {"X-Forwarded-For": "192.0.2.7"}),
    (401, {"X-Forwarded-Host": "models.example.com"}),
    (401, {"Forwarded": "for=192.0.2.7"}),
    (401, {"X-Real-IP": "192.0.2.7"}),
    (401, {"Via": "1.1 proxy"}),
    (401, {"Origin": "https://evil.example"}),
    (401, {"Origin": "null"}),
    (401, {"Origin": "http://localhost:1"}),
    (401, {"Sec-Fetch-Site": "cross-site"}),
    (401, {"Sec-Fetch-Site": "same-site"}),
    (421, {"Host": "evil.example"}),
    (421, {"Host": "127.0.0.1.evil.example"}),
    (400, {"Host": "localhost:3000/#@evil.example"}),
    (400, {"Host": "localhost@evil.example"}),
)


@pytest.mark.parametrize("path", ["v1/chat/completions", "access/models/default/chat/completions"])
async def test_a_program_on_this_machine_calls_without_a_key(product: Installation, path: str) -> None:
    """SDKs refuse to send none at all, so any placeholder is as good as none."""
    found = [(await product.anonymous.having(**headers).chat("qwen3", path=path)).status for headers in AT_HOME]
    assert dict(zip(map(str, AT_HOME), found, strict=True)) == dict.fromkeys(map(str, AT_HOME), 200)


async def test_a_program_on_this_machine_reads_the_registry(product: Installation) -> None:
    """The resolver has to ask where a model is."""
    anonymous = product.anonymous
    assert [one["name"] for one in (await anonymous.show("api/v1/models"))["items"]] == ["qwen3"]
    assert (await anonymous.show("api/v1/resolve?model=qwen3&team=default"))["base_url"] == "/access/models/default/"
    assert (await anonymous.show("api/v1/me"))["key_id"] is None


async def test_managing_takes_a_key(product: Installation) -> None:
    """Else any process, or a page that borrows one, would be an administrator. The answer says where the key is."""
    for method, noun in (("POST", "models"), ("POST", "keys"), ("POST", "teams"), ("GET", "keys"), ("GET", "usage")):
        answer = await product.anonymous.call(method, f"api/v1/{noun}", {"name": "mine"} if method == "POST" else None)
        assert answer.status == 403, answer.text
        assert "the first start printed one" in answer.json["hint"]


async def test_what_takes_the_right_away(product: Installation) -> None:
    """A wrong key of ours was meant; a proxy stands for strangers; a page of another origin, or a rebound name, too."""
    found = {}
    for _, headers in AWAY:
        caller = product.anonymous.having(**headers)
        answers = (await caller.chat("qwen3"), await caller.get("v1/models"), await caller.get("api/v1/models"))
        found[str(headers)] = [answer.status for answer in answers]
    assert found == {str(headers): [status] * 3 for status, headers in AWAY}


async def test_a_page_cannot_call_with_a_simple_request(product: Installation, upstream: Upstream) -> None:
    """text/plain needs no preflight: the request arrives, but its Origin says whose it is."""
    body = b'{"model":"qwen3","messages":[]}'
    page = product.anonymous.having(Origin="https://evil.example", Content_Type="text/plain")
    assert (await page.post("v1/chat/completions", body)).status == 401
    assert upstream.accepted == 0


async def test_the_right_can_be_switched_off(start: Start, upstream: Upstream) -> None:
    """`server.open_to_localhost: false`."""
    async with start(server={"open_to_localhost": False}) as product:
        await product.publish("qwen3", upstream.url)
        assert (await product.anonymous.chat("qwen3")).status == 401
        assert (await product.anonymous.get("api/v1/models")).status == 401
        assert (await product.anonymous.get("-/healthy")).status == 200
        assert (await product.admin.chat("qwen3")).status == 200


async def test_nobody_calls_without_a_key_where_others_could_come(start: Start, upstream: Upstream) -> None:
    """Bound to every address, a caller on this machine is a caller like any other."""
    async with start(server={"host": "0.0.0.0"}) as product:
        await product.publish("qwen3", upstream.url)
        for headers in AT_HOME:
            caller = product.anonymous.having(**headers)
            assert ((await caller.chat("qwen3")).status, (await caller.get("api/v1/models")).status) == (401, 401)
        assert (await product.admin.chat("qwen3")).status == 200
