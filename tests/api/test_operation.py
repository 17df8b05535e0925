"""Operations: what is checked, in which order, and what the caller is told."""

import io
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from gateway.api.operation import OPERATIONS, operation, register
from gateway.api.permissions import Permission
from tests.api.app import VIEWER, make_app
from tests.api.things import Colour, ThingCreate, ThingQuery, ThingRoutes

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def routes() -> ThingRoutes:
    """Give the routes, to look at what reached them."""
    return ThingRoutes()


@pytest.fixture
async def client(routes: ThingRoutes, aiohttp_client: AiohttpClient) -> Client:
    """Give a client of an administrator."""
    return await aiohttp_client(make_app(routes))


async def _problem(response: Any, status: int) -> dict[str, Any]:
    assert (response.status, response.content_type) == (status, "application/problem+json")
    problem: dict[str, Any] = await response.json()
    assert problem["status"] == status
    return problem


async def test_a_good_body_arrives_as_a_model(client: Client, routes: ThingRoutes) -> None:
    """Strict JSON still turns strings into enums."""
    response = await client.post("/api/v1/things", json={"name": "a", "weight": 3, "colour": "blue"})
    assert (response.status, await response.json()) == (201, {"name": "a", "weight": 3})
    assert response.headers["Cache-Control"] == "no-store"
    assert routes.calls == [ThingCreate(name="a", weight=3, colour=Colour.BLUE)]


@pytest.mark.parametrize(
    ("body", "field", "says", "got"),
    [
        ({}, "name", "Field required", None),
        ({"name": ""}, "name", "at least 1 character", "a string"),
        ({"name": "a", "weight": "3"}, "weight", "valid integer", "a string"),
        ({"name": "a", "weight": True}, "weight", "valid integer", True),
        ({"name": "a", "weight": 2.5}, "weight", "valid integer", 2.5),
        ({"name": "a", "weight": None}, "weight", "valid integer", "null"),
        ({"name": "a", "colour": "green"}, "colour", "'red' or 'blue'", "a string"),
        ({"name": "a", "wieght": 3}, "wieght", "did you mean 'weight'?", None),
        ({"name": "a", "tags": ["x", 1]}, "tags.1", "valid string", 1),
        (["name"], "", "object", "a list"),
    ],
)
async def test_a_wrong_field_is_named(client: Client, body: Any, field: str, says: str, got: object) -> None:
    """422 lists each wrong field with what was expected (lax mode would take "3" and true for numbers)."""
    problem = await _problem(await client.post("/api/v1/things", json=body), 422)
    assert problem["code"] == "validation_failed"
    assert problem["errors"][0]["field"] == field
    assert says in problem["errors"][0]["message"]
    assert problem["errors"][0].get("got") == got


async def test_a_refusal_never_repeats_a_string(client: Client) -> None:
    """A key in the wrong field must not come back, nor reach a log (SEC-5)."""
    canary = "sk-canary-0123456789"
    body = {"name": canary * 3, "weight": canary, "colour": canary, "api_key": canary, "tags": {"a": canary}}
    response = await client.post("/api/v1/things", json=body)
    assert response.status == 422
    assert "canary" not in await response.text()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b'{"name": "a"}', "text/plain", 415, "unsupported_media_type"),
        (b'{"name": "a"}', "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"name": "a"}', "application/json; charset=utf-16", 415, "unsupported_media_type"),
        (b'{"name": "a"}', "application/json; charset=UTF-8", 201, None),
        (b'{"name": "a"', "application/json", 400, "invalid_json"),
        (b"", "application/json", 400, "invalid_json"),
        (b'{"name": "a", "name": "b"}', "application/json", 400, "invalid_json"),
        (b'{"name": "\\ud800"}', "application/json", 400, "invalid_json"),
        (b'{"tags": ' + b"[" * 300 + b"]" * 300 + b"}", "application/json", 400, "invalid_json"),
        (b" " * (1024 * 1024 + 1), "application/json", 413, "request_too_large"),
    ],
)
async def test_what_is_no_json_body(
    client: Client, body: bytes, content_type: str, status: int, code: str | None
) -> None:
    """Type, size and grammar each have their own status."""
    response = await client.post("/api/v1/things", data=io.BytesIO(body), headers={"Content-Type": content_type})
    assert (response.status, (await response.json()).get("code")) == (status, code)


async def test_a_large_body_without_a_length_is_cut_off(client: Client) -> None:
    """The limit counts what comes, not what is announced."""

    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65536

    headers = {"Content-Type": "application/json"}
    problem = await _problem(await client.post("/api/v1/things", data=endless(), headers=headers), 413)
    assert "1048576 bytes" in problem["detail"]


async def test_permission_comes_before_the_body(routes: ThingRoutes, aiohttp_client: AiohttpClient) -> None:
    """A caller without the permission learns nothing from a bad body (ACL-4)."""
    client = await aiohttp_client(make_app(routes, caller=VIEWER))
    problem = await _problem(await client.post("/api/v1/things?x=1", data=b"garbage"), 403)
    assert problem["code"] == "permission_denied"
    assert routes.calls == []


