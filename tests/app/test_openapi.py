"""The description is true: each route is in it and nothing else is, it is valid, and the live server keeps to it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.access.operations import DELETE_MODEL, MODEL
from gateway.access.operations import OPERATIONS as CALLS
from gateway.api.openapi import described_path
from gateway.api.operation import OPERATIONS
from tests.app.caller import Caller
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.app.walk import data_plane
from tests.conformance.modelport import running_modelport

HERE = Path(__file__).parent
COMMITTED = HERE.parents[1] / "docs" / "openapi.json"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "allow_header_conformance",
    "ignored_auth",
    "use_after_free",
    "ensure_resource_availability",
)
LIMIT_S = 900.0  # a ceiling: some 40 s on an idle machine


async def test_every_route_is_described_and_every_description_is_a_route(product: Installation) -> None:
    """Both ways: the API by the router, the data plane by its table."""
    described = await product.admin.show("api/openapi.json")
    found = {(method.upper(), path) for path, item in described["paths"].items() for method in item}
    managed = {(one.method, described_path(one.path)) for one in product.app[OPERATIONS]}
    called = {
        (row.method, f"{mount}/{row.path}")
        for mount in ("/v1", "/access/models/{team}")
        for row in (*CALLS, MODEL, DELETE_MODEL)
    }
    assert found == managed | called
    routes = {(route.method, route.resource.canonical) for route in product.app.router.routes() if route.resource}
    assert {one for one in routes if one[0] not in {"*", "HEAD"}} == managed


async def test_what_is_described_of_the_data_plane_is_answered(product: Installation) -> None:
    """No operation of it is an unknown path or a wrong method."""
    for step in data_plane("v1/", "access/models/default/"):
        answer = await product.admin.call(step.method, step.path, step.body)
        assert answer.status != 405, str(step)
        assert "is served" not in answer.text, f"{step}: {answer.text}"


@pytest.mark.parametrize("mount", ["/", "/ai/"])
async def test_the_description_is_valid(start: Start, mount: str) -> None:
    """An independent validator agrees, and everything has a name, a summary and an answer."""
    async with start(server={"mount": mount}) as product:
        described = await product.anonymous.show("api/openapi.json")
    OpenAPIV31SpecValidator(described).validate()
    operations = [one for item in described["paths"].values() for one in item.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all(one["summary"] and one["responses"] for one in operations)


async def test_the_committed_description_is_the_served_one(product: Installation) -> None:
    """`make fmt` writes it; a change of the API is a change of this file."""
    assert await product.anonymous.show("api/openapi.json") == json.loads(COMMITTED.read_text())


@pytest.mark.parametrize("mount", ["/", "/ai/"])
async def test_the_page_and_its_parts_load_under_the_strict_policy(start: Start, mount: str) -> None:
    """WEB-3: every part comes from here, nothing is inline, and the browser is told so."""
    async with start(server={"mount": mount}) as product:
        page = await product.stranger.get("api/docs")
        parts = [one for one in re.findall(r'(?:src|href)="([^"]+)"', page.text) if one != "data:,"]  # no icon
        answers = [page, *[await product.stranger.get(f"api/{part}") for part in parts]]
    assert set(parts) >= {"docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/docs.js", "openapi.json"}
    assert not re.search(r"<style|\son\w+=|style=|<script>|javascript:|://", page.text)
    for answer in answers:
        assert answer.status == 200
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_fuzzer_finds_no_fault_and_nothing_undocumented(tmp_path: Path, caller: Caller) -> None:
    """Some 4,000 requests, each answer held against the description; then the server's log is looked through."""
    settings = {"demo": True, "server": {"open_to_localhost": False}, "access": {"delete_models": True}}
    with running_modelport(tmp_path, settings) as server:
        admin = caller.at(f"{server.origin}/").keyed(server.admin_key)
        key = (await admin.make("keys", name="fuzzer", role="admin"))["key"]
        ended = subprocess.run(  # noqa: ASYNC221 - nothing else happens meanwhile
            _command(f"{server.origin}/api/openapi.json", key),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
        assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
        assert (await admin.get("api/v1/me")).status == 200
        log = server.log.read_text()
    assert "Traceback" not in log
    assert '"level":"error"' not in log.replace('": "', '":"')
    assert key not in log


def _command(url: str, key: str) -> list[str]:
    where = ["--config-file", str(HERE / "schemathesis.toml"), "run", url, "-H", f"Authorization: Bearer {key}"]
    what = ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing,stateful"]
    how = ["--max-examples", "4", "--seed", "1", "--continue-on-failure", "--no-color", "--warnings", "off"]
    return [sys.executable, "-m", "schemathesis.cli", *where, *what, *how]
