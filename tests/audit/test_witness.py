"""Who hears of each checkpoint besides the file: a syslog, a webhook (LIF-21)."""

import asyncio
import json
import logging
import socket
from functools import partial

import pytest
from aiohttp import web

from gateway.app.record import _post
from gateway.audit.witness import make_witness
from gateway.settings import AuditSettings
from gateway.upstream.egress import Egress
from gateway.upstream.policy import EgressPolicy
from gateway.upstream.session_transport import SessionTransport
from tests.audit.house import Chronicle, event


async def _nobody(_url: str, _body: bytes) -> int:
    raise AssertionError("nothing is posted")


async def _a_line(chronicle: Chronicle, number: int) -> None:
    await chronicle.write(event(number))
    assert await chronicle.checkpoints.step(ending=True)


def _newest(chronicle: Chronicle) -> str:
    return chronicle.path.read_text().splitlines()[-1]


async def test_a_syslog_hears_of_each_line(chronicle: Chronicle) -> None:
    """RFC 5424 over UDP: priority, time, host, name, process, and the line as it stands in the file."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", 0))
        syslog.settimeout(30)
        chronicle.checkpoints.witness = make_witness(f"syslog://127.0.0.1:{syslog.getsockname()[1]}", _nobody)
        for number in range(2):
            await _a_line(chronicle, number)
            head, _, line = (await asyncio.to_thread(syslog.recv, 65536)).decode().partition(" - ")
            assert head.startswith("<109>1 20")
            assert head.split()[3:] == ["modelport", head.split()[4], "checkpoint"]
            assert line == _newest(chronicle)


async def test_a_webhook_hears_of_each_line(chronicle: Chronicle) -> None:
    """A POST of the line as JSON, over the connections that the egress policy watches."""
    heard: list[dict[str, object]] = []

    async def take(request: web.Request) -> web.Response:
        heard.append(await request.json())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/audit", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    transport = SessionTransport(Egress(EgressPolicy("dev")).session)
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/audit"
        chronicle.checkpoints.witness = make_witness(url, partial(_post, transport))
        await _a_line(chronicle, 1)
    finally:
        await transport.close()
        await runner.cleanup()
    assert heard == [json.loads(_newest(chronicle))]


async def test_one_who_does_not_answer_hears_the_newest_line_later(
    chronicle: Chronicle, caplog: pytest.LogCaptureFixture
) -> None:
    """The file is written all the same; one warning; the newest line vouches for those before."""
    heard: list[bytes] = []
    answers = [503, 503, 200]

    async def post(_url: str, body: bytes) -> int:
        heard.append(body)
        return answers.pop(0)

    chronicle.checkpoints.witness = make_witness("https://witness.example", post)
    with caplog.at_level(logging.WARNING, "modelport.audit"):
        await _a_line(chronicle, 1)
        await _a_line(chronicle, 2)
        assert not await chronicle.checkpoints.step()
    assert [json.loads(body)["seq"] for body in heard] == [1, 2, 2]
    (warning,) = (one.message for one in caplog.records)
    assert warning == "audit.witness has not heard of the newest checkpoint: it answered 503"
    assert not await chronicle.checkpoints.step()
    assert len(heard) == 3


@pytest.mark.parametrize("where", ["syslog:", "syslog://logs.example:1514", "https://witness.example/a"])
def test_addresses_that_are_understood(where: str) -> None:
    """This machine's syslog, another's, a webhook."""
    assert AuditSettings(witness=where).witness == where


@pytest.mark.parametrize("where", ["", "logs.example", "syslog://", "ftp://a.example", "https:// a"])
def test_others_are_refused_at_the_start(where: str) -> None:
    """Not found out when the first line is signed."""
    with pytest.raises(ValueError, match="witness"):
        AuditSettings(witness=where)
