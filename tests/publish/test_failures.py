"""Failures of a publish that need no real registry, with their exact words (preflight.md section 6)."""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from gateway.publish import client, preflight
from gateway.publish.layout import Layout
from gateway.publish.memory import Memory
from gateway.publish.messages import PublishError
from gateway.publish.package import list_files
from gateway.publish.preflight import Level, Report
from gateway.publish.service import Access
from gateway.upstream.policy import EgressPolicy
from tests.preflight.test_failures import certificate
from tests.publish.publishing import Bench
from tests.publish.registries import login
from tests.publish.rogue import Answer, rogue, says, scripted

__all__ = ["certificate"]

_ASKS = 'Bearer realm="http://{place}/t",service="x"'


async def _https(bench: Bench, place: str) -> Report:
    publisher = bench.publisher(f"{place}/team/model:v1", check_only=True)
    publisher._access = Access(policy=EgressPolicy())
    report = (await publisher.run()).report
    assert report is not None
    return report


def _used(bench: Bench, registry: str, days: float) -> None:
    """Note that a registry was used some days ago."""
    bench.home.mkdir(parents=True, exist_ok=True)
    (bench.home / "registries.json").write_text(json.dumps({"used": {registry: time.time() - days * 86400 - 60}}))


@pytest.mark.parametrize(
    ("typed", "used", "days", "message"),
    [
        (
            "regsitry.invalid", "registry.invalid", 3,
            ('Registry "regsitry.invalid" cannot be reached (name not known). Did you mean "registry.invalid"? (used 3'
            " days ago)"),
        ),
        (
            "acme.invalid", "registry.acme.invalid", 0,
            ('Registry "acme.invalid" cannot be reached (name not known). Did you mean "registry.acme.invalid"? (used'
            " today)"),
        ),
        ("nowhere.invalid", "quite.other.example", 1, 'Registry "nowhere.invalid" cannot be reached (name not known).'),
    ],
)  # fmt: skip
async def test_a_name_that_nobody_knows(bench: Bench, typed: str, used: str, days: int, message: str) -> None:
    """With the registry that was used before and is spelled alike."""
    _used(bench, used, days)
    report = await bench.check(f"{typed}/team/model:v1")
    assert report.error is not None
    assert report.error.message == message


async def test_a_port_where_nothing_listens(bench: Bench) -> None:
    """Told after one more try (PUB-12)."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        report = await bench.check(f"127.0.0.1:{port}/team/model:v1")
    assert report.error is not None
    assert report.error.message == f'Registry "127.0.0.1" cannot be reached (nothing listens on port {port}).'


async def test_a_connect_that_failed_is_tried_once_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """PUB-12: networks that are just being set up refuse the first connection."""
    tries: list[str] = []
    once = client.RegistryClient._once

    async def counted(self: client.RegistryClient, send: client.Send, header: str | None) -> object:
        tries.append(send.method)
        return await once(self, send, header)

    monkeypatch.setattr(client.RegistryClient, "_once", counted)
    report = await bench.check("127.0.0.1:9/team/model:v1")
    assert report.error is not None
    assert tries == ["GET", "GET"]


async def test_a_certificate_of_nobody(bench: Bench, certificate: ssl.SSLContext) -> None:
    """Which file to give; not how to switch verification off."""
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=certificate)
    place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    report = await _https(bench, place)
    server.close()
    assert report.error is not None
    assert report.error.message == (
        f"The certificate of {place} is not accepted (self-signed certificate). Give its authority with"
        " SSL_CERT_FILE=/path/to/ca.pem."
    )


async def test_plain_http_to_a_registry_with_tls(bench: Bench) -> None:
    """Go's servers say it in a 400."""
    answer = says(400, "Client sent an HTTP request to an HTTPS server.\n")
    async with rogue(scripted(ping=answer)) as registry:
        report = await bench.check(f"{registry.place}/team/model:v1")
    assert report.error is not None
    assert report.error.message == f"{registry.place} speaks HTTPS: leave out --plain-http."


async def test_a_server_that_hangs_up(bench: Bench) -> None:
    """One sentence, whatever it is."""
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    report = await bench.check(f"{place}/team/model:v1")
    server.close()
    assert report.error is not None
    assert report.error.message == (
        f"{place} closed the connection before it answered. Try again; then look at its log."
    )


