"""Behind nginx with config/deploy/nginx.conf: streams, bytes of paths, addresses, uploads, and nobody without a key."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.app.caller import Caller, Session, until
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.app.nginx import running_nginx
from tests.fakes.scenarios import DONE, ONE, STOP, TWO
from tests.fakes.script import answer, event_stream
from tests.fakes.upstream import Upstream

PUBLIC = "models.example.com"
MARK = "mark-00000000beef"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Front:
    """A product behind nginx. `admin` and `stranger` call through nginx, under the public name."""

    product: Installation
    stranger: Caller

    @property
    def admin(self) -> Caller:
        """The administrator, through nginx."""
        return self.stranger.keyed(self.product.key)


@pytest.fixture
async def front(start: Start, upstream: Upstream, tmp_path: Path, caller: Caller) -> AsyncIterator[Front]:
    """Give a product set up as the comment in the file says."""
    server = {"public_origin": f"https://{PUBLIC}", "trusted_proxies": ["127.0.0.1/32"], "mount": "/ai/"}
    async with start(server=server) as product:
        await product.publish("Qwen/Qwen3", upstream.url)
        port = int(product.anonymous.address.split(":")[2].partition("/")[0])
        with running_nginx(tmp_path, port) as nginx:
            yield Front(product, caller.at(f"http://127.0.0.1:{nginx}/ai/").having(Host=PUBLIC))


async def test_events_arrive_one_by_one(front: Front, upstream: Upstream) -> None:
    """The second one is sent only when the first one was read at the other end: nothing is held anywhere."""
    upstream.scripts[MARK] = event_stream().events(ONE).gate().events(TWO).gate().events(STOP, DONE).end()
    body = {"model": "Qwen/Qwen3", "stream": True, "messages": [{"role": "user", "content": MARK}]}
    read: list[bytes] = []
    async with _post(front.admin, "v1/chat/completions", json=body) as response, asyncio.timeout(20):
        assert response.headers["Content-Type"].startswith("text/event-stream")
        while b"[DONE]" not in b"".join(read):
            read.append(await response.content.readany())
            upstream.open_gate(MARK)
    assert b"".join(read) == ONE + TWO + STOP + DONE
    assert (read[0], read[1]) == (ONE, TWO)


async def test_a_caller_that_leaves_ends_the_upstreams_work(front: Front, upstream: Upstream) -> None:
    """It closes its connection to us, and we ours."""
    upstream.scripts[MARK] = event_stream().events(ONE).silence()
    body = {"model": "Qwen/Qwen3", "stream": True, "messages": [{"role": "user", "content": MARK}]}
    async with _post(front.admin, "v1/chat/completions", json=body) as response:
        await response.content.readany()

    async def left() -> bool:
        return bool(upstream.journal.find(MARK)[0].left)

    await until(left)


@pytest.mark.parametrize("path", ["v1/models/Qwen%2FQwen3", "access/models/default/v1/models/Qwen%2FQwen3/"])
async def test_a_slash_in_a_models_name_survives(front: Front, path: str) -> None:
    """With a URI behind proxy_pass nginx would decode it into two segments."""
    assert (await front.admin.get(path)).json["id"] == "Qwen/Qwen3"


async def test_the_bytes_of_an_objects_id_survive(front: Front, upstream: Upstream) -> None:
    """Two proxies, and still as it was sent."""
    upstream.scripts[MARK] = answer(200, b'{"id":"resp:a@b","object":"response"}')
    await front.admin.post("v1/responses", {"model": "Qwen/Qwen3", "input": MARK})
    assert (await front.admin.get("v1/responses/resp%3Aa%40b")).status == 200
    assert upstream.journal.records[-1].head.startswith(b"GET /v1/responses/resp%3Aa%40b HTTP/1.1")


async def test_addresses_are_those_that_callers_use(front: Front) -> None:
    """The public name with https, though nginx speaks http with us; the mount stays."""
    (model,) = (await front.admin.show("api/v1/models"))["items"]
    assert model["base_url"] == "/access/models/default/"
    assert model["url"] == f"https://{PUBLIC}/ai/access/models/default/"
    assert front.product.inside.address == f"https://{PUBLIC}/ai/"


@pytest.mark.parametrize("forwarded", ["", "127.0.0.7", "127.0.0.1", "nonsense"])
async def test_the_callers_address_is_its_own(front: Front, forwarded: str) -> None:
    """HDR-3: nginx says whom it saw; what the caller wrote into the header before is not believed."""
    key = await front.product.key_of("viewer", cidrs=["127.0.0.5/32"])
    holder = front.stranger.keyed(key).having(X_Forwarded_For=forwarded)
    assert (await holder.get("v1/models")).status == 401
    connector = aiohttp.TCPConnector(local_addr=("127.0.0.5", 0))
    async with Session(connector=connector) as session:
        there = Caller(session, holder.address, holder.headers)
        assert (await there.get("v1/models")).status == 200


@pytest.mark.parametrize("host", [PUBLIC, "localhost", "127.0.0.1:3000"])
async def test_nobody_comes_through_without_a_key(front: Front, host: str) -> None:
    """To us every caller of the proxy is a program on this machine: the forwarding headers say otherwise."""
    stranger = front.stranger.having(Host=host)
    assert (await stranger.chat("Qwen/Qwen3")).status == 401
    assert (await stranger.get("api/v1/models")).status == 401


async def test_nobody_comes_through_a_proxy_that_nobody_told_us_of(start: Start, tmp_path: Path) -> None:
    """Without trusted_proxies the headers are not believed, but they still say that somebody is behind them."""
    async with start() as product:
        port = int(product.anonymous.address.split(":")[2].partition("/")[0])
        with running_nginx(tmp_path, port) as nginx:
            through = product.anonymous.at(f"http://127.0.0.1:{nginx}/")
            for host in ("localhost", f"127.0.0.1:{nginx}"):
                assert (await through.having(Host=host).get("v1/models")).status == 401
            assert (await through.having(Host=PUBLIC).get("v1/models")).status == 421


async def test_a_large_body_arrives_whole(front: Front, upstream: Upstream) -> None:
    """It is handed on while it comes, and nginx has no limit of its own."""
    text = MARK + "x" * (20 * MIB)
    assert (await front.admin.chat("Qwen/Qwen3", text)).status == 200
    assert upstream.journal.records[-1].length > 20 * MIB


async def test_a_body_that_is_too_large_is_told_the_limit(front: Front, upstream: Upstream) -> None:
    """Our 413 with our words, not nginx's page."""
    answer = await front.admin.chat("Qwen/Qwen3", "x" * (33 * MIB))
    assert (answer.status, answer.json["error"]["code"]) == (413, "request_too_large")
    assert str(32 * MIB) in answer.json["error"]["message"]
    assert upstream.journal.records == []


async def test_a_large_file_streams_through(front: Front, upstream: Upstream) -> None:
    """A multipart upload above the limit of JSON bodies."""
    form = aiohttp.FormData({"model": "Qwen/Qwen3"})
    form.add_field("file", io.BytesIO(bytes(40 * MIB)), filename="speech.wav", content_type="audio/wav")
    async with _post(front.admin, "v1/audio/transcriptions", data=form) as response:
        assert response.status == 200, await response.text()
    assert upstream.journal.records[-1].length > 40 * MIB


def _post(caller: Caller, path: str, **body: Any) -> Any:
    return caller.session.post(caller.address + path, headers=caller.headers, **body)
