"""Which hosts are served, and what a caller can make the server believe of its own address."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.api.request import ORIGIN, PEER
from gateway.errors import GatewayError
from gateway.middleware.host import Hosts, host_middleware
from gateway.settings import ServerSettings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _tell(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except GatewayError as error:
        return web.json_response({"code": error.code, "message": error.message}, status=error.status)


async def _ask(headers: dict[str, str], **settings: object) -> tuple[int, dict[str, str]]:
    async def show(request: web.Request) -> web.Response:
        return web.json_response({"origin": request[ORIGIN], "peer": request[PEER]})

    hosts = Hosts(ServerSettings.model_validate(settings))
    app = web.Application(middlewares=[_tell, host_middleware(hosts)])
    app.router.add_get("/", show)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/", headers=headers)
        return answer.status, await answer.json()


@pytest.mark.parametrize("host", ["localhost:3000", "127.0.0.1:3000", "LOCALHOST", "[::1]:80"])
async def test_loopback_names_are_served(host: str) -> None:
    """Whatever the port: a container may have mapped it."""
    status, seen = await _ask({"Host": host})
    assert (status, seen["origin"]) == (200, f"http://{host.lower()}")


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:3000", "localhost.evil.test", "127.0.0.1.nip.io", "10.0.0.9", "0.0.0.0"]
)
async def test_a_foreign_host_is_refused_and_not_repeated(host: str) -> None:
    """421 stops DNS rebinding; prefixes do not count (RES-4)."""
    status, seen = await _ask({"Host": host})
    assert (status, seen["code"]) == (421, "misdirected_request")
    assert host not in seen["message"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:evil.test",
        "localhost:4000/#@x",
        "localhost:99999",
        "localhost:",
        "local host",
        "user@localhost",
        "a%00b",
    ],
)
async def test_a_host_that_is_none_is_a_400(host: str) -> None:
    """Never a 500 from a URL that cannot be built (RES-3, CVE-2026-49468)."""
    status, seen = await _ask({"Host": host})
    assert (status, seen["code"]) == (400, "bad_host")


async def test_a_listed_host_is_served() -> None:
    """With any port, or with exactly the listed one."""
    assert (await _ask({"Host": "models.corp.example:8443"}, allowed_hosts=["models.corp.example"]))[0] == 200
    assert (await _ask({"Host": "models.corp.example:9"}, allowed_hosts=["models.corp.example:8443"]))[0] == 421


async def test_the_public_origin_keeps_its_own_scheme() -> None:
    """TLS ends in front of us: the published scheme is what callers use, not what this process speaks."""
    _, seen = await _ask({"Host": "models.corp.example"}, public_origin="https://models.corp.example")
    assert seen["origin"] == "https://models.corp.example"


async def test_forwarded_headers_of_a_stranger_are_not_believed() -> None:
    """Only a trusted proxy may speak for others."""
    forged = {
        "Host": "localhost",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "6.6.6.6",
    }
    assert await _ask(forged) == (200, {"origin": "http://localhost", "peer": "127.0.0.1"})


async def test_a_trusted_proxy_is_believed_within_the_allowed_hosts() -> None:
    """Scheme, host and the right-most address that is no proxy's (HDR-3)."""
    sent = {
        "X-Forwarded-Host": "models.corp.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "6.6.6.6, 9.9.9.9",
    }
    settings = {"trusted_proxies": ["127.0.0.1/32"], "allowed_hosts": ["models.corp.example"]}
    assert await _ask(sent, **settings) == (200, {"origin": "https://models.corp.example", "peer": "9.9.9.9"})
    assert (await _ask({**sent, "X-Forwarded-Host": "evil.test"}, **settings))[0] == 421
