"""The description is valid, says what the operations do, and is shown by a page under a strict policy."""

import hashlib
import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest_aiohttp.plugin import AiohttpClient

import gateway.api
from gateway.api.openapi import document, statuses_of
from gateway.api.openapi_routes import OpenApiRoutes
from gateway.api.operation import OPERATIONS, register
from tests.api.app import make_app
from tests.api.things import ThingRoutes

STATIC = Path(gateway.api.__file__).with_name("static")
DESCRIBE = partial(document, title="modelport", version="1.2.3")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """Give the document of the imaginary noun."""
    return DESCRIBE(make_app(ThingRoutes())[OPERATIONS])


def _app() -> web.Application:
    app = make_app(ThingRoutes(), caller=None)
    register(app, OpenApiRoutes(DESCRIBE), prefix="/api")
    return app


def test_the_document_is_openapi_3_1(described: dict[str, Any]) -> None:
    """An independent validator agrees, references included."""
    OpenAPIV31SpecValidator(described).validate()


def test_every_route_is_described_and_every_description_is_a_route() -> None:
    """Neither can be forgotten; HEAD is GET without its body and needs no words."""
    app = _app()
    paths = DESCRIBE(app[OPERATIONS])["paths"]
    routes = {(route.method.lower(), route.resource.canonical) for route in app.router.routes() if route.resource}
    routes -= {route for route in routes if route[0] == "head"}
    assert {(method, path) for path, item in paths.items() for method in item} == routes


def test_an_operation_says_everything_a_caller_needs(described: dict[str, Any]) -> None:
    """Name, words, key, permission, parameters, body and answers."""
    made = described["paths"]["/api/v1/things"]["post"]
    assert (made["operationId"], made["tags"], made["summary"]) == ("create_thing", ["things"], "Make a thing")
    assert made["description"] == "Make one, at once.\n\nNeeds the permission `registry.write`."
    assert made["security"] == [{"bearer": []}]
    parameters = [(one["name"], one["in"]) for one in made["parameters"]]
    assert parameters == [("X-Reason", "header"), ("Idempotency-Key", "header")]
    assert made["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/ThingCreate")
    assert made["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/ThingView")
    assert described["components"]["schemas"]["ThingCreate"]["additionalProperties"] is False


def test_query_parameters_come_from_the_model(described: dict[str, Any]) -> None:
    """With defaults and bounds; null is said by leaving the parameter out."""
    listed = described["paths"]["/api/v1/things"]["get"]
    schemas = {one["name"]: one["schema"] for one in listed["parameters"] if one["in"] == "query"}
    assert schemas["limit"] == {"type": "integer", "default": 50, "minimum": 1, "maximum": 200}
    assert schemas["cursor"] == {"type": "string", "maxLength": 2048, "pattern": "^[A-Za-z0-9_-]*$"}
    assert schemas["colour"] == {"$ref": "#/components/schemas/Colour"}
    assert schemas["tag"]["type"] == "array"


def test_a_guarded_operation_names_its_header(described: dict[str, Any]) -> None:
    """If-Match is required where 428 would be the answer without it."""
    deleted = described["paths"]["/api/v1/things/{name}"]["delete"]
    parameters = {one["name"]: one for one in deleted["parameters"]}
    assert parameters["If-Match"]["required"] is True
    assert {"412", "428"} <= deleted["responses"].keys()
    assert deleted["responses"]["204"] == {"description": "No Content"}


@pytest.mark.parametrize("case", json.loads((Path(__file__).parents[1] / "vectors" / "if_match.json").read_text()))
def test_the_pattern_of_if_match_is_the_rule(described: dict[str, Any], case: dict[str, Any]) -> None:
    """What the document allows is never a 400, and the other way round."""
    parameters = described["paths"]["/api/v1/things/{name}"]["delete"]["parameters"]
    schema = next(one["schema"] for one in parameters if one["name"] == "If-Match")
    for line in case["lines"]:
        assert (re.search(schema["pattern"], line.strip()) is None) is (case["result"] == "bad"), case["why"]


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("about", {400, 421, 500, 503}),
        ("list_things", {400, 401, 403, 421, 422, 429, 500, 503}),
        ("show_thing", {400, 401, 403, 404, 421, 429, 500, 503}),
        ("create_thing", {400, 401, 403, 408, 409, 413, 415, 421, 422, 429, 500, 503}),
        ("delete_thing", {400, 401, 403, 404, 408, 412, 413, 421, 428, 429, 500, 503}),
    ],
)
def test_every_refusal_is_documented(name: str, statuses: set[int]) -> None:
    """What the grammar brings along is added by itself; an author declares only what the method raises."""
    declared = next(one for one in make_app(ThingRoutes())[OPERATIONS] if one.name == name)
    assert set(statuses_of(declared)) == statuses


def test_refusals_are_problem_details(described: dict[str, Any]) -> None:
    """One schema for all of them, with the headers that belong to the status."""
    answers = described["components"]["responses"]
    assert list(answers["Problem409"]["content"]) == ["application/problem+json"]
    assert list(answers["Problem503"]["headers"]) == ["Retry-After"]
    assert described["components"]["schemas"]["Problem"]["additionalProperties"] is True


def test_paths_of_another_module_are_merged() -> None:
    """The data plane describes itself; mount, version and words are the caller's."""
    extra = {"/v1/models": {"get": {"responses": {"200": {"description": "OK"}}}}}
    schemas = {"schemas": {"Model": {"type": "object"}}}
    merged = DESCRIBE(
        make_app(ThingRoutes())[OPERATIONS], server_url="/ai/", extra_paths=extra, extra_components=schemas
    )
    assert {"/v1/models", "/api/v1/things"} <= merged["paths"].keys()
    assert {"Model", "ThingView", "Problem"} <= merged["components"]["schemas"].keys()
    assert merged["servers"] == [{"url": "/ai/"}]
    OpenAPIV31SpecValidator(merged).validate()


async def test_the_document_is_served_to_everybody(aiohttp_client: AiohttpClient) -> None:
    """Without a key, and revalidated instead of sent again."""
    client = await aiohttp_client(_app())
    response = await client.get("/api/openapi.json")
    assert (response.status, response.content_type) == (200, "application/json")
    assert {"/api/v1/things", "/api/openapi.json", "/api/docs"} <= (await response.json())["paths"].keys()
    again = await client.get("/api/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status == 304


async def test_the_page_runs_under_a_strict_policy(aiohttp_client: AiohttpClient) -> None:
    """Nothing inline, nothing from elsewhere; every part that it names is served."""
    client = await aiohttp_client(_app())
    response = await client.get("/api/docs")
    page = await response.text()
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "<style" not in page
    assert " style=" not in page
    assert "://" not in page
    for part in ("docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/docs.js"):
        assert f'"{part}"' in page
        assert (await client.get(f"/api/{part}")).status == 200


@pytest.mark.parametrize("file", ["LICENSE", "..%2fdocs.html", "nothing.js"])
async def test_the_page_has_no_other_parts(aiohttp_client: AiohttpClient, file: str) -> None:
    """A fixed table, no directory."""
    client = await aiohttp_client(_app())
    assert (await client.get(f"/api/docs/{file}")).status == 404


def test_vendored_files_are_what_was_published() -> None:
    """Each file matches its checksum, each has one, and the licence is among them."""
    folder = STATIC / "swagger-ui"
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines if not line.startswith("#"))}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    del found["SHA256SUMS"]
    assert found == listed
    assert "LICENSE" in listed
