"""Completion: in real shells where they are installed; never an error, never a wait."""

import socket
import time
from pathlib import Path

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell
from tests.programs import require

SHELLS = ("bash", "zsh", "fish")


def _words(shell: Shell, line: str) -> list[str]:
    ended = shell.run("completion", "words", "--", line)
    assert (ended.code, ended.err) == (0, "")
    return ended.out.splitlines()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("modelport co", ["completion", "config", "context"]),
        ("modelport models ed", ["edit"]),
        ("modelport -o json models ed", ["edit"]),
        ("modelport models list --ta", ["--task"]),
        ("modelport models list --output=y", ["--output=yaml"]),
        ("modelport models list -o ", ["json", "ndjson", "table", "url", "yaml"]),
        ("modelport completion install f", ["fish"]),
        ("modelport no such thing ", None),
        ("modelport models 'un", []),
        ("", None),
    ],
)
def test_commands_flags_and_choices_need_no_server(shell: Shell, line: str, found: list[str] | None) -> None:
    """They come from the tree of commands; hidden ones stay hidden."""
    words = _words(shell, line)
    assert "words" not in words
    if found is not None:
        assert words == found


def test_names_come_from_the_server_and_from_the_contexts(admin: Shell, api: Api) -> None:
    """UX-14: models with aliases, teams, gateways, keys, endpoints, contexts."""
    api.post("/models", {"name": "tabbed:1"})
    api.post("/aliases", {"name": "tabbed-too", "model": "tabbed:1"})
    api.post("/gateways", {"name": "tab-gateway", "url": "https://tab.example.com"})
    api.post("/keys", {"name": "tab-key"})
    admin.run("context", "add", "tab-context", "http://127.0.0.1:9")
    for line, word in [
        ("modelport call tab", "tabbed:1"),
        ("modelport explain tab", "tabbed-too"),
        ("modelport models edit tab", "tabbed:1"),
        ("modelport models edit tabbed:1 --via tab", "tab-gateway"),
        ("modelport teams show de", "default"),
        ("modelport --team de", "default"),
        ("modelport keys revoke tab", "tab-key"),
        ("modelport endpoints show ep_", "ep_"),
        ("modelport context use tab", "tab-context"),
        ("modelport models list --context tab", "tab-context"),
    ]:
        assert any(found.startswith(word) for found in _words(admin, line)), line


def test_names_fit_the_state_that_a_command_is_for(admin: Shell, api: Api) -> None:
    """A deletion is offered models that live, a restore those that are deleted; by uid where two had one name."""
    for name in ("tab-alive", "tab-gone", "tab-twice", "tab-twice"):
        uid = api.post("/models", {"name": name}).body["uid"]
        if name != "tab-alive":
            api.once("DELETE", f"/models/{uid}")
    api.post("/aliases", {"name": "tab-alias", "model": "tab-alive"})
    for command in ("delete", "remove"):
        assert _words(admin, f"modelport models {command} tab-") == ["tab-alive"]
    assert _words(admin, "modelport models delete tab-alive tab-") == []
    for command in ("restore", "purge"):
        assert _words(admin, f"modelport models {command} tab-") == ["tab-gone"]
    twice = [row["uid"] for row in api.items("/models", name="tab-twice", state="deleted")]
    assert set(twice) <= set(_words(admin, "modelport models restore mdl_"))
    assert _words(admin, "modelport models delete x --references ") == ["cascade", "repoint", "restrict"]
    assert _words(admin, "modelport models protect tab-alive ") == ["off", "on"]


def test_nobody_there_gives_nothing_at_once(shell: Shell) -> None:
    """A refused connection, a wrong key file, a broken context: silence, exit 0."""
    assert _words(shell.having(MODELPORT_URL="http://127.0.0.1:9"), "modelport call x") == []
    assert _words(shell, "modelport --key-file nowhere call x") == []
    assert _words(shell, "modelport --context nobody call x") == []
    assert _words(shell, "modelport --key-file - call x") == []


def test_a_server_that_says_nothing_is_not_waited_for(shell: Shell) -> None:
    """Tab comes back within moments."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        words = _words(shell.having(MODELPORT_URL=f"http://127.0.0.1:{silent.getsockname()[1]}"), "modelport call x")
    assert (words, time.monotonic() - began < 15) == ([], True)


@pytest.mark.parametrize("name", SHELLS)
def test_the_script_is_what_the_shell_reads(shell: Shell, name: str) -> None:
    """`completion show` names the shell, else that of $SHELL counts."""
    named = shell.run("completion", "show", name)
    assert (named.code, named.err) == (0, "")
    assert named.out == shell.having(SHELL=f"/usr/bin/{name}").run("completion", "show").out


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_the_script_is_good_syntax(shell: Shell, name: str) -> None:
    """As the shell itself judges."""
    require(name)
    (shell.folder / "script").write_text(shell.run("completion", "show", name).out)
    assert shell.execute(name, "-n", "script").code == 0


def test_bash_completes(admin: Shell, api: Api) -> None:
    """The real shell, its splitting at a colon included."""
    require("bash")
    api.post("/models", {"name": "bashful:7b"})
    for line, expected in [
        ("modelport cal", "call"),
        ("modelport call bashful:", "7b"),
        ("modelport call bashf", "bashful:7b"),
    ]:
        script = (
            'eval "$(modelport completion show bash)"\n'
            f"COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}\n"
            '_modelport 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        assert admin.execute("bash", "-c", script).out.split() == [expected], line


def test_fish_completes(admin: Shell) -> None:
    """The real shell."""
    require("fish")
    script = "modelport completion show fish | source; complete -C 'modelport call ec'"
    assert admin.execute("fish", "-c", script).out.split()[:1] == ["echo"]


def test_it_installs_once(shell: Shell) -> None:
    """The second time the line is there already; what else stands in the file stays."""
    start = shell.folder / ".bashrc"
    start.write_text("alias ll='ls -l'")
    dry = shell.run("completion", "install", "bash", "--dry-run")
    assert (dry.code, start.read_text()) == (0, "alias ll='ls -l'")
    for _ in range(2):
        ended = shell.run("completion", "install", "bash")
        assert (ended.code, ended.err.splitlines()[-1]) == (0, "Try: exec bash")
    assert start.read_text().count("completion.bash") == 2  # one line that names it twice
    assert start.read_text().startswith("alias ll='ls -l'\n")
    assert Path(ended.out.strip()).read_text() == shell.run("completion", "show", "bash").out


def test_an_unknown_shell_names_the_known_ones(shell: Shell) -> None:
    """Exit 2."""
    ended = shell.run("completion", "show", "tcsh")
    assert (ended.code, ended.out) == (2, "")
    assert "bash, zsh, fish" in ended.err
