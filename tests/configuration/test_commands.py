"""`modelport config` and `modelport init` as somebody runs them, without a server."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import BIN, Shell

PLANTED = "Planted0Canary1AbCdEfGhIjKlMnOpQrStUvWxYz"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Give a shell in an empty folder."""
    return Shell(tmp_path, {})


def test_init_writes_a_file_that_is_right_and_says_what_comes_next(shell: Shell) -> None:
    """UX-2: with its schema line, for its owner alone, in its canonical form; nothing is written over."""
    made = shell.run("init")
    assert (made.code, made.out) == (0, "modelport.yaml\n"), made.err
    assert made.err.splitlines()[-1] == "Try: modelport serve"
    path = shell.folder / "modelport.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().splitlines()[0] == "# yaml-language-server: $schema=modelport.schema.json"
    assert json.loads((shell.folder / "modelport.schema.json").read_text())["title"] == "modelport configuration"
    assert shell.run("config", "check").code == 0
    assert shell.run("config", "fmt", "--check").code == 0

    path.write_text("version: 1\n")
    again = shell.run("init")
    assert (again.code, again.out) == (2, "")
    assert "--force" in again.err
    assert path.read_text() == "version: 1\n"
    assert shell.run("init", "--force").code == 0
    assert len(path.read_text()) > 1000
    assert sorted(one.name for one in shell.folder.iterdir()) == ["modelport.schema.json", "modelport.yaml"]


def test_a_dry_run_writes_to_stdout(shell: Shell) -> None:
    """Of `init` the new file, of `fmt` the tidy one; nothing is written elsewhere."""
    made = shell.run("init", "--dry-run")
    assert made.out.startswith("# yaml-language-server: ")
    assert not list(shell.folder.iterdir())
    path = shell.folder / "modelport.yaml"
    path.write_text("log:\n    level: info")
    assert shell.run("config", "fmt", "--dry-run").out == "log:\n  level: info\n"
    assert path.read_text() == "log:\n    level: info"


def test_init_elsewhere_names_the_file_in_the_next_command(shell: Shell) -> None:
    """And says why a folder that is not there gets no file."""
    assert shell.run("init", "other.yaml").err.splitlines()[-1] == "Try: modelport serve --config other.yaml"
    refused = shell.run("init", "nowhere/modelport.yaml")
    assert (refused.code, refused.out) == (2, "")
    assert "nowhere/modelport.yaml cannot be written: No such file or directory" in refused.err


def test_check_names_everything_and_fails(shell: Shell) -> None:
    """Findings are data: one line each on stdout, or JSON; settings and declared objects in the file's order."""
    (shell.folder / "m.yaml").write_text(
        "server: {prot: 1}\n"
        f"models: {{q: {{tsk: chat, endpoints: [{{base_url: http://x/v1, api_key: {PLANTED}}}]}}}}\n"
        "prot: 3\n"
        f"secrets: {{kek: {PLANTED}}}\n"
    )
    found = shell.run("config", "check", "m.yaml")
    assert found.code == 12
    assert [line.partition("; ")[0] for line in found.out.splitlines()] == [
        "m.yaml:1: server.prot: unknown setting",
        "m.yaml:2: models.q.endpoints.0.api_key: is no reference to a secret, and a secret itself does not belong here",
        "m.yaml:2: models.q.tsk: unknown key",
        "m.yaml:3: prot: unknown setting",
        "m.yaml:4: secrets.kek: is no reference to a secret, and a secret itself does not belong here",
    ]
    assert found.err.startswith("5 findings")
    as_json = shell.run("config", "check", "m.yaml", "-o", "json")
    assert json.loads(as_json.out)[0] == {
        "where": "m.yaml:1", "file": "m.yaml", "line": 1, "key": "server.prot", "message": "unknown setting",
        "hint": "did you mean server.port?",
    }  # fmt: skip
    for ended in (found, as_json):
        assert PLANTED not in ended.out + ended.err


def test_check_is_a_dry_run(shell: Shell) -> None:
    """It makes no folder and no key, and a missing file fails; without a file the variables are judged too."""
    (shell.folder / "modelport.yaml").write_text("database: {url: 'postgresql://nowhere.invalid/x'}\n")
    assert shell.run("config", "check").code == 0
    assert [one.name for one in shell.folder.iterdir()] == ["modelport.yaml"]
    missing = shell.run("config", "check", "absent.yaml")
    assert (missing.code, "No such file" in missing.out) == (12, True)
    assert shell.having(MODELPORT_CONFIG="absent.yaml").run("config", "check").code == 12
    stray = shell.having(MODELPORT_SERVRE__PORT="1")
    assert "MODELPORT_SERVER__PORT" in stray.run("config", "check").out
    assert stray.run("config", "check", "modelport.yaml").code == 0


