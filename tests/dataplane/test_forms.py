"""Every operation answers at every form of the address: mount, `v1`, final slash, role (clients.md section 3)."""

from collections.abc import AsyncIterator
from itertools import product

import pytest
import pytest_asyncio

from gateway.access.operations import MODEL, OPERATIONS, Operation
from tests.app.caller import Answer, Caller
from tests.dataplane.house import House, Model, form, mark, refused, sent, target, told
from tests.dataplane.opening import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVER = ("v1", "access/models/default", "access/models/default/v1")
GATEWAY = (*SERVER, "")
ROWS = (*OPERATIONS, MODEL)
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"}
GROUPS = ("batches", "chat.completions", "files", "images", "moderations", "responses")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["server", "gateway", "mounted"])
async def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[House, Model, tuple[str, ...]]]:
    """Give a product in each role, and the first one under a path prefix; with one model that takes everything."""
    folder = tmp_path_factory.mktemp("forms")
    mount = "/ai/models/" if request.param == "mounted" else "/"
    async with opened(folder, server={"mount": mount}) as house:
        model = await house.publish(house.near)
        await house.take("default", model, *GROUPS)
        if request.param != "gateway":
            yield house, model, SERVER
            return
        await house.product.inside.stop()
        async with opened(folder, before=house, role="gateway") as gateway:
            yield gateway, model, GATEWAY


async def call(caller: Caller, row: Operation, path: str, model: Model, marker: str) -> Answer:
    """Make the simplest call of an operation."""
    if row.body == "multipart":
        body, headers = form(("model", model.name), ("prompt", marker), ("file", "x"))
        return await caller.call(row.method, path, body, **headers)
    fields = {"model": model.name} if row.model == "required" else {}
    return await caller.call(row.method, path, {**fields, "user": marker} if row.body == "json" else None)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
async def test_an_operation_answers_at_every_form(place: tuple[House, Model, tuple[str, ...]], row: Operation) -> None:
    """PRX-25: never a redirect; the upstream sees one and the same path, in the way its base_url is written."""
    house, model, bases = place
    for base, slash in product(bases, ("", "/")):
        marker = mark()
        house.near.scripts[marker] = told(id=f"x{marker}", data=[])
        object_id = model.name if row is MODEL else f"id-{marker}"
        tail = row.path.replace("{id}", object_id)
        query = f"?after={marker}" if row.lists else ""
        answered = await call(house.admin, row, f"{base}/{tail}{slash}{query}".removeprefix("/"), model, marker)
        assert answered.status == 200, (base, slash, answered.text)
        if not row.local:
            assert [target(one) for one in sent(house.near, marker)] == [f"/v1/{tail}{query}"]
            assert house.near.journal.records[-1].head.startswith(row.method.encode())


@pytest.mark.parametrize("path", sorted({row.path for row in ROWS}))
async def test_another_method_is_refused_with_those_that_are_allowed(
    place: tuple[House, Model, tuple[str, ...]], path: str
) -> None:
    """PRX-28: `Allow` says the truth, at every form."""
    house, _, bases = place
    allowed = {one.method for one in ROWS if one.path == path}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    before = len(house.near.journal.records)
    for base, slash, method in product(bases, ("", "/"), METHODS - allowed):
        called = f"{base}/{path.replace('{id}', 'some-id')}{slash}".removeprefix("/")
        answered = await house.admin.call(method, called)
        assert answered.status == 405, (method, called, answered.text)
        assert set(answered.headers["Allow"].split(", ")) == allowed
    assert len(house.near.journal.records) == before


async def test_a_server_has_no_data_plane_at_its_root(place: tuple[House, Model, tuple[str, ...]]) -> None:
    """Of `/` and `/v1/` a server has the second only; a gateway's root says what is missing."""
    house, _, bases = place
    answered = await house.admin.get("models")
    assert answered.status == (200 if "" in bases else 404)
    root = await house.admin.get("")
    assert root.status == (404 if "" in bases else root.status)
    for path in ("v1", "v1/", "access/models/default", "access/models/default/", "access/models/default/v1"):
        error = refused(await house.admin.get(path), 404, "not_found")
        assert "base_url" in error["hint"]


WRONG = (
    "v1/v1/models",
    "access/models/default/v1/v1/models",
    "v1//models",
    "v1/models//",
    "v1/./models",
    "v1/%2e/models",
)


@pytest.mark.parametrize("path", WRONG)
async def test_other_forms_are_refused_and_not_mended(place: tuple[House, Model, tuple[str, ...]], path: str) -> None:
    """CMP-22 PRX-26: what two readers could take for two things is nothing."""
    house, _, _ = place
    before = len(house.near.journal.records)
    refused(await house.admin.get(path), 404, "not_found")
    assert len(house.near.journal.records) == before
