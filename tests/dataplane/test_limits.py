"""The server's limits as an operator sets them: each refusal names its limit (SRV-4 to SRV-7, PRX-35)."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from tests.dataplane.conftest import Open
from tests.dataplane.house import House, chat, form, mark, refused, sent

HOST = "modelport.test"


class Line:
    """A connection whose bytes come when the test sends them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def head(self, path: str, key: str, *headers: str) -> None:
        """Send a request's head."""
        lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Authorization: Bearer {key}", *headers]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def answer(self) -> tuple[int, bytes]:
        """Return status and body of the answer; the server must close behind it."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), await self.reader.read()


@contextlib.asynccontextmanager
async def line(house: House) -> AsyncIterator[Line]:
    """Open a connection to the product."""
    port = int(house.product.anonymous.address.rstrip("/").rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(5):
            yield Line(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_json_body_over_the_limit_names_it(open_house: Open) -> None:
    """413, nobody is asked; a body of exactly that size passes."""
    async with open_house(server={"max_body_bytes": 1000}) as house:
        model, marker = await house.publish(house.near), mark()
        body = json.dumps(chat(model.name, marker)).encode()
        assert (await house.admin.post("v1/chat/completions", body.ljust(1000))).status == 200
        error = refused(await house.admin.post("v1/chat/completions", body.ljust(1001)), 413, "request_too_large")
        assert "1000 bytes" in error["message"]
        assert len(sent(house.near, marker)) == 1


async def test_an_upload_has_a_limit_of_its_own(open_house: Open) -> None:
    """413 also where it is found out while the upload flows; nothing whole reaches the upstream."""
    async with open_house(server={"max_body_bytes": 100, "max_upload_bytes": 200_000}) as house:
        model, marker = await house.publish(house.near), mark()
        body, headers = form(("model", model.name), ("prompt", marker), ("file", "x" * 150_000))
        assert (await house.admin.call("POST", "v1/audio/transcriptions", body, **headers)).status == 200
        body, headers = form(("model", model.name), ("prompt", marker), ("file", "x" * 300_000))
        async with house.admin.session.post(
            f"{house.admin.address}v1/audio/transcriptions",
            data=_pieces(body),
            headers={**house.admin.headers, "Content-Type": headers["Content_Type"]},
        ) as answered:
            assert answered.status == 413
            assert "200000 bytes" in await answered.text()
        refused(await house.admin.call("POST", "v1/audio/transcriptions", body, **headers), 413, "request_too_large")
        assert [record.whole for record in sent(house.near, marker)] == [True, False]


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body whose length is not announced."""
    for at in range(0, len(body), 10_000):
        yield body[at : at + 10_000]


@pytest.mark.parametrize("drip_s", [None, 0.05], ids=["stalled", "dripping"])
async def test_a_body_that_does_not_come_is_given_up(open_house: Open, drip_s: float | None) -> None:
    """408 and the connection ends: no byte for the deadline, or after it less than the slowest rate."""
    async with open_house(server={"body_timeout_s": 0.3, "min_body_rate": 10_000}) as house, line(house) as wire:
        wire.head("/v1/chat/completions", house.product.key, "Content-Type: application/json", "Content-Length: 9999")
        wire.writer.write(b'{"model":')
        answer = asyncio.get_running_loop().create_task(wire.answer())
        while drip_s and not answer.done():
            await asyncio.sleep(drip_s)
            wire.writer.write(b" ")
        status, body = await answer
        assert (status, json.loads(body)["error"]["code"]) == (408, "request_timeout")


async def test_an_upload_that_stalls_is_not_finished_for_its_caller(open_house: Open) -> None:
    """408; the upstream sees the connection end inside the body."""
    async with open_house(server={"body_timeout_s": 0.3}) as house:
        model, marker = await house.publish(house.near), mark()
        body, headers = form(("model", model.name), ("prompt", marker), ("file", "x" * 50_000))
        async with line(house) as wire:
            kind = f"Content-Type: {headers['Content_Type']}"
            wire.head("/v1/audio/transcriptions", house.product.key, kind, f"Content-Length: {len(body)}")
            wire.writer.write(body[:30_000])
            status, answered = await wire.answer()
        assert (status, json.loads(answered)["error"]["code"]) == (408, "request_timeout")
        assert await house.near.journal.wait(lambda: bool(sent(house.near, marker)[0].left), 2)
        assert not sent(house.near, marker)[0].whole


async def test_a_head_that_does_not_come_is_given_up(open_house: Open) -> None:
    """SRV-4: 408 after the deadline, however slowly it drips."""
    async with open_house(server={"header_timeout_s": 0.3}) as house, line(house) as wire:
        wire.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: ")
        status, _ = await wire.answer()
        assert status == 408


@pytest.mark.parametrize("setting", ["max_connections", "max_connections_per_ip"])
async def test_one_connection_too_many_is_told_so(open_house: Open, setting: str) -> None:
    """SRV-6: 503 at once; the others go on, and a place that becomes free is given away."""
    async with open_house() as before:
        model = await before.publish(before.near)
        await before.product.inside.stop()
        async with open_house(before=before, server={setting: 2}) as house:
            async with line(house), line(house), line(house) as third:
                status, _ = await third.answer()
                assert status == 503
            async with asyncio.timeout(30):
                while (await house.admin.chat(model.name)).status != 200:
                    pass
