"""Two readers of one request, ours behind nginx: what one of them takes for a body the other never takes for a request.

nginx mends some of the hostile requests and refuses the rest; both are fine. What must not happen is that a request
runs for which nobody gets an answer, or that somebody else gets it over the connections that the two keep.
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from yarl import URL

from tests.app.installation import ELSEWHERE
from tests.app.nginx import running_nginx
from tests.dataplane.conftest import Open
from tests.dataplane.house import House, chat, mark, sent, told

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "hostile_requests.json").read_text())
HIDDEN = [
    {"id": "body-is-a-request", "extra": "Content-Length: {hidden}\r\n", "body": ""},
    {"id": "cl-0-then-request", "extra": "Content-Length: 0\r\n", "body": ""},
    {"id": "te-tab", "extra": "Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n", "body": "0\r\n\r\n"},
    {"id": "te-vertical-tab", "extra": "Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n", "body": "0\r\n\r\n"},
    {"id": "te-x-list", "extra": "Transfer-Encoding: x, chunked\r\nContent-Length: 5\r\n", "body": "0\r\n\r\n"},
    {"id": "te-underscore", "extra": "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "body": "0\r\n\r\n"},
    {"id": "connection-names-length", "extra": "Connection: content-length\r\nContent-Length: 5\r\n", "body": "hello"},
    {"id": "expect-and-request", "extra": "Expect: 100-continue\r\nContent-Length: {hidden}\r\n", "body": ""},
]
ROWS = [*VECTORS["cases"], *HIDDEN]
AT_ONCE = 8


async def test_no_request_is_smuggled_past_nginx(open_house: Open, tmp_path: Path) -> None:
    """SRV-3 PRX-21 PRX-22: every hostile request with another one behind it, and callers of their own in between."""
    async with open_house(server={"trusted_proxies": ["127.0.0.1/32"]}) as house:
        model, total = await house.publish(house.near), 0
        with running_nginx(tmp_path, URL(house.product.anonymous.address).port or 0) as port:
            for start in range(0, len(ROWS), AT_ONCE):
                batch = ROWS[start : start + AT_ONCE]
                results = await asyncio.gather(*(_attack(house, port, model.name, row) for row in batch))
                for row, (ran, answered) in zip(batch, results, strict=True):
                    assert ran <= answered, row
                    total += ran
                await asyncio.gather(*(_is_served(house, port, model.name) for _ in range(AT_ONCE)))
    assert total, "no request behind another one ever ran: nothing was tried"


async def _attack(house: House, port: int, model: str, row: dict[str, Any]) -> tuple[int, int]:
    """Send it with a request behind; return how often that one ran, and how many calls the sender saw succeed."""
    marker = mark()
    behind = _request(house, model, marker)
    hostile = _hostile(house, model, row, len(behind))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(hostile + behind)
        got = await _all(reader)
    finally:
        writer.transport.abort()
    return len(sent(house.near, marker)), len(re.findall(rb"HTTP/1\.1 200 ", got))


async def _is_served(house: House, port: int, model: str) -> None:
    """Hold that a caller behind nginx gets the answer to its own question."""
    marker = mark()
    house.near.scripts[marker] = told(yours=marker)
    through = house.admin.at(f"http://127.0.0.1:{port}/")
    assert (await through.post("v1/chat/completions", chat(model, marker))).json == {"yours": marker}


def _request(house: House, model: str, marker: str) -> bytes:
    body = json.dumps(chat(model, marker)).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {ELSEWHERE}\r\n{_key(house)}Content-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + body


def _hostile(house: House, model: str, row: dict[str, Any], behind: int) -> bytes:
    full, body = VECTORS["defaults"] | row, json.dumps(chat(model))
    text = f"{full['line']}\r\n{full['host']}{_key(house) if full['auth'] else ''}{full['extra']}\r\n{full['body']}"
    values = {"host": ELSEWHERE, "path": "/v1/chat/completions", "models": "/v1/models", "json": body}
    for name, value in {**values, "length": str(len(body)), "hidden": str(behind), "chunked": ""}.items():
        text = text.replace("{" + name + "}", value)
    return text.encode("latin-1")


def _key(house: House) -> str:
    return f"Authorization: {house.admin.headers['Authorization']}\r\n"


async def _all(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the end, or until nothing comes for a while."""
    got = b""
    try:
        while data := await asyncio.wait_for(reader.read(65536), 1.5):
            got += data
    except (TimeoutError, ConnectionError):
        pass
    return got
