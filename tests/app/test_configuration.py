"""The running server's configuration: by the API, and by the commands that ask it."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.app.conftest import Start
from tests.app.installation import Installation, free_port
from tests.cli.program import Ended, Shell

PLANTED = "Planted0Canary1AbCdEfGhIjKlMnOpQrStUvWxYz"
FILE = """\
version: 1
server:
  reload_endpoint: true
log:
  requests: false
models:
  qwen3:
    endpoints:
      - base_url: http://127.0.0.1:9/v1
        api_key: env:UPSTREAM_KEY
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the place of the server's configuration."""
    return tmp_path / "modelport.yaml"


async def _config(product: Installation, file: Path, *words: str) -> Ended:
    """Run `modelport config …` against the product."""
    variables = {"MODELPORT_URL": product.anonymous.address, "MODELPORT_KEY": product.key}
    return await asyncio.to_thread(Shell(file.parent, variables).run, "config", *words)


def _write(file: Path, text: str) -> None:
    file.write_text(text)


def _started(start: Start, file: Path, text: str = FILE) -> "Start":
    file.write_text(text)
    return lambda **more: start(
        file=file, environment={"UPSTREAM_KEY": PLANTED}, server={"port": free_port()}, **more
    )  # a file that declares models needs to know the server's own address


async def test_the_api_shows_what_is_in_effect_and_why(start: Start, file: Path) -> None:
    """Value, default, origin, whether a change needs a restart; and the file's objects (UX-11)."""
    async with _started(start, file)() as product:
        shown = await product.admin.show("api/v1/settings")
    rows = {row["name"]: row for row in shown["settings"]}
    assert shown["file"] == str(file)
    assert rows["server.reload_endpoint"] == {
        "name": "server.reload_endpoint", "value": True, "default": False, "hot": False,
        "origin": {"source": "file", "place": f"{file}:3"},
    }  # fmt: skip
    assert rows["server.port"]["origin"] == {"source": "flag", "place": "--port"}
    assert rows["timeouts.idle_s"]["hot"]
    declared = {row["name"]: (row["value"], row["origin"]["place"]) for row in shown["declared"]}
    assert declared["models.qwen3.endpoints.0.api_key"] == ("env:UPSTREAM_KEY", f"{file}:10")


async def test_operators_and_administrators_see_it_and_nobody_else(start: Start) -> None:
    """It tells where things lie."""
    async with start() as product:
        seen = {}
        for role in ("viewer", "developer", "publisher", "operator", "admin", "auditor"):
            seen[role] = (await (await product.as_role(role)).get("api/v1/settings")).status
        assert (await product.anonymous.get("api/v1/settings")).status == 403
    assert seen == {"viewer": 403, "developer": 403, "publisher": 403, "operator": 200, "admin": 200, "auditor": 403}


async def test_a_key_that_is_bound_to_a_team_sees_its_objects_alone(start: Start, file: Path) -> None:
    """ACL-3: what the file declares for others, and what is wrong with that, does not exist for it."""
    theirs = "teams: {red: {}}\naliases: {red/fast: slow, mine: qwen3}\nkeys: {bot: {team: red}, nobodys: {}}\n"
    text = FILE.replace("models:\n", "models:\n  red/slow: {}\n  hidden: {team: red}\n  Qwen/Qwen3: {}\n") + theirs
    async with _started(start, file, text)() as product:
        bound = await product.as_role("operator", team="default")
        shown = await bound.show("api/v1/settings")
        status = await bound.show("api/v1/settings/reload")
        whole = await product.admin.show("api/v1/settings")
    assert {".".join(row["name"].split(".")[:2]) for row in shown["declared"]} == {
        "models.Qwen/Qwen3", "models.qwen3", "aliases.mine",
    }  # fmt: skip
    assert "red" not in str(shown["declared"])
    assert "red" in str(whole["declared"])
    assert (status["changes"], status["waiting"]) == ([], [])


async def test_no_secret_of_the_configuration_is_answered(start: Start, file: Path) -> None:
    """The canary stands in a text, in an unknown place for secrets, and in the variable that a reference names."""
    text = f"{FILE}    description: Bearer {PLANTED}\nx-anchors: {{password: {PLANTED}}}\n"
    async with _started(start, file, text)() as product:
        answer = await product.admin.get("api/v1/settings")
    assert answer.status == 200
    assert PLANTED not in answer.text
    assert "Bearer ***" in answer.text


async def test_the_commands_ask_the_running_server(start: Start, file: Path, tmp_path: Path) -> None:
    """`show` tells the origin, `diff` what a file would change and when, `reload` what became of it."""
    async with _started(start, file)() as product:
        shown = await _config(product, file, "show", "--changed")
        assert shown.code == 0, shown.err
        assert [line.split() for line in shown.out.splitlines() if "reload_endpoint" in line] == [
            ["server.reload_endpoint", "yes", f"{file}:3"]
        ]
        assert "its file was last read at" in shown.err

        wanted = tmp_path / "wanted.yaml"
        _write(wanted, FILE.replace("requests: false", "level: debug").replace("UPSTREAM_KEY", "OTHER"))
        diff = await _config(product, file, "diff", str(wanted), "-o", "json")
        assert [(row["name"], row["effect"], row["why"]) for row in json.loads(diff.out)] == [
            ("log.level", "none", "--level goes before the file"),
            ("models.qwen3.endpoints.0.api_key", "at once", None),
        ]
        assert diff.err == "2 changes, 0 of them after a restart\n"

        _write(file, FILE + "prot: 1\nlgo: 2\n")
        refused = await _config(product, file, "reload")
        assert refused.code == 12
        assert f"{file}:11: prot: unknown setting; did you mean server.port?" in refused.err
        assert f"{file}:12: lgo: unknown setting; did you mean log?" in refused.err
        told = await _config(product, file, "show")
        assert "was refused at" in told.err
        assert f"{file}:12: lgo" in told.err

        _write(file, FILE + "timeouts: {idle_s: 7}\nstreams: {keepalive: true}\n")
        again = await _config(product, file, "reload", "-o", "json")
        assert (again.code, json.loads(again.out)["needs_restart"]) == (0, ["streams.keepalive"])
        rows = {row["name"]: row for row in (await product.admin.show("api/v1/settings"))["settings"]}
    assert (rows["timeouts.idle_s"]["value"], rows["timeouts.idle_s"]["origin"]["place"]) == (7, f"{file}:11")
    assert rows["streams.keepalive"]["value"] is False  # what really runs


async def test_a_server_without_the_endpoint_says_what_else_there_is(start: Start, file: Path) -> None:
    """It is off by default (UX-5)."""
    async with start() as product:
        ended = await _config(product, file, "reload")
    assert ended.code == 3
    assert "SIGHUP" in ended.err
