"""A server and a gateway on one database: two processes, one registry, and callers who do not know the difference."""

import asyncio
import base64
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.app.caller import Caller, until
from tests.app.installation import free_port
from tests.cli.program import Shell
from tests.conformance.modelport import HOST_NAME, Modelport, UpstreamProcess, running_modelport, running_upstream
from tests.postgres import Cluster

NOTICED_S = 5.0  # changes are looked for every second; a loaded machine may add some


@dataclass(frozen=True, slots=True)
class Pair:
    """Both processes, and the model server behind them."""

    server: Modelport
    gateway: Modelport
    upstream: UpstreamProcess

    def to_server(self, caller: Caller) -> Caller:
        """Return the administrator at the server."""
        return caller.at(f"{self.server.origin}/").having(Host=HOST_NAME).keyed(self.server.admin_key)

    def to_gateway(self, caller: Caller) -> Caller:
        """Return the administrator at the gateway."""
        return self.to_server(caller).at(f"{self.gateway.origin}/")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Give both roles: over one data directory with SQLite, as on two machines with PostgreSQL."""
    folder = tmp_path_factory.mktemp("roles")
    folders, settings = _one_machine(folder)
    if request.param == "postgresql":
        folders, settings = _two_machines(folder, request.getfixturevalue("postgresql"))
    with ExitStack() as stack:
        upstream = stack.enter_context(running_upstream(folder / "upstream.log"))
        server = stack.enter_context(running_modelport(folders[0], settings))
        port = free_port()
        asyncio.run(_publish(server, upstream, f"http://127.0.0.1:{port}"))  # before: others notice within a second
        settings = {**settings, "role": "gateway", "server": {"port": port}}
        gateway = stack.enter_context(running_modelport(folders[1], settings, admin_key=server.admin_key))
        yield Pair(server, gateway, upstream)


def _one_machine(folder: Path) -> tuple[tuple[Path, Path], dict[str, Any]]:
    return (folder, folder), {}


def _two_machines(folder: Path, cluster: Cluster) -> tuple[tuple[Path, Path], dict[str, Any]]:
    """What processes on two machines share: the database, and the two keys outside of it."""
    cluster.administrator.run("CREATE DATABASE roles")
    here, there, shared = folder / "here", folder / "there", {}
    for place in (here, there):
        place.mkdir()
    for name in ("pepper", "kek"):
        path = folder / name
        path.touch(0o600)
        path.write_bytes(base64.b64encode(secrets.token_bytes(32)))
        shared[name] = f"file:{path}"
    return (here, there), {"database": {"url": cluster.url("roles")}, "secrets": shared}


async def _publish(server: Modelport, upstream: UpstreamProcess, gateway: str) -> None:
    """One team, one model through the gateway and one on the server; the endpoint's key is stored."""
    management = server.management
    endpoint = {"base_url": f"http://127.0.0.1:{upstream.port}/v1", "api_key": "sk-upstream"}
    await management.post("/gateways", {"name": "eu", "url": gateway})
    await management.post("/models", {"name": "through", "via": "eu", "endpoints": [endpoint]})
    await management.post("/models", {"name": "direct", "via": "server", "endpoints": [endpoint]})


def test_one_program_calls_both_models_and_does_not_know_the_difference(pair: Pair, tmp_path: Path) -> None:
    """The same lines of code, by name through the resolver and by published url with plain OpenAI."""
    shell = Shell(tmp_path, {}).having(MODELPORT_URL=f"{pair.server.origin}/", MODELPORT_KEY=pair.server.admin_key)
    root = str(Path(__file__).parents[2])
    ended = shell.having(PYTHONPATH=root).execute(sys.executable, "-m", "tests.app.program", "through", "direct")
    assert ended.code == 0, ended.err
    through, direct = map(json.loads, ended.out.splitlines())
    assert through["address"].rstrip("/") == pair.gateway.origin
    assert direct["address"] == f"{pair.server.origin}/access/models/default/"
    for said in (through, direct):
        assert (said["resolver"], said["plain"]) == ("Hello there.", "Hello there.")


async def test_each_model_is_published_where_its_via_says(pair: Pair, caller: Caller) -> None:
    """The same members in both forms; `url` is what `base_url` means for this caller."""
    page = await pair.to_server(caller).show("api/v1/models")
    models = {one["name"]: one for one in page["items"]}
    through, direct = models["through"], models["direct"]
    assert (through["base_url"], through["url"], through["kind"]) == (pair.gateway.origin,) * 2 + ("gateway",)
    assert direct["base_url"] == "/access/models/default/"
    assert direct["url"] == f"http://{HOST_NAME}/access/models/default/"
    assert through.keys() == direct.keys()


@pytest.mark.parametrize("prefix", ["", "v1/", "access/models/default/", "access/models/default/v1/"])
async def test_a_gateway_answers_at_its_root_and_at_every_other_mount(pair: Pair, caller: Caller, prefix: str) -> None:
    """So that its url is itself a base_url; every process serves every model (docs/decisions/0002)."""
    gateway = pair.to_gateway(caller)
    await _known(gateway, "through")
    for model in ("through", "direct"):
        for slash in ("", "/"):
            assert (await gateway.chat(model, path=f"{prefix}chat/completions{slash}")).status == 200
    listed = (await gateway.get(f"{prefix}models")).json["data"]
    assert {"through", "direct"} <= {one["id"] for one in listed}