def test_show_tells_where_each_value_comes_from(shell: Shell) -> None:
    """UX-11: all four sources' forms, secrets masked, in every output form."""
    (shell.folder / "modelport.yaml").write_text("server:\n  port: 1\n")
    there = shell.having(
        MODELPORT_LOG__LEVEL="debug", MODELPORT_DATABASE__URL=f"postgresql://app:{PLANTED}@db.example/x"
    )
    table = there.run("config", "show")
    assert table.code == 0, table.err
    rows = {line.split()[0]: line.split()[1:] for line in table.out.splitlines()}
    assert rows["server.port"] == ["1", "modelport.yaml:2"]
    assert rows["log.level"] == ["debug", "MODELPORT_LOG__LEVEL"]
    assert rows["database.url"] == ["postgresql://app:***@db.example/x", "MODELPORT_DATABASE__URL"]
    assert rows["role"] == ["server", "default"]
    changed = there.run("config", "show", "--changed", "-o", "json")
    assert {row["name"] for row in json.loads(changed.out)["settings"]} == {"server.port", "log.level", "database.url"}
    yaml = there.run("config", "show", "-o", "yaml")
    for ended in (table, changed, yaml):
        assert PLANTED not in ended.out + ended.err


def test_fmt_writes_whole_keeps_mode_and_link_and_says_nothing_on_stdout(shell: Shell) -> None:
    """`--check` writes nothing and fails; `-` is a filter."""
    real = shell.folder / "real.yaml"
    real.write_text("server:\n    port: 1\n# kept\nversion: 1")
    real.chmod(0o640)
    group = 1 if os.geteuid() == 0 else os.getgid()
    os.chown(real, -1, group)
    (shell.folder / "modelport.yaml").symlink_to("real.yaml")
    wrong = shell.run("config", "fmt", "--check")
    assert (wrong.code, wrong.out) == (12, "")
    assert "modelport config fmt modelport.yaml" in wrong.err
    done = shell.run("config", "fmt")
    assert (done.code, done.out) == (0, "")
    wanted = "# kept\nversion: 1\n\nserver:\n  port: 1\n"
    assert real.read_text() == wanted
    assert (stat.S_IMODE(real.stat().st_mode), real.stat().st_gid) == (0o640, group)
    assert (shell.folder / "modelport.yaml").is_symlink()
    assert len(list(shell.folder.iterdir())) == 2
    assert shell.run("config", "fmt", "-", typed="log:\n    level: info").out == "log:\n  level: info\n"
    assert shell.run("config", "fmt", "-", typed="a: [").code == 2


def test_diff_compares_two_files(shell: Shell) -> None:
    """From OTHER to FILE; the passwords that differ are not shown."""
    (shell.folder / "old.yaml").write_text(
        f"database: {{url: 'postgresql://a:{PLANTED}@db/x'}}\nlog: {{level: info}}\n"
    )
    (shell.folder / "new.yaml").write_text("database: {url: 'postgresql://a:other@db/x'}\nlog: {level: debug}\n")
    found = shell.run("config", "diff", "new.yaml", "old.yaml")
    assert [line.split(maxsplit=3) for line in found.out.splitlines()[1:]] == [
        ["database.url", "postgresql://a:***@db/x", "postgresql://a:***@db/x", "after a restart"],
        ["log.level", "info", "debug", "at once"],
    ]
    assert "2 changes, 1 of them after a restart" in found.err
    assert PLANTED not in found.out + found.err
    assert shell.run("config", "diff", "new.yaml", "new.yaml").err == "nothing would change\n"


def test_the_schema_is_printed_for_editors(shell: Shell) -> None:
    """The same as in the repository."""
    ours = Path(__file__).parent.parent.parent / "config" / "schema.json"
    assert json.loads(shell.run("config", "schema").out) == json.loads(ours.read_text())


def test_serve_reads_the_file_in_the_working_directory_and_says_so(shell: Shell) -> None:
    """One line of the greeting; what is wrong in it ends the start with every finding."""
    path = shell.folder / "modelport.yaml"
    path.write_text("server: {port: 0}\nrole: gateway\n")
    command = [str(BIN / "modelport"), "serve", "--data-dir", "data"]
    process = subprocess.Popen(command, cwd=shell.folder, env=shell.environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "config" in line:
            break
    process.terminate()
    process.communicate(timeout=60)
    assert "(gateway)" in said
    assert re.search(r"^  config     modelport\.yaml$", said, re.MULTILINE)

    path.write_text("prot: 1\nserver: {prot: 2}\n")
    refused = shell.run("serve")
    assert refused.code == 2
    assert "modelport.yaml:1: prot" in refused.err
    assert "modelport.yaml:2: server.prot" in refused.err
    assert "Traceback" not in refused.err
