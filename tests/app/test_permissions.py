"""Every route with every role: who may is decided on the matched route, before body, condition and existence."""

from collections.abc import AsyncIterator

import pytest

from gateway.api.openapi import described_path
from gateway.api.operation import OPERATIONS
from gateway.api.permissions import Permission, Role
from tests.app.caller import Answer, Caller
from tests.app.conftest import Start
from tests.app.installation import ELSEWHERE, Installation
from tests.app.walk import Step, data_plane, management
from tests.fakes.upstream import Upstream

PUBLIC = {"/-/healthy", "/-/ready", "/api/openapi.json", "/api/docs", "/api/docs/{file}"}
CALLS = {"/access/models/{team}", "/access/models/{team}/{tail}", "/v1", "/v1/{tail}"}
MOUNTS = ("v1/", "access/models/default/v1/")
ROLES = {  # security.md section 6, written down a second time on purpose
    "viewer": {"self.read", "registry.read", "usage.own"},
    "developer": {"self.read", "registry.read", "usage.own", "infer", "keys.own"},
    "publisher": {
        "self.read", "registry.read", "usage.own", "infer", "keys.own", "registry.write", "usage.read",
        "models.deprecate",
    },
    "operator": {
        "self.read", "registry.read", "usage.own", "infer", "keys.own", "registry.write", "usage.read",
        "models.deprecate", "models.operate", "models.delete", "catalogue.operate", "downloads.write", "settings.read",
    },
    "admin": {str(one) for one in Permission},
    "auditor": {"self.read", "audit.read"},
}  # fmt: skip


@pytest.fixture
async def product(start: Start, upstream: Upstream) -> AsyncIterator[Installation]:
    """Give a product with one model."""
    async with start() as running:
        await running.publish("qwen3", upstream.url)
        yield running


def test_every_role_is_in_the_table() -> None:
    """And none beside it."""
    assert {str(role) for role in Role} == ROLES.keys()


async def test_every_route_has_a_permission_or_is_on_the_public_list(product: Installation) -> None:
    """ACL-1, ACL-2: the router is walked, so a route that was added past `register` fails here."""
    declared = {(one.method, described_path(one.path)): one for one in product.app[OPERATIONS]}
    routes = {(route.method, route.resource.canonical) for route in product.app.router.routes() if route.resource}
    heads = {("HEAD", path) for method, path in declared if method == "GET"}
    assert routes - declared.keys() == heads | {("*", path) for path in CALLS}
    assert {one.path for one in declared.values() if one.public} == PUBLIC
    assert all((one.permission is None) == one.public for one in declared.values())


async def test_a_gateways_router_has_the_data_plane_and_probes_alone(start: Start) -> None:
    """Its root takes everything else, so that an address can end anywhere."""
    async with start(role="gateway") as product:
        routes = {route.resource.canonical for route in product.app.router.routes() if route.resource}
    assert routes == CALLS | {"/{tail}", "/-/healthy", "/-/ready", "/metrics"}


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_what_the_table_says(product: Installation, role: str) -> None:
    """403 exactly where the permission is missing; what else is wrong with the request comes after."""
    caller = await product.as_role(role, team=None)
    for step in (*management(product), *data_plane(*MOUNTS)):
        answer = await _try(caller, step)
        may = not step.any_of or bool(step.any_of & ROLES[role])
        assert (answer.status == 403) is not may, f"{step}: {answer.status} {answer.text}"
        assert answer.status not in {401, 500}, f"{step}: {answer.text}"


@pytest.mark.parametrize("odd", [{}, {"If-Match": "7"}, {"Content-Type": "text/plain"}, {"Idempotency-Key": ""}])
async def test_without_a_key_nothing_else_is_looked_at(product: Installation, odd: dict[str, str]) -> None:
    """401 for what is there and what is not, for good bodies and bad ones: the answers do not differ."""
    model = (await product.admin.show("api/v1/models"))["items"][0]
    there = {"models": model["uid"], "endpoints": model["endpoints"][0]["id"]}
    for step in (*management(product), *management(product, there), *data_plane(*MOUNTS)):
        answer = await _try(product.stranger.having(**odd), step)
        if step.any_of:
            assert (answer.status, answer.code) == (401, "invalid_api_key"), f"{step}: {answer.text}"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        else:
            assert answer.status == 200, f"{step}: {answer.text}"


