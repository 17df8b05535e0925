"""`modelport audit`: the record by the API and in the database itself, on a terminal and on a pipe."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.cli.client import Api
from gateway.cli.exit_codes import ExitCode
from tests.cli.program import Shell
from tests.cli.server import Server, running_server

VERIFY = ("audit", "verify", "--local", "--data-dir")


@pytest.fixture
def changed(api: Api) -> str:
    """Give the name of a team that was just made."""
    name = "on-the-record"
    if not list(api.items("/teams", name=name)):
        api.post("/teams", {"name": name})
    return name


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the data directory of a server that made its first changes and was stopped."""
    folder = tmp_path_factory.mktemp("stopped")
    with running_server(folder, variables={"MODELPORT_HEALTH__INTERVAL_S": "0"}) as server:
        Api(server.url, server.key).post("/teams", {"name": "one-more"})
    return folder / "data"


@pytest.fixture
def data_dir(stopped: Path, tmp_path: Path) -> Path:
    """Give a copy of it that a test may break."""
    return Path(shutil.copytree(stopped, tmp_path / "data"))


def break_(data_dir: Path, *statements: str) -> None:
    """Change the record past its triggers."""
    with closing(sqlite3.connect(data_dir / "modelport.db")) as connection:
        for statement in ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", *statements):
            connection.execute(statement)
        connection.commit()


def test_the_list_says_who_did_what_to_what(admin: Shell, changed: str) -> None:
    """Newest first, filtered by what was asked for."""
    ended = admin.run("audit", "list", "--action", "team.*", "--target", changed, "--since", "1h")
    assert ended.code == 0, ended.err
    head, row = ended.out.splitlines()
    assert head.split() == ["SEQ", "AT", "WHO", "ACTION", "OBJECT", "TEAM", "OUTCOME", "VIA", "WHY"]
    assert "team.create" in row
    assert changed in row
    assert admin.run("audit", "list", "--action", "no.such").out.splitlines()[1:] == []


def test_the_list_is_data_for_programs(admin: Shell, changed: str) -> None:
    """JSON and YAML have the whole rows."""
    (row,) = json.loads(admin.run("audit", "list", "--target", changed, "--action", "team.create", "-o", "json").out)
    assert (row["target"]["name"], row["outcome"], len(row["hash"])) == (changed, "ok", 64)
    assert "prev_hash" in admin.run("audit", "list", "-n", "1", "-o", "yaml").out


def test_tail_shows_the_newest_last(admin: Shell, changed: str) -> None:
    """As tail does."""
    del changed
    rows = json.loads(admin.run("audit", "tail", "-n", "3", "-o", "json").out)
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert len(rows) == 3


def test_an_export_is_one_row_a_line_oldest_first(admin: Shell, changed: str) -> None:
    """Each line is the sealed text with the hash as its last member."""
    lines = admin.run("audit", "export", "--action", "team.create").out.splitlines()
    rows = [json.loads(line) for line in lines]
    assert changed in {row["target"]["name"] for row in rows}
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert all(list(row)[-1] == "hash" for row in rows)


def test_a_running_server_verifies_itself(admin: Shell, server: Server) -> None:
    """And the command does it past the server, beside it."""
    for words in (("audit", "verify"), (*VERIFY, str(server.data_dir))):
        ended = admin.run(*words, "-o", "json")
        assert ended.code == 0, ended.err
        assert json.loads(ended.out)["intact"] is True


def test_what_was_done_to_a_stopped_servers_record_shows(shell: Shell, data_dir: Path) -> None:
    """Exit 12 with the row, on a pipe and on a terminal; -o json has the findings."""
    before = shell.run(*VERIFY, str(data_dir), "-o", "json")
    assert (before.code, json.loads(before.out)["covered_to"] > 2) == (0, True), before.err
    break_(data_dir, "UPDATE audit SET record = replace(record, 'one-more', 'no-more') WHERE action = 'team.create'")
    piped, shown = shell.run(*VERIFY, str(data_dir)), shell.run_on_terminal(*VERIFY, str(data_dir))
    assert (piped.code, shown.code) == (ExitCode.UNHEALTHY, ExitCode.UNHEALTHY), piped
    assert "was changed after it was written" in piped.out
    assert "Hint: " in piped.err
    found = json.loads(shell.run(*VERIFY, str(data_dir), "-o", "json").out)
    assert {one["problem"] for one in found["findings"]} == {"edited", "column"}


