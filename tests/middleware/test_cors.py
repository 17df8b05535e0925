"""Which web pages may call models."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.middleware.cors import allow_origin, cors_middleware

LISTED = "https://app.example"


async def _ask(method: str, path: str, origin: str) -> tuple[int, dict[str, str]]:
    async def serve(request: web.Request) -> web.Response:
        del request
        return web.Response(text="answer")

    app = web.Application(middlewares=[cors_middleware((LISTED,), management_prefix="/api/")])
    app.on_response_prepare.append(allow_origin((LISTED,), management_prefix="/api/"))
    app.router.add_route("*", "/{path:.*}", serve)
    async with TestClient(TestServer(app)) as client:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = await client.request(method, path, headers=headers)
        return answer.status, dict(answer.headers)


async def test_a_listed_page_may_ask_and_read() -> None:
    """The preflight is answered here, and the answer names exactly that origin."""
    status, headers = await _ask("OPTIONS", "/v1/chat/completions", LISTED)
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, LISTED)
    assert "authorization" in headers["Access-Control-Allow-Headers"]
    status, headers = await _ask("POST", "/v1/chat/completions", LISTED)
    assert (status, headers["Access-Control-Allow-Origin"], headers["Vary"]) == (200, LISTED, "Origin")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.evil.test", "*"])
async def test_another_page_may_not(origin: str) -> None:
    """Neither by prefix nor by a wildcard of its own."""
    for method in ("OPTIONS", "POST"):
        _, headers = await _ask(method, "/v1/chat/completions", origin)
        assert "Access-Control-Allow-Origin" not in headers


async def test_management_is_never_opened() -> None:
    """A listed page may call models, not manage them."""
    _, headers = await _ask("OPTIONS", "/api/v1/models", LISTED)
    assert "Access-Control-Allow-Origin" not in headers
