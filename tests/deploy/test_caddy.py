"""Behind Caddy with config/deploy/Caddyfile: streams, callers that leave, bytes of paths, addresses, the prefix."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.app.caller import Caller, until
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.deploy.caddy import running_caddy
from tests.deploy.files import DEPLOY
from tests.fakes.scenarios import DONE, ONE, STOP, TWO
from tests.fakes.script import event_stream
from tests.fakes.upstream import Upstream
from tests.programs import require

PUBLIC = "models.example.com"
MARK = "mark-00000000cadd"
STREAM = {"model": "Qwen/Qwen3", "stream": True, "messages": [{"role": "user", "content": MARK}]}


@dataclass(frozen=True, slots=True)
class Front:
    """A product behind Caddy. `admin` and `stranger` call through it, under the public name."""

    stranger: Caller
    beside: Caller
    key: str

    @property
    def admin(self) -> Caller:
        """The administrator, through Caddy."""
        return self.stranger.keyed(self.key)


@pytest.fixture(params=["models.example.com", "www.example.com"])
async def front(
    request: pytest.FixtureRequest, start: Start, upstream: Upstream, tmp_path: Path, caller: Caller
) -> AsyncIterator[Front]:
    """Give a product set up as the comment in the file says, behind each of the two sites."""
    mount = "/ai/" if request.param == "www.example.com" else "/"
    server = {"public_origin": f"https://{PUBLIC}", "trusted_proxies": ["127.0.0.1/32"], "mount": mount}
    async with start(server=server) as product:
        await product.publish("Qwen/Qwen3", upstream.url)
        with running_caddy(tmp_path, _port(product)) as ports:
            outside = caller.at(f"http://127.0.0.1:{ports[request.param]}/").having(Host=PUBLIC)
            yield Front(outside.at(f"{outside.address.rstrip('/')}{mount}"), outside, product.key)


def _port(product: Installation) -> int:
    return int(product.anonymous.address.split(":")[2].partition("/")[0])


async def test_events_arrive_one_by_one(front: Front, upstream: Upstream) -> None:
    """The second one is sent only when the first one was read at the other end: nothing is held anywhere."""
    upstream.scripts[MARK] = event_stream().events(ONE).gate().events(TWO).gate().events(STOP, DONE).end()
    admin, read = front.admin, list[bytes]()
    url = admin.address + "v1/chat/completions"
    async with admin.session.post(url, headers=admin.headers, json=STREAM) as response, asyncio.timeout(20):
        assert response.headers["Content-Type"].startswith("text/event-stream")
        while b"[DONE]" not in b"".join(read):
            read.append(await response.content.readany())
            upstream.open_gate(MARK)
    assert b"".join(read) == ONE + TWO + STOP + DONE
    assert (read[0], read[1]) == (ONE, TWO)


async def test_a_caller_that_leaves_ends_the_upstreams_work(front: Front, upstream: Upstream) -> None:
    """With `flush_interval -1` Caddy would read on to the end of the answer."""
    upstream.scripts[MARK] = event_stream().events(ONE).silence()
    admin = front.admin
    async with admin.session.post(
        admin.address + "v1/chat/completions", headers=admin.headers, json=STREAM
    ) as response:
        await response.content.readany()

    async def left() -> bool:
        return bool(upstream.journal.find(MARK)[0].left)

    await until(left)


async def test_a_slash_in_a_models_name_survives(front: Front) -> None:
    """It is passed on as it was sent."""
    assert (await front.admin.get("v1/models/Qwen%2FQwen3")).json["id"] == "Qwen/Qwen3"


async def test_addresses_are_those_that_callers_use(front: Front) -> None:
    """The public name, and the mount where there is one."""
    (model,) = (await front.admin.show("api/v1/models"))["items"]
    mount = front.stranger.address.split("/", 3)[3]
    assert model["url"] == f"https://{PUBLIC}/{mount}access/models/default/"


@pytest.mark.parametrize("host", [PUBLIC, "localhost", "127.0.0.1:3000"])
async def test_nobody_comes_through_without_a_key(front: Front, host: str) -> None:
    """Every caller of Caddy comes from this machine, and says so itself if that helps."""
    stranger = front.stranger.having(Host=host, X_Forwarded_For="127.0.0.1")
    assert (await stranger.chat("Qwen/Qwen3")).status == 401
    assert (await stranger.get("api/v1/models")).status == 401


async def test_beside_the_prefix_is_somebody_else(front: Front) -> None:
    """It is asked for nothing outside of its mount."""
    if front.stranger.address == front.beside.address:
        assert (await front.beside.get("-/healthy")).status == 200
    else:
        answer = await front.beside.get("-/healthy")
        assert (answer.status, answer.text) == (404, "nothing here")


def test_caddy_finds_nothing_to_say() -> None:
    """`caddy validate` on the file as it is, and it is formatted as Caddy formats."""
    program, file = require("caddy"), DEPLOY / "Caddyfile"
    command: list[str | Path] = [program, "validate", "--adapter", "caddyfile", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"level":"warn"' not in done.stderr
    done = subprocess.run([program, "fmt", str(file)], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == file.read_text()
