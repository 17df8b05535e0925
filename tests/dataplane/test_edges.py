"""Edges of HTTP where two sides could come out of step: HEAD, answers before the body, empty answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.dataplane.house import House, form, mark, sent
from tests.fakes.scenarios import DONE, ONE, completion
from tests.fakes.script import LAST_CHUNK, Script, answer, event_stream, head

pytestmark = pytest.mark.asyncio(loop_scope="module")

OCTETS = {"Content-Type": "application/octet-stream"}
ANSWERS = {
    "small": answer(200, b"x" * 1000, OCTETS),
    "large": answer(200, b"x" * 400_000, OCTETS),
    "of unknown length": event_stream(OCTETS).events(b"x" * 70_000).end(),
    "a stream": event_stream().events(ONE, DONE).end(),
    "a stream without end": event_stream().events(ONE).silence(),
    "empty": answer(204, b""),
    "a refusal": answer(404, b'{"error":{"message":"no"}}'),
    "a page": answer(500, b"<html>", {"Content-Type": "text/html"}),
}


@contextlib.asynccontextmanager
async def connection(house: House) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection to the product; nothing in it may take longer than five seconds."""
    port = int(house.product.anonymous.address.rstrip("/").rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(5):
            yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("name", ANSWERS)
async def test_the_answer_to_head_has_no_body(house: House, name: str) -> None:
    """RFC 9110 9.3.2: what follows the head on the connection is the next answer, whatever the upstream sent."""
    marker = mark()
    await house.take("default", await house.publish(house.near), "files")
    house.near.scripts[marker] = ANSWERS[name]
    async with connection(house) as (reader, writer):
        for method, path in (("HEAD", f"files/file-{marker}/content"), ("GET", "models")):
            lines = f"{method} /v1/{path} HTTP/1.1\r\nHost: modelport.test\r\nAuthorization: Bearer {house.product.key}"
            writer.write(f"{lines}\r\n\r\n".encode())
        first = await reader.readuntil(b"\r\n\r\n")
        second = await reader.readuntil(b"\r\n\r\n")
    status = {"empty": b"204", "a refusal": b"404", "a page": b"502"}.get(name, b"200")
    assert first.startswith(b"HTTP/1.1 " + status)
    assert second.startswith(b"HTTP/1.1 200 OK\r\n"), second[:100]
    assert await house.near.journal.wait(lambda: sent(house.near, marker)[0].over, 3)


EARLY = {
    "a refusal": (answer(413, b'{"error":{"message":"too big"}}').before_body(), 413),
    "a refusal and the end": (answer(400, b'{"error":{"message":"no"}}').before_body().fin(), 400),
    "an answer": (answer(200, completion()).before_body(), 200),
    "a stream": (event_stream().events(ONE, DONE).end().before_body(), 200),
}


@pytest.mark.parametrize("name", EARLY)
async def test_an_answer_may_come_before_the_upload_has_ended(house: House, name: str) -> None:
    """What the upstream said arrives, and is not taken for a broken upload."""
    (script, status), marker = EARLY[name], mark()
    house.near.scripts[marker] = script
    model = await house.publish(house.near)
    body, headers = form(("model", model.name), ("prompt", marker), ("file", "x" * 3_000_000))
    answered = await house.admin.call("POST", "v1/audio/transcriptions", body, **headers)
    assert answered.status == status
    assert answered.body


EMPTY = {
    "of no length": answer(201, b""),
    "ended by its connection": Script().raw(head(201, {"Connection": "close", "Content-Type": "text/plain"})).fin(),
    "without a chunk": Script().raw(head(201, {"Transfer-Encoding": "chunked"}) + LAST_CHUNK),
}


@pytest.mark.parametrize("name", EMPTY)
async def test_an_answer_without_a_body_passes(house: House, name: str) -> None:
    """Whatever says that there is none."""
    model, marker = await house.publish(house.near), mark()
    house.near.scripts[marker] = EMPTY[name]
    answered = await house.admin.post("v1/embeddings", {"model": model.name, "input": marker})
    assert (answered.status, answered.body) == (201, b"")


async def test_an_upload_without_content_is_the_upstreams_to_judge(house: House) -> None:
    """Files name no model: what the form holds is not looked at, and its length is the caller's."""
    marker = mark()
    await house.take("default", await house.publish(house.near), "files")
    house.near.scripts[marker] = answer(400, b'{"error":{"message":"no file"}}')
    body, headers = form(("purpose", marker))
    answered = await house.admin.call("POST", "v1/files", body, **headers)
    assert (answered.status, bytes(sent(house.near, marker)[0].start)) == (400, body)
    assert f"Content-Length: {len(body)}".encode() in sent(house.near, marker)[0].head
