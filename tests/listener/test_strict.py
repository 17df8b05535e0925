"""Raw requests: what is refused, in which words, and that nothing behind a refused request runs (SRV-2, SRV-3)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tests.listener.conftest import HITS, QUICK, caller, listening, small_app

ROWS = json.loads((Path(__file__).parents[1] / "vectors" / "listener_requests.json").read_text())["rows"]


def _bytes(row: dict[str, Any]) -> bytes:
    pieces = (piece if isinstance(piece, str) else piece["text"] * piece["times"] for piece in row["send"])
    return "".join(pieces).encode("latin-1")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
async def test_a_raw_request_is_answered_as_the_table_says(row: dict[str, Any]) -> None:
    """Status, connection and error code; the words never name the software or its language."""
    app = small_app()
    async with listening(app) as (_, port), caller(port) as client:
        await client.send(_bytes(row))
        assert await client.receive(len(row["statuses"])) == row["statuses"], row["why"]
        assert await client.closes(within_s=5 if row["closed"] else 0.05) is row["closed"], row["why"]
    assert client.statuses == row["statuses"]
    assert "/smuggled" not in app[HITS]
    if row["code"] is not None:
        head, _, body = client.received.partition(b"\r\n\r\n")
        assert json.loads(body)["error"]["code"] == row["code"]
        assert head.startswith(b"HTTP/1.1 "), "whatever the caller spoke, this is what is spoken here"
        assert b"Server: modelport" in head
        assert b"X-Request-Id: " in head
        assert not any(word in client.received.lower() for word in (b"aiohttp", b"python", b"traceback", b"b'"))


async def test_the_callers_bytes_are_not_sent_back_in_a_refusal() -> None:
    """A parser's message quotes the header; a caller's key could stand in it."""
    async with listening() as (_, port), caller(port) as client:
        await client.send(b"GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk-canary\x01\r\n\r\n")
        assert await client.receive() == [400]
        await client.closes(within_s=0.5)
    assert b"canary" not in client.received


async def test_refusals_are_counted() -> None:
    """Both the parser's and ours."""
    async with listening(limits=QUICK) as (listener, port):
        for raw in (b"nonsense\r\n\r\n", b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"):
            async with caller(port) as client:
                await client.send(raw)
                await client.receive()
        assert listener.bad_requests == 2


def test_it_does_not_start_on_the_lenient_parser() -> None:
    """SRV-2: with AIOHTTP_NO_EXTENSIONS the Python parser would face the network."""
    program = (
        "import asyncio; from aiohttp import web; from gateway.listener import Listener\n"
        "asyncio.run(Listener(web.Application()).start())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "AIOHTTP_NO_EXTENSIONS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "ConfigError: aiohttp runs without its compiled HTTP parser" in ran.stderr


async def test_a_taken_port_is_a_sentence() -> None:
    """A new user starts a second server by mistake."""
    from gateway.errors import ConfigError
    from gateway.listener import Listener

    async with listening() as (_, port):
        second = Listener(small_app())
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}: ") as caught:
            await second.start("127.0.0.1", port)
        assert URL(f"http://127.0.0.1:{port}").port == port
        assert "server.port" in (caught.value.hint or "")
