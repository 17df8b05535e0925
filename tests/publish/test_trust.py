import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from gateway.publish.messages import PublishError
from tests.publish.publishing import Bench
from tests.publish.registries import login
from tests.publish.rogue import rogue, says, scripted

_UPLOADS = "/v2/team/model/blobs/uploads/"
_NOT_FOLLOWED = "{{place}} sent the upload to an address that is not followed ({})."


@pytest.mark.parametrize(
    ("realm", "why"),
    [
        ("http://169.254.169.254/token", "169.254.169.254:80 is link-local"),
        ("http://[fd00:ec2::254]/token", "a cloud metadata service"),
        ("http://10.0.0.1/token", "is a private network"),
        ("file:///etc/passwd", "it is no http or https address"),
        ("http://user:pw@127.0.0.1/token", "it is no http or https address"),
        ("//127.0.0.1/token", "it is no http or https address"),
    ],
)
async def test_a_realm_where_no_credentials_go(bench: Bench, realm: str, why: str) -> None:
    """PUB-8: the realm is an attacker's to write; the egress policy and its form decide, and it is named."""
    challenge = f'Bearer realm="{realm}",service="x"'
    async with rogue(scripted(ping=says(401, WWW_Authenticate=challenge), head=says(401))) as registry:
        report = await bench.check(f"{registry.place}/team/model:v1", login())
    assert report.error is not None
    assert report.error.code == "realm_refused"
    assert why in report.error.message
    assert registry.credentials == []


async def test_an_upload_on_another_host_gets_no_credentials(bench: Bench) -> None:
    """PUB-8: `Location` may lead anywhere that the policy allows; the credential stays with its registry."""
    taken: dict[str, int] = {}

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        taken[request.method] = len(await request.read())
        return web.Response(status=201 if request.method == "PUT" else 204)

    async with rogue(elsewhere) as storage:

        async def answer(request: web.Request) -> web.StreamResponse:
            if "Authorization" not in request.headers:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            if request.method == "POST":
                return web.Response(status=202, headers={"Location": f"http://{storage.place}/upload/1?state=x"})
            return web.Response(status=201 if request.method == "PUT" else 404)

        async with rogue(answer) as registry:
            report = await bench.check(f"{registry.place}/team/model:v1", login())
            assert report.error is None
            pushed = await bench.push(f"{registry.place}/team/model:v1", login())
    assert not isinstance(pushed, PublishError)
    assert (set(taken), storage.credentials) == ({"PUT", "DELETE"}, [])
    assert set(registry.credentials) == {login().basic}


