"""`modelport catalogue` against a server that follows a hub, with the exit codes of section 5 of its specification."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.catalogue.hub.hub import Hub
from gateway.cli.exit_codes import ExitCode
from tests.catalogue.entries import entry
from tests.catalogue.hubs import make_hub
from tests.catalogue.web import served
from tests.cli.program import Shell
from tests.cli.server import running_server

LISTED = ("catalogue", "list", "-o", "json")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Give a hub of sixty entries: twenty-one may leave before somebody is asked."""
    return make_hub(tmp_path_factory.mktemp("hub") / "public", 60)


@pytest.fixture(scope="module")
def follower(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Give an administrator's shell at a server that follows the hub."""
    folder = tmp_path_factory.mktemp("follower")
    (folder / "root.json").write_bytes(hub.root)
    with served(hub.folder) as url:
        variables = {
            "MODELPORT_HEALTH__INTERVAL_S": "0",
            "MODELPORT_CATALOGUE__URL": url,
            "MODELPORT_CATALOGUE__ROOT": str(folder / "root.json"),
        }
        with running_server(folder, variables=variables) as server:
            yield Shell(folder, {"MODELPORT_URL": server.url, "MODELPORT_KEY": server.key})


def listed(shell: Shell) -> list[str]:
    """Return the ids of the whole list."""
    return [one["id"] for one in json.loads(shell.run(*LISTED, "--limit", "0").out)]


def test_a_sync_brings_the_list_and_says_so(follower: Shell) -> None:
    """The first one everything, the next one nothing; data on stdout, talk on stderr."""
    assert follower.run("catalogue", "sync", "--require-fresh").code == 0
    again = follower.run("catalogue", "sync", "-o", "json")
    told = json.loads(again.out)
    assert (told["state"], told["counts"]["entries"], told["origin"]) == ("fresh", 60, "hub")
    assert "Nothing is new." in again.err
    shown = follower.run_on_terminal("catalogue", "status", "--require-fresh")
    assert (shown.code, "fresh" in shown.out) == (0, True)
    assert follower.run("catalogue", "verify").code == 0


def test_the_list_is_searched_and_an_entry_shown(follower: Shell) -> None:
    """As a table, as JSON, and on a terminal; what is not there ends with 3."""
    follower.run("catalogue", "sync")
    found = json.loads(follower.run(*LISTED, "--search", "coder 7", "--capability", "tools", "--max-price-in", "1").out)
    assert [one["id"] for one in found] == ["acme/coder-7"]
    table = follower.run("catalogue", "list", "--limit", "3")
    assert [line.split()[0] for line in table.out.splitlines()[1:]] == ["acme/coder-0", "acme/coder-1", "acme/coder-10"]
    assert "--limit 0 shows all" in table.err
    shown = follower.run_on_terminal("catalogue", "show", "acme/coder-7")
    assert "https://api.acme.example/7/v1" in shown.out
    assert follower.run("catalogue", "show", "acme/none").code == ExitCode.NOT_FOUND
    assert follower.run("catalogue", "list", "--max-price-in", "free").code == ExitCode.USAGE


def test_a_model_is_made_of_an_entry(follower: Shell) -> None:
    """The address from there, the key from here; without one it says so, and nothing is made."""
    follower.run("catalogue", "sync")
    add = ("models", "add", "coder", "--from-catalogue", "acme/coder-1", "--no-check", "-o", "json")
    refused = follower.run(*add)
    assert (refused.code, "wants a key" in refused.err) == (ExitCode.USAGE, True)
    key = follower.folder / "key"
    key.write_text("sk-1234567890123456")
    made = follower.run(*add, "--api-key-file", str(key))
    assert made.code == 0, made.err
    told = json.loads(made.out)
    place = told["endpoints"][0]
    assert (told["catalogue_id"], told["description"]) == ("acme/coder-1", "Coder 1")
    assert (place["base_url"], place["upstream_model"]) == ("https://api.acme.example/1/v1", "coder-1")
    assert "acme/coder-1" in follower.run("models", "show", "coder").out
    gone = follower.run("models", "delete", "coder", "--yes", "-o", "json")
    assert gone.code == 0, gone.err
    assert "acme/coder-1" not in listed(follower)
    again = follower.run(*add, "--api-key-file", str(key))
    assert "is suppressed for team 'default'" in again.err
    assert follower.run("catalogue", "suppressions", "remove", "acme/coder-1", "--team", "default").code == 0
    assert "acme/coder-1" in listed(follower)


def test_pins_and_suppressions_are_set_and_taken_back(follower: Shell) -> None:
    """What this installation says goes before the hub."""
    follower.run("catalogue", "sync")
    assert follower.run("catalogue", "pin", "acme/coder-5").code == 0
    assert "acme/coder-5" in follower.run("catalogue", "pin", "--list").out
    assert follower.run("catalogue", "pin", "acme/coder-5", "--off").code == 0
    assert follower.run("catalogue", "pin", "acme/coder-5", "--off").code == ExitCode.NOT_FOUND
    assert follower.run("catalogue", "pin").code == ExitCode.USAGE
    assert follower.run("catalogue", "suppressions", "add", "acme/coder-6", "--reason", "too dear").code == 0
    assert "too dear" in follower.run("catalogue", "suppressions", "list").out
    assert "acme/coder-6" not in listed(follower)
    assert follower.run("catalogue", "suppressions", "remove", "acme/coder-6").code == 0
    assert follower.run("catalogue", "proposals", "list", "-o", "json").out.strip() == "[]"


def test_a_list_that_takes_very_much_away_is_held_until_somebody_accepts_it(follower: Shell, hub: Hub) -> None:
    """Exit 22 with what to say next; accepted, it is there."""
    follower.run("catalogue", "sync")
    hub.put([entry(100)])
    for number in range(20, 45):
        hub.remove(f"acme/coder-{number}", "withdrawn")
    serial = hub.publish()
    for run in (follower.run, follower.run_on_terminal):
        assert run("catalogue", "sync").code == ExitCode.HELD
    held = follower.run("catalogue", "status")
    assert (held.code, f"catalogue accept {serial}" in held.err) == (ExitCode.HELD, True)
    assert follower.run("catalogue", "accept", "1", "--yes").code == ExitCode.USAGE
    assert follower.run("catalogue", "accept", str(serial), "--yes").code == 0
    assert len(listed(follower)) == 36
    assert follower.run("catalogue", "diff").code == 0


def test_a_hub_that_is_not_to_be_trusted_ends_with_21(follower: Shell, hub: Hub) -> None:
    """Nothing of it is taken, and the list that is here goes on."""
    follower.run("catalogue", "sync")
    timestamp = hub.folder / "metadata" / "timestamp.json"
    good = timestamp.read_bytes()
    signed = json.loads(good)
    signed["signatures"][0]["sig"] = "00" * 64
    timestamp.write_text(json.dumps(signed))
    try:
        refused = follower.run("catalogue", "sync")
        assert refused.code == ExitCode.UNTRUSTED, refused.err
        assert follower.run_on_terminal("catalogue", "status").code == ExitCode.UNTRUSTED
        assert json.loads(follower.run(*LISTED).out)
    finally:
        timestamp.write_bytes(good)
    assert follower.run("catalogue", "sync").code == 0


def test_a_hub_that_is_away_is_no_failure_unless_freshness_is_wanted(follower: Shell, hub: Hub, tmp_path: Path) -> None:
    """Exit 0 with a warning; 20 with --require-fresh."""
    follower.run("catalogue", "sync")
    elsewhere = tmp_path / "metadata"
    (hub.folder / "metadata").rename(elsewhere)
    try:
        lax = follower.run("catalogue", "sync")
        assert (lax.code, "stale" in lax.err) == (0, True), lax
        strict = follower.run("catalogue", "status", "--require-fresh")
        assert strict.code == ExitCode.NOT_FRESH
    finally:
        elsewhere.rename(hub.folder / "metadata")
    assert follower.run("catalogue", "sync", "--require-fresh").code == 0


def test_without_a_hub_the_list_that_came_along_is_told_with_its_age(admin: Shell) -> None:
    """And a sync says in one sentence what to configure."""
    listed = admin.run("catalogue", "list", "--limit", "1")
    assert (listed.code, "bundled: it was signed" in listed.err) == (0, True), listed.err
    assert admin.run("catalogue", "status", "--require-fresh").code == ExitCode.NOT_FRESH
    refused = admin.run("catalogue", "sync")
    assert (refused.code, "catalogue.url" in refused.err) == (ExitCode.USAGE, True)