async def test_without_a_caller_nothing_but_public_operations_answers(aiohttp_client: AiohttpClient) -> None:
    """Deny is the default (ACL-2)."""
    client = await aiohttp_client(make_app(ThingRoutes(), caller=None))
    response = await client.get("/api/v1/things")
    await _problem(response, 401)
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert await (await client.get("/api/v1/about")).text() == "GET"


async def test_parameters_arrive_as_a_model(client: Client, routes: ThingRoutes) -> None:
    """Text becomes numbers, flags and enums; a list is a repeated parameter."""
    await client.get("/api/v1/things?limit=7&colour=blue&tag=x&tag=y&heavy=true")
    assert routes.calls == [("GET", ThingQuery(limit=7, colour=Colour.BLUE, tag=("x", "y"), heavy=True))]


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("colr=red", 400, "did you mean 'colour'?"),
        ("q=red", 400, "known here: limit, cursor, colour, tag, heavy"),
        ("limit=1&limit=2", 400, "2 times"),
        ("tag=%00", 400, "NUL"),
        ("limit=x", 422, "valid integer"),
        ("limit=0", 422, "greater than or equal to 1"),
        ("cursor=garbage", 400, "not made by this list"),
    ],
)
async def test_a_wrong_parameter_is_named(client: Client, query: str, status: int, says: str) -> None:
    """An unknown parameter is never ignored: a filter with a typo would list everything."""
    problem = await _problem(await client.get(f"/api/v1/things?{query}"), status)
    assert says in problem["detail"] + problem.get("hint", "")


async def test_an_operation_without_parameters_takes_none(client: Client) -> None:
    """The same holds where there is nothing to misspell."""
    problem = await _problem(await client.get("/api/v1/things/a?verbose=1"), 400)
    assert problem["code"] == "unknown_parameter"


async def test_a_walk_through_pages(client: Client) -> None:
    """Each page leads to the next, the last one to none."""
    seen, url = [], "/api/v1/things?limit=2"
    for _ in range(3):
        page = await (await client.get(url)).json()
        seen += [item["name"] for item in page["items"]]
        url = f"/api/v1/things?limit=2&cursor={page['next_cursor']}"
    assert (seen, page["next_cursor"]) == (list("abcde"), None)


@pytest.mark.parametrize(
    ("if_match", "status"), [(None, 428), ("", 400), ("7", 400), ('"a.6"', 412), ('"a.7"', 204), ("*", 204)]
)
async def test_a_guarded_change(client: Client, if_match: str | None, status: int) -> None:
    """If-Match decides before anything is changed (lifecycle.md section 6)."""
    headers = {} if if_match is None else {"If-Match": if_match}
    response = await client.delete("/api/v1/things/a", headers=headers)
    assert response.status == status


async def test_a_guard_that_nobody_looks_at_is_refused(client: Client, routes: ThingRoutes) -> None:
    """A caller that asked for protection is told that there is none here."""
    await _problem(await client.post("/api/v1/things:touch", headers={"If-Match": '"a.7"'}), 400)
    assert routes.calls == []


@pytest.mark.parametrize(("body", "status"), [(b"", 204), (b"{}", 204), (b'{"force": true}', 400)])
async def test_a_body_that_nobody_looks_at_is_refused(client: Client, body: bytes, status: int) -> None:
    """An option sent to an operation without options is not silently dropped."""
    assert (await client.post("/api/v1/things:touch", data=body)).status == status


async def test_a_reader_with_the_current_copy_gets_304(client: Client) -> None:
    """Polling costs nothing."""
    first = await client.get("/api/v1/things/a")
    assert first.headers["ETag"] == '"a.7"'
    second = await client.get("/api/v1/things/a", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status, await second.read(), second.headers["ETag"]) == (304, b"", '"a.7"')


async def test_a_nul_in_the_path_is_not_found(client: Client) -> None:
    """PostgreSQL would answer it with an error of its own."""
    await _problem(await client.get("/api/v1/things/%00"), 404)


def test_every_operation_is_noted_with_its_whole_path() -> None:
    """The document and the permission walk are made of this list."""
    noted = [(one.method, one.path, one.name) for one in make_app(ThingRoutes())[OPERATIONS]]
    assert noted[0] == ("POST", "/api/v1/things", "create_thing")
    assert len(noted) == 6


def test_two_operations_cannot_share_a_name() -> None:
    """The name is the operationId, which client generators make methods of."""
    app = web.Application()
    with pytest.raises(ValueError, match="create_thing"):
        register(app, ThingRoutes(), ThingRoutes())


def test_an_operation_without_a_permission_does_not_load() -> None:
    """Nobody can forget it (ACL-1)."""
    with pytest.raises(TypeError, match="ACL-2"):

        @operation("GET", "/x", answers={200: None}, tag="x", summary="X")
        async def show(self: object, request: web.Request) -> web.StreamResponse:
            raise NotImplementedError(self, request)


def test_parameters_that_do_not_fit_do_not_load() -> None:
    """A declared body that the method cannot take is found at import, not at the first call."""
    with pytest.raises(TypeError, match="body"):

        @operation(
            "POST", "/x", permission=Permission.INFER, body=ThingCreate, answers={200: None}, tag="x", summary="X"
        )
        async def create(self: object, request: web.Request) -> web.StreamResponse:
            raise NotImplementedError(self, request)