async def _never(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


def _limits(monkeypatch: pytest.MonkeyPatch, *, answer_s: float, whole_s: float) -> None:
    monkeypatch.setattr(client, "ANSWER_S", answer_s)
    monkeypatch.setattr(preflight, "WHOLE_S", whole_s)


@pytest.mark.parametrize(
    ("answer_s", "whole_s", "message"),
    [
        (0.2, 30.0, "{place} did not answer within 0.4 s. Try again; then look at its log."),
        (10.0, 0.3, "The check took longer than 0.3 s. Try again, or push with --skip-preflight."),
    ],
)
async def test_a_registry_that_is_silent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answer_s: float, whole_s: float, message: str
) -> None:
    """PUB-12: ten seconds for an answer, thirty for the whole check."""
    assert (client.CONNECT_S, client.ANSWER_S, preflight.WHOLE_S, client.STALL_S) == (5.0, 10.0, 30.0, 120.0)
    _limits(monkeypatch, answer_s=answer_s, whole_s=whole_s)
    async with rogue(_never) as registry:
        report = await bench.check(f"{registry.place}/team/model:v1")
    assert report.error is not None
    assert report.error.message == message.format(place=registry.place)


async def test_an_upload_that_stands_still_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """PUB-12: no limit on the whole, two minutes without progress."""
    monkeypatch.setattr(client, "STALL_S", 0.3)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "PUT" and "uploads" in request.path and int(request.headers["Content-Length"]) > 1000:
            return await _never(request)
        if request.method == "POST":
            return web.Response(status=202, headers={"Location": "/v2/team/model/blobs/uploads/1"})
        return web.Response(status={"PUT": 201, "DELETE": 204}.get(request.method, 404))

    async with rogue(answer) as registry:
        ended = await bench.push(f"{registry.place}/team/model:v1")
    assert isinstance(ended, PublishError)
    assert ended.message == f"{registry.place} took nothing for 0.3 s. Run the command again."


async def test_a_token_server_that_is_broken(bench: Bench) -> None:
    """Its own words, short; its address."""

    async def tokens(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="boom")

    async with rogue(tokens) as server:
        answer: Answer = scripted(ping=says(401, WWW_Authenticate=_ASKS.format(place=server.place)), head=says(401))
        async with rogue(answer) as registry:
            report = await bench.check(f"{registry.place}/team/model:v1", login())
    assert report.error is not None
    assert report.error.message == (
        f"The token server http://{server.place} answered 500: boom. Try again; then tell its operator."
    )


def test_a_directory_without_files(tmp_path: Path) -> None:
    """Before any network."""
    with pytest.raises(PublishError) as caught:
        list_files(tmp_path)
    assert caught.value.message == f'"{tmp_path}" holds no files to publish.'


async def test_a_cache_that_cannot_be_written(bench: Bench) -> None:
    """Which folder, and how to name another one."""
    bench.home.write_text("in the way")
    layout = Layout(bench.directory, home=bench.home)
    with pytest.raises(PublishError) as caught:
        await layout.package(list_files(bench.directory)[0])
    assert (
        caught.value.message
        == f"{layout.path} cannot be written: not a directory. XDG_CACHE_HOME names another folder."
    )


def _in(seconds: float) -> float:
    return time.time() + seconds


async def test_a_check_that_failed_is_never_kept(bench: Bench) -> None:
    """PUB-10: five minutes for one that passed, by registry, repository and credential; a push that fails ends it."""
    opened: Callable[[web.Request], web.Response] = says(202, Location="/v2/team/model/blobs/uploads/1")
    async with rogue(scripted(post=opened, delete=says(204))) as registry:
        assert (await bench.check(f"{registry.place}/team/model:v1")).error is None
        passed = [
            Memory(bench.home, now=partial(_in, later)).passed(registry.place, name, who)
            for later, name, who in (
                (0, "team/model", None),
                (301, "team/model", None),
                (0, "team/other", None),
                (0, "team/model", login()),
            )
        ]
        assert passed == [True, False, False, False]
        assert isinstance(await bench.push(f"{registry.place}/team/model:v1"), PublishError)
        assert not Memory(bench.home).passed(registry.place, "team/model", None)
    async with rogue(scripted(post=says(405))) as refusing:
        assert (await bench.check(f"{refusing.place}/team/model:v1", level=Level.SESSION)).error is not None
        assert not Memory(bench.home).passed(refusing.place, "team/model", None)
