"""What every answer has, whoever gives it: an id, our name, the time it took; errors the one shape of their surface."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from tests.app.caller import Answer
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.app.walk import data_plane, management
from tests.fakes.upstream import Upstream

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOT_OURS = {"X-Powered-By", "Via", "Set-Cookie", "Access-Control-Allow-Origin", "Strict-Transport-Security"}
RAW = {  # refused by the listener, before the application
    "bad method": b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "upgrade": b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "two lengths": b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a body on GET": b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na",
}


@pytest.fixture
async def product(start: Start, upstream: Upstream) -> AsyncIterator[Installation]:
    """Give a product with one model."""
    async with start() as running:
        await running.publish("qwen3", upstream.url)
        yield running


def check(answer: Answer, what: str) -> None:
    """Hold one answer to what every answer has."""
    assert UUID.fullmatch(answer.headers["X-Request-Id"]), what
    assert answer.headers["Server"] == "modelport", what
    assert "dur=" in answer.headers["Server-Timing"], what
    assert not NOT_OURS & set(answer.headers), what


def check_error(answer: Answer, what: str) -> None:
    """Hold an error to the shape of its surface."""
    if "application/problem+json" in answer.headers["Content-Type"]:
        said = answer.json
        assert {"type", "title", "status", "detail", "code", "request_id"} <= said.keys(), what
        assert said["status"] == answer.status, what
        assert said["type"] == f"urn:modelport:problem:{said['code'].replace('_', '-')}", what
    else:
        said = answer.json["error"]
        assert {"message", "type", "param", "code", "request_id"} <= said.keys(), what
    assert said["request_id"] == answer.headers["X-Request-Id"], what


async def test_every_operation_answers_with_an_id_and_a_shape(product: Installation) -> None:
    """With a key and without: successes, refusals and what is not there."""
    for caller in (product.admin, product.stranger):
        for step in (*management(product), *data_plane("v1/")):
            answer = await caller.call(step.method, step.path, step.body)
            check(answer, str(step))
            if answer.status >= 400:
                check_error(answer, f"{step}: {answer.text}")
                managed = "problem" in answer.headers["Content-Type"]
                assert managed is not step.path.startswith("v1/"), f"{step}: {answer.text}"


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
async def test_what_is_not_served_is_explained(product: Installation, method: str) -> None:
    """A 404 or 405 with a hint where to go; 405 says which methods there are."""
    for path in ("", "nothing", "api", "api/", "api/v1", "api/v1/nothing", "v1", "v1/nothing", "%00"):
        answer = await product.admin.call(method, path, b"{}" if method == "POST" else None)
        check(answer, path)
        check_error(answer, path)
        assert answer.status in {404, 405}, answer.text
        assert "hint" in answer.text or answer.status == 405
        assert ("Allow" in answer.headers) is (answer.status == 405)


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "api/v1/models"), ("DELETE", "api/v1/me"), ("GET", "v1/responses")]
)
async def test_a_wrong_method_is_told_the_right_ones(product: Installation, method: str, path: str) -> None:
    """RFC 9110 section 15.5.6."""
    answer = await product.admin.call(method, path)
    check_error(answer, path)
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["Allow"]


async def test_a_callers_request_id_comes_back(product: Installation) -> None:
    """When it is a UUID; anything else is replaced and appears nowhere."""
    mine = "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a2d"
    for path in ("v1/models", "api/v1/me", "api/v1/models/mdl_none", "v1/nothing"):
        assert (await product.admin.get(path, X_Request_Id=mine)).headers["X-Request-Id"] == mine
        other = await product.admin.get(path, X_Request_Id="forged id")
        assert UUID.fullmatch(other.headers["X-Request-Id"])
        assert "forged" not in other.text


@pytest.mark.parametrize("name", RAW)
async def test_the_listener_refuses_in_the_same_shape(product: Installation, name: str) -> None:
    """Bytes that no handler sees."""
    host, port = product.anonymous.address.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(RAW[name])
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    body = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    assert re.match(r"HTTP/1\.[01] 400 ", head), head
    assert "Server: modelport" in head
    assert re.search(rf"X-Request-Id: {UUID.pattern}", head)
    assert '"error": {' in body