@pytest.mark.parametrize("gone", ["audit-key", "modelport.db"])
def test_without_key_or_database_nothing_is_made_up(shell: Shell, data_dir: Path, gone: str) -> None:
    """It says what is missing, and makes neither."""
    (data_dir / gone).unlink()
    ended = shell.run(*VERIFY, str(data_dir))
    assert ended.code in {ExitCode.USAGE, ExitCode.NOT_FOUND}, ended
    assert gone in ended.err
    assert not (data_dir / gone).exists()


def test_checkpoints_that_are_gone_show_a_few_minutes_later(shell: Shell, data_dir: Path) -> None:
    """The rows of this test are young, so the clock of the rows is set back under the same seal: a finding as well."""
    (data_dir / "audit-checkpoints.jsonl").unlink()
    break_(data_dir, "UPDATE audit SET at = at - 600000")
    problems = {one["problem"] for one in json.loads(shell.run(*VERIFY, str(data_dir), "-o", "json").out)["findings"]}
    assert problems == {"column", "checkpoint"}


def test_a_public_key_that_was_noted_is_held_against_the_file(shell: Shell, data_dir: Path) -> None:
    """Another one believes no line of it; what is no key is refused."""
    mine = json.loads(shell.run(*VERIFY, str(data_dir), "-o", "json").out)["public_key"]
    assert shell.run(*VERIFY, str(data_dir), "--public-key", mine).code == 0
    other = "A" * 43 + "="
    assert shell.run(*VERIFY, str(data_dir), "--public-key", other).code == ExitCode.UNHEALTHY
    assert shell.run(*VERIFY, str(data_dir), "--public-key", "short").code == ExitCode.USAGE


def test_commands_on_the_database_are_on_the_record(shell: Shell, data_dir: Path) -> None:
    """A key made beside the server, in the name of the account that ran the command."""
    assert shell.run("keys", "create", "rescue", "--local", "--data-dir", str(data_dir)).code == 0
    words = ("audit", "list", "--local", "--data-dir", str(data_dir), "--actor", "cli", "-o", "json")
    (row,) = json.loads(shell.run(*words).out)
    assert (row["action"], row["target"]["name"], row["actor"]["via"]) == ("key.create", "rescue", "cli")
    assert row["actor"]["name"]
    assert shell.run(*VERIFY, str(data_dir)).code == 0


def test_an_archive_takes_the_oldest_rows_and_the_record_goes_on(shell: Shell, data_dir: Path, tmp_path: Path) -> None:
    """The file ends with the hash at which the record begins; a second one goes on from there."""
    total = json.loads(shell.run(*VERIFY, str(data_dir), "-o", "json").out)["rows"]
    target = tmp_path / "old.ndjson"
    words = ("audit", "archive", "--before", "2100-01-01", "--to", str(target), "--data-dir", str(data_dir))
    assert shell.run(*words, "--dry-run").code == 0
    assert not target.exists()
    assert shell.run(*words, "--no-input").code == ExitCode.USAGE
    ended = shell.run(*words, "--yes")
    assert ended.code == 0, ended.err
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, total))
    assert target.stat().st_mode & 0o777 == 0o600
    after = json.loads(shell.run(*VERIFY, str(data_dir), "-o", "json").out)
    assert (after["intact"], after["first_seq"], after["last_seq"]) == (True, total, total + 1)
    assert after["archived_to"] == total - 1
    assert shell.run(*words, "--yes").code == ExitCode.USAGE  # the file is there
    with closing(sqlite3.connect(data_dir / "modelport.db")) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM audit")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (ExitCode.USAGE, ("audit", "list", "--since", "yesterday")),
        (ExitCode.USAGE, ("audit", "list", "--outcome", "good")),
        (ExitCode.USAGE, ("audit", "verify", "--public-key", "x")),
        (ExitCode.NOT_FOUND, ("audit", "verify", "--local", "--data-dir", "nowhere")),
        (ExitCode.DONE, ("audit", "list")),
    ],
)
def test_a_terminal_and_a_pipe_get_the_same_number(admin: Shell, code: ExitCode, words: tuple[str, ...]) -> None:
    """The table of exit codes."""
    piped, shown = admin.run(*words), admin.run_on_terminal(*words)
    assert (piped.code, shown.code) == (code, code), (piped, shown)
    assert "Traceback" not in piped.err + shown.out


def test_a_key_without_the_permission_sees_nothing(admin: Shell, api: Api) -> None:
    """Exit 4, and that is on the record."""
    viewer = api.post("/keys", {"name": "looker", "role": "viewer"}).body["key"]
    assert admin.having(MODELPORT_KEY=viewer).run("audit", "list").code == ExitCode.NOT_ALLOWED
    (row,) = api.get("/audit", outcome="denied", action="audit.list", limit=1).body["items"]
    assert row["actor"]["name"] == "looker"
