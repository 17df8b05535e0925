import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from gateway.cli.app import tree
from tests.cli.program import Shell

_HEAVY = ("aiohttp", "alembic", "openai", "pydantic", "rich", "ruamel", "sqlalchemy", "structlog")
_NEEDLESS = ("alembic", "asyncpg", "gateway.catalogue.store", "openai", "pygments", "rich", "ruamel", "tuf")


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        elif name != "serve":
            yield (*path, name), command


COMMANDS = dict(_commands(typer.main.get_command(tree())))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_shows_a_runnable_example_before_the_options(path: tuple[str, ...]) -> None:
    """The example names the very command, and its words exist (friendliness.md section 2)."""
    help_text = COMMANDS[path].help
    example = help_text.partition("Example:")[2].strip()
    assert f"modelport {' '.join(path)}" in example
    assert "\n" not in example


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_takes_the_common_flags(path: tuple[str, ...]) -> None:
    """`-o`, `--server`, `--key-file` and `--team` stand everywhere, before and after the command's name."""
    options = {option for one in COMMANDS[path].params for option in one.opts}
    assert {"-o", "--output", "--server", "--key-file", "--team", "--debug"} <= options


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_no_flag_takes_a_secret(path: tuple[str, ...]) -> None:
    """A secret in a flag stays in the shell's history and in the list of processes."""
    options = {option for one in COMMANDS[path].params for option in one.opts}
    assert not options & {"--key", "--token", "--password", "--secret"}


def test_help_loads_nothing_heavy() -> None:
    """UX-20: --help answers before a person notices, so the server's half of the program stays out."""
    code = f"import sys, gateway.cli.app; print([name for name in {_HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_start_loads_nothing_that_it_does_not_need() -> None:
    """UX-20: what draws, migrates, writes YAML or calls models stays out of a server on its own database."""
    code = f"import sys, gateway.cli.app, gateway.app; print([name for name in {_NEEDLESS!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_goes_to_stdout(shell: Shell) -> None:
    """Asked-for help is data; it is the same text on a pipe and on a terminal."""
    ended = shell.run("--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.index("Example:") < ended.out.index("Options:")
    assert ended.out == shell.run_on_terminal("--help").out


@pytest.mark.parametrize(
    ("words", "meant"), [(("modles",), "'models'"), (("models", "lst"), "'list'"), (("keys", "revok"), "'revoke'")]
)
def test_a_mistyped_command_is_answered_with_the_nearest(shell: Shell, words: tuple[str, ...], meant: str) -> None:
    """Exit 2, and the command that was probably meant."""
    ended = shell.run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert f"Did you mean {meant}?" in ended.err


@pytest.mark.parametrize("words", [("version",), ("--version",)])
def test_the_version_is_one_line(shell: Shell, words: tuple[str, ...]) -> None:
    """A bug report begins with it."""
    ended = shell.run(*words)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("modelport ")
    assert ended.out.count("\n") == 1
