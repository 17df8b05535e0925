import json
import time

import pytest

from gateway.cli.client import Api
from gateway.cli.failure import Failure
from tests.cli.program import Shell
from tests.cli.server import Server

_SEEN_S = 10.0  # another process's key is known within a second; this is for a machine under load


def test_a_new_key_is_all_that_stdout_holds(admin: Shell) -> None:
    """So that `$(modelport keys create …)` is the key; the talk is on stderr, without it."""
    ended = admin.run("keys", "create", "ci", "--role", "publisher", "--expires-in-days", "7")
    assert ended.code == 0, ended.err
    key = ended.out.removesuffix("\n")
    assert key.startswith("mp_live_")
    assert len(key) == 71
    assert key not in ended.err
    assert "role publisher" in ended.err
    added = admin.having(MODELPORT_KEY=key).run("models", "add", "made-by-ci")
    assert added.code == 0, added.err


def test_a_key_comes_from_a_file_or_from_stdin(admin: Shell, server: Server) -> None:
    """--key-file wins over MODELPORT_KEY; no secret stands among the arguments."""
    (admin.folder / "key").write_text(f"{server.key}\n")
    stranger = admin.having(MODELPORT_KEY="mp_live_wrong")
    assert stranger.run("teams", "list").code == 4
    assert stranger.run("teams", "list", "--key-file", "key").code == 0
    assert stranger.run("--key-file", "-", "teams", "list", typed=server.key).code == 0


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), ("", "it is empty"), ("two words", "one word of plain ASCII")]
)
def test_an_unusable_key_file_is_wrong_usage(admin: Shell, content: str | None, said: str) -> None:
    """Exit 2 names the file; what is in it is not repeated."""
    if content is not None:
        (admin.folder / "key").write_text(content)
    ended = admin.run("teams", "list", "--key-file", "key")
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "two words" not in ended.err


def test_without_a_key_the_way_to_one_is_told(admin: Shell) -> None:
    """Exit 4 names the variable and the way back for who lost the first key."""
    ended = admin.having(MODELPORT_KEY="").run("teams", "add", "keyless")
    assert ended.code == 4
    assert "export MODELPORT_KEY=" in ended.err
    assert "modelport keys create --local" in ended.err


def test_a_key_is_rotated_and_revoked(admin: Shell, server: Server, api: Api) -> None:
    """The beginning of its text names a key as well as its name does."""
    first = api.post("/keys", {"name": "turning"}).body["key"]
    second = admin.run("keys", "rotate", "turning", "--previous-hours", "0").out.strip()
    assert second[:18] == first[:18]
    assert second != first
    assert not _accepted(server, first)
    assert _accepted(server, second)

    assert admin.run("keys", "revoke", second[:18]).code == 2
    assert admin.run("keys", "revoke", second[:18], "--yes").code == 0
    assert not _accepted(server, second)
    assert json.loads(admin.run("keys", "show", "turning", "-o", "json").out)["status"] == "revoked"


def test_a_whole_key_as_an_argument_is_not_repeated(admin: Shell) -> None:
    """Who revokes a leaked key pastes it: only the part that is no secret is sent and shown."""
    key = "mp_live_abcdefghij_" + "s" * 43 + "_00000000"
    ended = admin.run("keys", "revoke", key, "--yes")
    assert ended.code == 3
    assert "abcdefghij" in ended.err
    assert "sss" not in ended.err


def test_a_key_s_limits_are_edited(admin: Shell) -> None:
    """'' takes a limit back."""
    admin.run("keys", "create", "narrow", "--models", "qwen*", "--from", "10.0.0.0/8", "--expires-in-days", "0")
    before = json.loads(admin.run("keys", "show", "narrow", "-o", "json").out)
    assert (before["models"], before["cidrs"], before["expires_at"]) == (["qwen*"], ["10.0.0.0/8"], None)
    after = json.loads(admin.run("keys", "edit", "narrow", "--models", "", "-o", "json").out)
    assert (after["models"], after["cidrs"]) == ([], ["10.0.0.0/8"])


def test_a_key_says_where_its_user_is(admin: Shell, api: Api) -> None:
    """For recommendations; '' takes it back."""
    ended = admin.run("keys", "create", "placed", "--region", "eu", "-o", "json")
    key = json.loads(ended.out)["id"]
    assert (ended.code, api.get(f"/keys/{key}").body["region"]) == (0, "eu")
    assert admin.run("keys", "edit", "placed", "--region", "us").code == 0
    assert api.get(f"/keys/{key}").body["region"] == "us"
    assert admin.run("keys", "edit", "placed", "--region", "").code == 0
    assert api.get(f"/keys/{key}").body["region"] is None


def test_a_narrow_character_set_is_no_failure(admin: Shell) -> None:
    """What it cannot show is written out."""
    ended = admin.having(PYTHONIOENCODING="ascii").run("keys", "list")
    assert ended.code == 0, ended.err
    assert "\\u2026" in ended.out


def test_the_owner_of_the_files_makes_an_administrator_s_key(admin: Shell, server: Server) -> None:
    """A lost first key is no end: the running server knows the new one within a second."""
    made = Shell(admin.folder, {}).run("keys", "create", "--local", "--data-dir", str(server.data_dir))
    assert made.code == 0, made.err
    assert "role admin, every team" in made.err
    deadline = time.monotonic() + _SEEN_S
    while not _accepted(server, made.out.strip()):
        assert time.monotonic() < deadline
        time.sleep(0.1)  # another process looks once a second


def test_a_local_key_needs_the_server_s_own_folder(shell: Shell) -> None:
    """No database and no pepper are made where no server was: exit 3 says where to go."""
    ended = shell.run("keys", "create", "--local")
    assert (ended.code, ended.out) == (3, "")
    assert "--data-dir" in ended.err
    assert list(shell.folder.iterdir()) == []


def _accepted(server: Server, key: str) -> bool:
    try:
        Api(server.url, key).get("/keys")
    except Failure:
        return False
    return True
