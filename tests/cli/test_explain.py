"""`modelport explain`: from a name to its address, and from an address back to whose it is."""

import json

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell
from tests.cli.server import Server


def _steps(text: str) -> dict[str, str]:
    return {row["step"]: row["value"] for row in json.loads(text)["steps"]}


def test_a_name_is_followed_to_its_address(admin: Shell, server: Server) -> None:
    """Every step: server and who named it, model, via, base_url as written, origin, mount, result, call."""
    ended = admin.run("explain", "echo", "-o", "json")
    assert ended.code == 0, ended.err
    assert _steps(ended.out) == {
        "server": server.url,
        "model": "echo",
        "via": "default",
        "base_url": "/access/models/default/",
        "origin": server.url.rstrip("/"),
        "mount": "/",
        "url": f"{server.url}access/models/default/",
        "call": f"{server.url}access/models/default/chat/completions",
    }
    table = admin.run("explain", "echo").out
    assert "from MODELPORT_URL" in table
    assert "(R5, R6)" in table


@pytest.mark.parametrize("rest", ["", "chat/completions", "models/echo"])
def test_an_address_leads_back_to_its_team_and_models(admin: Shell, server: Server, api: Api, rest: str) -> None:
    """With and without what a client puts behind it."""
    if not any(api.items("/teams", name="explained")):
        api.post("/teams", {"name": "explained"})
        api.post("/models", {"name": "only-one", "team": "explained"})
    ended = admin.run("explain", f"{server.url}access/models/explained/{rest}", "-o", "json")
    assert ended.code == 0, ended.err
    found = _steps(ended.out)
    assert (found["team"], found["model"]) == ("explained", "only-one")


def test_a_gateway_s_address_leads_back_to_the_gateway(admin: Shell, api: Api) -> None:
    """Its models are named with it."""
    api.post("/gateways", {"name": "east", "url": "https://east.example.com/x"})
    api.post("/models", {"name": "eastern", "via": "east"})
    found = _steps(admin.run("explain", "https://east.example.com/x/chat/completions", "-o", "json").out)
    assert (found["gateway"], found["model"]) == ("east", "eastern")


def test_an_address_where_nothing_is_published(admin: Shell) -> None:
    """Exit 3; the steps are on stdout all the same."""
    ended = admin.run("explain", "https://elsewhere.example.com/v1")
    assert ended.code == 3
    assert "https://elsewhere.example.com/v1/chat/completions" in ended.out
    assert "nothing is published" in ended.err


def test_an_address_without_a_server_to_ask(shell: Shell) -> None:
    """Exit 11; what needs no server is shown, mount and warning included."""
    ended = shell.run("explain", "access/models/t1/", "--server", "http://127.0.0.1:9/ai/")
    assert ended.code == 11  # no leading slash, so it could be a name: the server is asked
    ended = shell.run("explain", "/access/models/t1/", "--server", "http://127.0.0.1:9/ai/")
    assert ended.code == 11
    assert "http://127.0.0.1:9/ai/access/models/t1/" in ended.out
    assert "kept in front (R7)" in ended.out


def test_a_refused_address_names_its_rule(shell: Shell) -> None:
    """Exit 2."""
    ended = shell.run("explain", "https://user:secret@host/")
    assert (ended.code, ended.out) == (2, "")
    assert "refused by R3 (userinfo)" in ended.err
    assert "secret" not in ended.err
