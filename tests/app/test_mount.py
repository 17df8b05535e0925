"""A server under a path prefix: every surface moves with it, and every published address keeps it."""

from collections.abc import AsyncIterator

import openai
import pytest

from resolver.client import aconnect
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.fakes.upstream import Upstream

MOUNT = "/ai/"


@pytest.fixture
async def product(start: Start, upstream: Upstream) -> AsyncIterator[Installation]:
    """Give a product under /ai/ with one model."""
    async with start(server={"mount": MOUNT}) as running:
        await running.publish("qwen3", upstream.url)
        yield running


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["v1/", "access/models/default/", "access/models/default/v1/"])
async def test_calls_are_answered_under_the_mount(product: Installation, prefix: str, slash: str) -> None:
    """With and without v1, with and without a final slash, and never by a redirect."""
    assert (await product.admin.chat("qwen3", path=f"{prefix}chat/completions{slash}")).status == 200
    assert (await product.admin.get(f"{prefix}models{slash}")).json["data"][0]["id"] == "qwen3"


@pytest.mark.parametrize("role", ["server", "gateway"])
async def test_the_mount_itself_is_a_gateways_base_url(start: Start, role: str) -> None:
    """`https://gateway.example.com/ai` answers calls in that role alone."""
    async with start(server={"mount": MOUNT}, role=role) as product:
        found = (await product.admin.get("models")).status
    assert found == (200 if role == "gateway" else 404)


async def test_published_addresses_keep_the_mount(product: Installation) -> None:
    """As path without it, resolved with it: the path counts from the server's address (R7)."""
    model = (await product.anonymous.show("api/v1/models"))["items"][0]
    assert model["base_url"] == "/access/models/default/"
    assert model["url"] == f"{product.anonymous.address}access/models/default/"
    team = (await product.anonymous.show("api/v1/teams"))["items"][0]
    assert team["url"] == model["url"]
    assert (await product.anonymous.show("api/v1/resolve?team=default"))["url"] == model["url"]


async def test_a_client_finds_its_model_under_the_mount(product: Installation) -> None:
    """By name through the resolver, by address with plain OpenAI."""
    async with aconnect("qwen3", server=product.anonymous.address) as client:
        made = await client.chat.completions.create(model="qwen3", messages=[{"role": "user", "content": "hi"}])
        address = str(client.base_url)
    assert made.choices[0].message.content == "Hello there."
    assert address == f"{product.anonymous.address}access/models/default/"
    async with openai.AsyncOpenAI(base_url=address, api_key="unused") as plain:
        assert (await plain.models.retrieve("qwen3")).id == "qwen3"


@pytest.mark.parametrize("path", ["-/healthy", "-/ready", "metrics", "api/docs", "api/openapi.json", "api/v1/me"])
async def test_everything_else_is_under_the_mount(product: Installation, path: str) -> None:
    """And nothing outside of it."""
    assert (await product.admin.get(path)).status == 200
    outside = product.admin.at(product.admin.address.removesuffix(MOUNT) + "/")
    assert (await outside.get(path)).status == 404
    assert (await outside.get("v1/models")).status == 404


async def test_the_description_says_where_the_server_is(product: Installation) -> None:
    """`servers` holds the mount, so that the paths are the same everywhere."""
    described = await product.admin.show("api/openapi.json")
    assert described["servers"] == [{"url": MOUNT}]
    assert {"/api/v1/models", "/v1/chat/completions", "/-/ready"} <= described["paths"].keys()


async def test_errors_under_the_mount_have_their_surfaces_shape(product: Installation) -> None:
    """Problem details below /ai/api/, OpenAI's shape everywhere else."""
    managed = await product.admin.get("api/v1/models/mdl_none")
    called = await product.admin.chat("qwen4")
    assert (managed.status, managed.headers["Content-Type"]) == (404, "application/problem+json")
    assert (called.status, called.json["error"]["code"]) == (404, "model_not_found")


async def test_a_default_gateway_and_a_mount_do_not_mix(product: Installation) -> None:
    """A gateway's url is published as it is, whatever this server's mount."""
    await product.admin.make("gateways", name="eu", url="https://gateway.example.com/v1", is_default=True)
    model = (await product.anonymous.show("api/v1/models"))["items"][0]
    assert (model["base_url"], model["url"]) == ("https://gateway.example.com/v1",) * 2