@pytest.mark.parametrize("path", ["api/v1/models", "api/v1/keys", "api/openapi.json", "api/docs", "console/"])
async def test_a_gateway_has_no_management(pair: Pair, caller: Caller, path: str) -> None:
    """The data plane alone: with the administrator's key there is nothing, without one not even that is said."""
    gateway = pair.to_gateway(caller)
    assert (await gateway.get(path)).status == 404
    assert (await gateway.having(Authorization="").get(path)).status == 401
    created = await gateway.post("api/v1/models", {"name": "x"})
    assert created.status in {404, 405}


async def test_a_gateway_has_probes(pair: Pair, caller: Caller) -> None:
    """A load balancer asks both roles alike."""
    for process in (pair.to_server(caller), pair.to_gateway(caller)):
        assert (await process.get("-/ready")).status == 200
        assert "modelport_" in (await process.get("metrics")).text


async def test_a_gateways_new_url_is_published_from_the_next_read_on(pair: Pair, caller: Caller) -> None:
    """Nothing is stored joined."""
    admin = pair.to_server(caller)
    made = await admin.make("gateways", name=f"us-{secrets.token_hex(3)}", url="https://old.example.com")
    model = await admin.make("models", name=f"moving-{secrets.token_hex(3)}", via=made["name"])
    changed = await admin.call("PATCH", f"api/v1/gateways/{made['id']}", {"url": "https://new.example.com/ai"})
    assert changed.status == 200
    read = await admin.show(f"api/v1/models/{model['uid']}")
    assert (read["base_url"], read["url"]) == ("https://new.example.com/ai",) * 2
    resolved = await admin.show(f"api/v1/resolve?model={model['name']}&team=default")
    assert resolved["base_url"] == "https://new.example.com/ai"


async def test_what_is_published_on_the_server_is_served_by_the_gateway(pair: Pair, caller: Caller) -> None:
    """At once (CMP-21), and gone within about two seconds."""
    admin, gateway = pair.to_server(caller), pair.to_gateway(caller)
    await _known(gateway, "through")
    name = f"new-{secrets.token_hex(3)}"
    assert (await gateway.chat(name)).status == 404
    endpoints = [{"base_url": f"http://127.0.0.1:{pair.upstream.port}/v1"}]
    model = await admin.make("models", name=name, via="eu", endpoints=endpoints)
    assert (await gateway.chat(name, path="chat/completions")).status == 200
    gone = await admin.call("DELETE", f"api/v1/models/{model['uid']}")
    assert gone.status == 202  # the gateway has to see it too
    await _answers(gateway, f"models/{name}", 404)


async def test_a_team_and_a_name_are_known_at_once(pair: Pair, caller: Caller) -> None:
    """CMP-21, for what is asked without a call: the team in the path, one model of its list."""
    admin, gateway = pair.to_server(caller), pair.to_gateway(caller)
    await _known(gateway, "through")
    team = await admin.make("teams", name=f"t-{secrets.token_hex(3)}")
    assert (await gateway.get(f"access/models/{team['name']}/models")).status == 200
    endpoints = [{"base_url": f"http://127.0.0.1:{pair.upstream.port}/v1"}]
    await admin.make("models", name="fresh", team=team["name"], endpoints=endpoints)
    assert (await gateway.get(f"access/models/{team['name']}/v1/models/fresh")).status == 200


async def test_a_key_that_is_revoked_on_the_server_ends_at_the_gateway(pair: Pair, caller: Caller) -> None:
    """KEY-5: within five seconds; here within about two."""
    admin, gateway = pair.to_server(caller), pair.to_gateway(caller)
    made = await admin.make("keys", name="short-lived")
    holder = gateway.keyed(made["key"])
    await _answers(holder, "models", 200)
    assert (await admin.call("POST", f"api/v1/keys/{made['id']}/revoke")).status == 200
    await _answers(holder, "models", 401)


async def test_both_roles_write_into_the_same_usage(pair: Pair, caller: Caller) -> None:
    """A call through the gateway is counted where the server sums up."""
    admin, gateway = pair.to_server(caller), pair.to_gateway(caller)
    key = await admin.make("keys", name="counted")
    await _known(gateway.keyed(key["key"]), "through")
    for holder in (admin.keyed(key["key"]), gateway.keyed(key["key"])):
        assert (await holder.chat("through")).status == 200

    async def both_counted() -> bool:
        page = await admin.show(f"api/v1/usage?group_by=key&key={key['id']}")
        return bool(page["items"]) and page["items"][0]["requests"] == 2

    await until(both_counted)


async def _known(caller: Caller, model: str) -> None:
    """Return as soon as the model can be called there."""
    await _answers(caller, f"v1/models/{model}", 200)


async def _answers(caller: Caller, path: str, status: int) -> None:
    """Return as soon as the path answers so."""

    async def does() -> bool:
        return (await caller.get(path)).status == status

    await until(does, within_s=NOTICED_S)