async def test_a_token_that_ran_out_is_asked_for_anew(bench: Bench) -> None:
    """PUB-12: on a 401 in the middle of a push the token is renewed, once, and the blob is sent again."""
    given, puts = [0], [0]

    async def tokens(_: web.Request) -> web.StreamResponse:
        given[0] += 1
        return web.json_response({"token": f"t{given[0]}"})

    async with rogue(tokens) as server:
        challenge = {"WWW-Authenticate": f'Bearer realm="http://{server.place}/t",service="x"'}

        async def answer(request: web.Request) -> web.StreamResponse:
            await request.read()
            token = request.headers.get("Authorization", "")
            puts[0] += request.method == "PUT"
            if not token or (token == "Bearer t1" and puts[0] >= 3):
                return web.Response(status=401, headers=challenge)
            if request.method == "POST":
                return web.Response(status=202, headers={"Location": f"{_UPLOADS}{puts[0]}"})
            return web.Response(status=201 if request.method == "PUT" else 404)

        async with rogue(answer) as registry:
            pushed = await bench.push(f"{registry.place}/team/model:v1", login())
    assert not isinstance(pushed, PublishError)
    assert (len(pushed.sent), given[0]) == (6, 2)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (
            {"ping": says(404, "<!doctype html><p>", Content_Type="text/html")},
            "http://{place}/v2/ answered 404 text/html: not an OCI registry.",
        ),
        (
            {"ping": says(200, "<html>", Content_Type="text/html")},
            "http://{place}/v2/ answered 200 text/html: not an OCI registry.",
        ),
        ({"ping": says(301, Location="http://x/")}, "http://{place}/v2/ answered 301 text/plain: not an OCI registry."),
        (
            {"post": says(404, '{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}')},
            "Repository team/model does not exist. Create it in the registry's own interface.",
        ),
        (
            {"post": says(404, "404 page not found\n")},
            '{place} refuses the name "team/model" (404: 404 page not found).',
        ),
        (
            {"post": says(405, "Method not allowed")},
            "{place} accepts no uploads (405): it is read-only or a pull-through cache.",
        ),
        (
            {"post": says(429, "slow down", Retry_After="99")},
            "{place} answers 429, too many requests: slow down. Wait 99 s and try again.",
        ),
        (
            {"post": says(500, "\x1b[31m<b>" + "x" * 70_000)},
            "{place} answered 500 to the upload: [31m<b>" + "x" * 193 + ". Look at the registry's log.",
        ),
        ({"post": says(202)}, _NOT_FOLLOWED.format("it is empty or holds characters that no address has")),
        (
            {"post": says(202, Location="//evil.example/x")},
            _NOT_FOLLOWED.format("neither a path nor a full http or https address"),
        ),
        (
            {"post": says(202, Location="file:///etc/passwd")},
            _NOT_FOLLOWED.format("neither a path nor a full http or https address"),
        ),
    ],
)
async def test_an_odd_answer_is_one_sentence(bench: Bench, answers: dict[str, web.Response], message: str) -> None:
    """PUB-9: text, HTML, nothing or a megabyte: read leniently, shown in 200 characters, never a trace."""
    async with rogue(scripted(**answers)) as registry:
        report = await bench.check(f"{registry.place}/team/model:v1")
        assert report.error is not None
        assert report.error.message == message.format(place=registry.place)


@pytest.mark.parametrize("status", [404, 405, 500])
async def test_a_registry_that_cannot_cancel(bench: Bench, status: int) -> None:
    """PUB-5: not every registry knows the cancel endpoint; the session is then told, and pushing is allowed."""
    opened = says(202, Location=f"{_UPLOADS}abc-1?_state=s")
    async with rogue(scripted(post=opened, delete=says(status))) as registry:
        report = await bench.check(f"{registry.place}/team/model:v1")
    assert (report.error, report.left_behind) == (None, ["upload session abc-1 of team/model"])


async def test_a_busy_registry_is_asked_once_more(bench: Bench) -> None:
    """PUB-12: 429 and 503 with a short Retry-After."""
    turns = iter([503, 202])

    def post(_: web.Request) -> web.Response:
        return web.Response(status=next(turns), headers={"Retry-After": "0", "Location": f"{_UPLOADS}1"})

    async with rogue(scripted(post=post, delete=says(204))) as registry:
        report = await bench.check(f"{registry.place}/team/model:v1")
    assert (report.error, len(registry.asked("POST"))) == (None, 2)


async def test_an_interrupted_check_cancels_its_session(bench: Bench) -> None:
    """PUB-5: also when the answer to the opening request was still under way."""
    asked = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            asked.set()
            await asyncio.sleep(0.2)
            return web.Response(status=202, headers={"Location": f"{_UPLOADS}late"})
        return web.Response(status=204 if request.method == "DELETE" else 200 if request.path == "/v2/" else 404)

    async with rogue(answer) as registry:
        check = asyncio.get_running_loop().create_task(bench.check(f"{registry.place}/team/model:v1"))
        await asked.wait()
        check.cancel()
        with pytest.raises(asyncio.CancelledError):
            await check
        assert registry.asked("DELETE") == [f"{_UPLOADS}late"]


async def test_https_to_a_plain_registry_says_so(bench: Bench, tmp_path: Path) -> None:
    """The most frequent mistake with a registry of one's own."""
    del tmp_path
    async with rogue(scripted()) as registry:
        publisher = bench.publisher(f"{registry.place}/team/model:v1", check_only=True)
        publisher._access = type(publisher._access)(policy=publisher._access.policy)
        report = (await publisher.run()).report
    assert report is not None
    assert report.error is not None
    assert report.error.message == (
        f"{registry.place} answered plain HTTP where HTTPS was expected. Use --plain-http for this registry."
    )
