import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from gateway.cli.client import Api
from gateway.cli.failure import LostAnswer
from tests.cli.fake import Fake, page, problem, running_fake
from tests.cli.program import Ended, Shell

TEAMS = "GET /api/v1/teams"
ROW = {"id": "team_1", "name": "red", "etag": '"team_1.7"'}


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Give a server that answers what the test says."""
    async with running_fake() as running:
        yield running


async def _run(shell: Shell, fake: Fake, *arguments: str) -> Ended:
    variables = {"MODELPORT_URL": fake.url, "MODELPORT_KEY": "mp_live_mine"}
    return await asyncio.to_thread(shell.having(**variables).run, *arguments)


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [(403, "permission_denied", 4), (412, "etag_mismatch", 6), (429, "rate_limit_exceeded", 11), (500, "x", 11)],
)
async def test_a_refusal_is_one_sentence_with_its_exit_code(
    shell: Shell, fake: Fake, status: int, code: str, exit_code: int
) -> None:
    """The server's detail, which server that is and who named it, and the hint; nothing on stdout, no trace."""
    fake.answers[TEAMS] = problem(status, code, "this is why", hint="do that")
    ended = await _run(shell, fake, "teams", "list")
    assert (ended.code, ended.out) == (exit_code, "")
    where = f"Server: {fake.url} (from MODELPORT_URL)\n" if exit_code in {4, 11} else ""
    assert ended.err == f"Error: this is why\n{where}Hint: do that\n"


async def test_a_refusal_as_json_holds_the_whole_problem(shell: Shell, fake: Fake) -> None:
    """-o json prints `{exit_code, problem}` (lifecycle.md section 11)."""
    fake.answers[TEAMS] = problem(409, "team_referenced", "in use", references=[{"kind": "key", "name": "ci"}])
    ended = await _run(shell, fake, "teams", "list", "-o", "json")
    answer = json.loads(ended.out)
    assert (ended.code, answer["exit_code"]) == (5, 5)
    assert answer["problem"]["references"] == [{"kind": "key", "name": "ci"}]
    assert "in use" in ended.err


async def test_every_wrong_field_is_named(shell: Shell, fake: Fake) -> None:
    """A 422 lists them all at once."""
    errors = [{"field": "name", "message": "too long"}, {"field": "default_via", "message": "unknown"}]
    fake.answers["POST /api/v1/teams"] = problem(422, "validation_failed", "name: too long", errors=errors)
    ended = await _run(shell, fake, "teams", "add", "red")
    assert ended.code == 2
    assert "name: too long; default_via: unknown" in ended.err


async def test_a_redirect_is_not_followed(shell: Shell, fake: Fake) -> None:
    """The key would go with it: exit 11 names the target, and nobody else is asked."""
    async with running_fake() as elsewhere:
        fake.answers[TEAMS] = web.Response(status=307, headers={"Location": f"{elsewhere.url}api/v1/teams"})
        ended = await _run(shell, fake, "teams", "list")
        assert ended.code == 11
        assert elsewhere.url in ended.err
        assert elsewhere.seen == []


@pytest.mark.parametrize(
    ("answer", "exit_code"),
    [
        (web.Response(text="<h1>It works</h1>", content_type="text/html"), 11),
        (web.Response(text="<h1>Not Found</h1>", content_type="text/html", status=404), 3),
        (web.Response(text="<h1>Bad Gateway</h1>", content_type="text/html", status=502), 11),
        (web.json_response({"message": "nope"}, status=403), 4),
    ],
    ids=["page", "404", "502", "other JSON"],
)
async def test_another_program_at_the_address_is_told_from_modelport(
    shell: Shell, fake: Fake, answer: web.Response, exit_code: int
) -> None:
    """A wrong port or a missing path prefix: --server is named."""
    fake.answers[TEAMS] = answer
    ended = await _run(shell, fake, "teams", "list")
    assert (ended.code, ended.out) == (exit_code, "")
    assert "not as modelport does" in ended.err
    assert "--server" in ended.err


async def test_an_answer_that_breaks_off_is_no_answer(shell: Shell, fake: Fake) -> None:
    """Exit 11, not an empty list."""

    async def cut(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"items": [], "next_cursor": null}')
        assert request.transport
        request.transport.close()
        return response

    fake.answers[TEAMS] = cut
    ended = await _run(shell, fake, "teams", "list")
    assert (ended.code, ended.out) == (11, "")
    assert "broke off" in ended.err


def test_nobody_there_says_how_to_start(shell: Shell) -> None:
    """Exit 11 names the address, the command and the flag."""
    ended = shell.run("teams", "list", "--server", "http://127.0.0.1:9")
    assert (ended.code, ended.out) == (11, "")
    assert "cannot reach http://127.0.0.1:9" in ended.err
    assert "modelport serve" in ended.err


