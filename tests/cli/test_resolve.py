import json

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell
from tests.cli.server import Server


def test_only_the_address_is_on_stdout(admin: Shell, server: Server) -> None:
    """UX-7: a shell may use it as it is; talk is on stderr."""
    ended = admin.execute("sh", "-c", 'printf "<%s>" "$(modelport resolve echo -v)"')
    assert ended.out == f"<{server.url}access/models/default/>"
    assert "is a path: it is put behind the server's URL" in ended.err


def test_an_alias_is_resolved_through_its_gateway(admin: Shell, api: Api) -> None:
    """A full URL comes out as it is."""
    api.post("/gateways", {"name": "north", "url": "https://north.example.com"})
    api.post("/models", {"name": "cold", "via": "north"})
    api.post("/aliases", {"name": "colder", "model": "cold"})
    ended = admin.run("resolve", "colder", "-o", "json")
    answer = json.loads(ended.out)
    assert (answer["url"], answer["kind"], answer["via"]) == ("https://north.example.com", "gateway", "north")


@pytest.mark.parametrize(
    ("value", "server", "url"),
    [
        (
            "/access/models/team1/",
            "https://models.corp.example/ai/",
            "https://models.corp.example/ai/access/models/team1/",
        ),
        ("https://gateway.example.com", "http://localhost:3000", "https://gateway.example.com"),
    ],
)
def test_an_address_is_resolved_without_a_server(shell: Shell, value: str, server: str, url: str) -> None:
    """Nobody listens there, and nobody is asked."""
    ended = shell.run("resolve", value, "--server", server)
    assert (ended.code, ended.out, ended.err) == (0, f"{url}\n", "")


def test_a_doubtful_address_is_printed_with_a_warning(shell: Shell) -> None:
    """R9: https server, http gateway."""
    ended = shell.run("resolve", "http://gateway.example.com", "--server", "https://models.example.com")
    assert (ended.code, ended.out) == (0, "http://gateway.example.com\n")
    assert "no key is sent to it" in ended.err


@pytest.mark.parametrize("value", ["//evil.example/", "/a/../b", "ftp://host/"])
def test_a_refused_address_is_wrong_usage(shell: Shell, value: str) -> None:
    """Exit 2, nothing on stdout, the rule on stderr."""
    ended = shell.run("resolve", value)
    assert (ended.code, ended.out) == (2, "")
    assert "refused by R" in ended.err


def test_a_server_that_is_no_url_is_wrong_usage(shell: Shell) -> None:
    """The variable's value is named; nothing is sent."""
    ended = shell.having(MODELPORT_URL="localhost:3000").run("resolve", "qwen3")
    assert (ended.code, ended.out) == (2, "")
    assert "'localhost:3000'" in ended.err