@pytest.mark.parametrize("path", ["v1/nothing", "v1/", "access/models/", "access/models/nobody/v1/chat/completions"])
async def test_without_a_key_nobody_learns_what_exists(product: Installation, path: str) -> None:
    """Neither teams nor operations."""
    for mount in ("", "v1/../"):
        assert (await product.stranger.get(mount + path)).status in {401, 404}
    assert (await product.stranger.post(path, {})).status == (404 if path == "access/models/" else 401)


async def test_head_is_get_without_its_body(product: Installation) -> None:
    """For a load balancer or a monitor; the same permission, the same status."""
    for step in management(product):
        if step.method == "GET":
            asked, looked = [await product.admin.call(method, step.path) for method in ("GET", "HEAD")]
            assert (looked.status, looked.body) == (asked.status, b""), str(step)
            assert (await product.stranger.call("HEAD", step.path)).status == (401 if step.any_of else 200)


async def test_permission_comes_before_existence(product: Installation) -> None:
    """ACL-4: to who may not change a model, one that is there and one that is not are the same."""
    caller = await product.as_role("viewer")
    uid = (await product.admin.show("api/v1/models"))["items"][0]["uid"]
    for method in ("PATCH", "DELETE"):
        answers = [await caller.call(method, f"api/v1/models/{one}", b"{") for one in (uid, "mdl_none")]
        assert [(one.status, one.code) for one in answers] == [(403, "permission_denied")] * 2


async def test_a_wrong_key_is_as_good_as_none(product: Installation) -> None:
    """One text for unknown, malformed, revoked: no answer tells which (KEY-10)."""
    made = await product.admin.make("keys", name="gone")
    assert (await product.admin.call("POST", f"api/v1/keys/{made['id']}/revoke")).status == 200
    last = "0" if made["key"][-1] != "0" else "1"
    keys = (made["key"], made["key"][:-1] + last, "mp_live_", "nonsense", made["key"].replace("live", "test"))
    told = set()
    for key in keys:
        answer = await product.stranger.keyed(key).get("api/v1/models")
        body = answer.json
        body.pop("request_id")
        told.add((answer.status, str(body)))
    assert len(told) == 1, told
    assert next(iter(told))[0] == 401


async def test_numbers_of_every_team_are_not_for_one_team(product: Installation) -> None:
    """/metrics names the models of all of them: it takes a key that is bound to none."""
    assert (await (await product.as_role("operator", team="default")).get("metrics")).status == 403
    assert (await (await product.as_role("viewer", team=None)).get("metrics")).status == 200


@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "api-key"])
async def test_a_key_opens_by_each_of_three_headers_and_no_other_way(product: Installation, header: str) -> None:
    """KEY-7, KEY-8: two that differ are refused, and a key in the query is none."""
    caller = product.stranger.having(**{header: f"Bearer {product.key}" if header == "Authorization" else product.key})
    second = "api-key" if header == "x-api-key" else "x-api-key"
    assert (await caller.get("api/v1/me")).status == 200
    assert (await caller.having(**{second: "mp_live_other"}).get("api/v1/me")).status == 400
    for name in ("key", "api_key", "api-key", "access_token"):
        for path in ("v1/models", "api/v1/models"):
            answer = await product.stranger.get(f"{path}?{name}={product.key}")
            assert answer.status in {400, 401}, answer.text
            assert product.key not in answer.text


async def _try(caller: Caller, step: Step) -> Answer:
    return await caller.having(Host=ELSEWHERE).call(step.method, step.path, step.body)