async def test_no_proxy_stands_between_this_machine_and_itself(shell: Shell, fake: Fake) -> None:
    """A proxy of the environment would get the key, and localhost means another machine to it."""
    fake.answers[TEAMS] = page(ROW)
    proxied = shell.having(http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9")
    assert (await _run(proxied, fake, "teams", "list")).code == 0


async def test_text_from_elsewhere_does_not_steer_the_terminal(shell: Shell, fake: Fake) -> None:
    """Escapes are written out, on stderr and in tables."""
    fake.answers[TEAMS] = page({**ROW, "description": "\x1b]0;owned\x07"})
    listed = await _run(shell, fake, "teams", "list")
    fake.answers[TEAMS] = problem(500, "x", "\x1b[2Jgone")
    refused = await _run(shell, fake, "teams", "list")
    assert "\x1b" not in listed.out + refused.err
    assert "\\x1b[2Jgone" in refused.err


async def test_a_list_is_read_to_its_last_page(shell: Shell, fake: Fake) -> None:
    """The cursor goes back as it came."""

    async def pages(request: web.BaseRequest) -> web.StreamResponse:
        cursor = request.query.get("cursor")
        return page({**ROW, "name": "blue"}) if cursor == "a+/=" else page(ROW, next_cursor="a+/=")

    fake.answers[TEAMS] = pages
    ended = await _run(shell, fake, "teams", "list", "-o", "json")
    assert [row["name"] for row in json.loads(ended.out)] == ["red", "blue"]


async def test_a_change_is_guarded_by_what_was_read(shell: Shell, fake: Fake) -> None:
    """PATCH and DELETE carry the ETag of the row that the command found (LIF-4)."""
    fake.answers[TEAMS] = page(ROW)
    fake.answers["PATCH /api/v1/teams/team_1"] = web.json_response(ROW)
    fake.answers["DELETE /api/v1/teams/team_1"] = web.Response(status=204)
    assert (await _run(shell, fake, "teams", "edit", "red", "--description", "x")).code == 0
    assert (await _run(shell, fake, "teams", "remove", "red", "--yes")).code == 0
    guarded = [request for request in fake.seen if request.method != "GET"]
    assert [request.headers["If-Match"] for request in guarded] == ['"team_1.7"', '"team_1.7"']


async def test_a_creation_can_be_repeated_safely(shell: Shell, fake: Fake) -> None:
    """Each POST has an Idempotency-Key of its own (lifecycle.md section 7)."""
    fake.answers["POST /api/v1/teams"] = web.json_response(ROW, status=201)
    for _ in range(2):
        assert (await _run(shell, fake, "teams", "add", "red")).code == 0
    first, second = (request.headers["Idempotency-Key"] for request in fake.seen)
    assert first != second


async def test_debug_shows_the_trace(shell: Shell, fake: Fake) -> None:
    """Without it a user's mistake shows none (UX-15)."""
    plain = await _run(shell, fake, "teams", "show", "red")
    traced = await _run(shell, fake, "teams", "show", "red", "--debug")
    assert "Traceback" not in plain.err
    assert "Traceback" in traced.err
    assert plain.code == traced.code == 3


async def test_a_lost_answer_is_asked_for_once_more_under_the_same_key(fake: Fake) -> None:
    """Idempotency (lifecycle.md section 7): the server gives the first answer again; a second loss is a failure."""
    lost = 1

    async def forgetful(request: web.BaseRequest) -> web.StreamResponse:
        if len(fake.seen) <= lost:
            assert request.transport
            request.transport.close()
        return web.json_response({"uid": "mdl_1"})

    fake.answers["DELETE /api/v1/models/mdl_1"] = forgetful
    api = Api(fake.url, "mp_live_mine")
    answer = await asyncio.to_thread(
        api.once, "DELETE", "/models/mdl_1", reason="zu groß\n für uns", query={"drain": "0"}
    )
    assert answer.body == {"uid": "mdl_1"}
    first, second = fake.seen
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert second.headers["X-Reason"] == "zu groß für uns"
    assert second.query == {"drain": "0"}
    lost = 9
    with pytest.raises(LostAnswer):
        await asyncio.to_thread(api.once, "DELETE", "/models/mdl_1")
    assert len(fake.seen) == 4


def test_rows_come_one_to_a_line_as_ndjson(admin: Shell) -> None:
    """-o ndjson: each line is a JSON document, of a list and of a single object."""
    rows = [json.loads(line) for line in admin.run("models", "list", "-o", "ndjson").out.splitlines()]
    assert "echo" in {row["name"] for row in rows}
    (line,) = admin.run("models", "show", "echo", "-o", "ndjson").out.splitlines()
    assert json.loads(line)["name"] == "echo"
    assert json.loads(admin.run("models", "show", "nobody", "-o", "ndjson").out)["exit_code"] == 3
