"""What is taken as it is, is what typer would have made of it; and a command loads pydantic for nothing less."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import plain_values
from tests.cli.program import Shell


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


def given(*words: str) -> tuple[int, dict[str, Any], str]:
    """Return exit code, arguments and output of a command that has an option of each kind."""
    app = typer.Typer(rich_markup_mode=None)
    got: dict[str, Any] = {}

    @app.command()
    def run(
        text: Annotated[str, typer.Option()] = "default",
        path: Annotated[Path, typer.Option()] = Path("here"),
        there: Annotated[Path | None, typer.Option(exists=True)] = None,
        colour: Annotated[Colour, typer.Option(case_sensitive=False)] = Colour.RED,
        many: Annotated[list[str] | None, typer.Option()] = None,
        paths: Annotated[list[Path] | None, typer.Option()] = None,
        count: Annotated[int | None, typer.Option(min=1)] = None,
        flag: Annotated[bool, typer.Option("--flag")] = False,
    ) -> None:
        got.update(text=text, path=path, there=there, colour=colour, many=many, paths=paths, count=count, flag=flag)

    ended = CliRunner().invoke(app, words)
    return ended.exit_code, got, ended.output


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--text", "a b", "--path", "/tmp/x y", "--colour", "blue", "--flag", "--count", "3"),
        ("--text", "", "--path", ""),
        ("--text", "two\nlines\x1b"),
        ("--text", "broken \udcff"),
        ("--path", "/proc/1/mem"),
        ("--path", "nul\0"),
        ("--many", "a", "--many", "b", "--paths", "/a", "--paths", "b"),
        ("--colour", "BLUE"),
        ("--colour", "green"),
        ("--there", "/nowhere/at/all"),
        ("--there", "/"),
        ("--count", "0"),
        ("--count", "x"),
    ],
)
def test_a_value_is_what_typer_makes_of_it(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same arguments, of the same types, and the same refusals."""
    with monkeypatch.context() as usual:
        usual.setattr(typer.core, "build_runtime_param", plain_values._READ)
        expected = given(*words)
    with monkeypatch.context() as ours:
        ours.setattr(typer.core, "build_runtime_param", plain_values.Plain)
        found = given(*words)
    assert found == expected
    assert {name: type(one) for name, one in found[1].items()} == {name: type(one) for name, one in expected[1].items()}


def test_without_typers_own_name_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version may call it otherwise: then it reads every value as ever."""
    other = SimpleNamespace()
    monkeypatch.setattr(plain_values, "_READ", None)
    monkeypatch.setattr(typer, "core", other)
    plain_values.take()
    assert vars(other) == {}


def test_a_download_begins_without_what_it_does_not_need(shell: Shell) -> None:
    """No pydantic, no settings, no database, no catalogue: half of the CPU of its start."""
    url = "http://169.254.169.254/f"  # refused, once everything has loaded
    said = (
        f"import sys; sys.argv[1:] = ['download', {url!r}, '--sha256', '0' * 64, '--to', 'models', '-o', 'ndjson']\n"
        "import gateway.__main__ as program\n"
        "try: program.main()\n"
        "except SystemExit as ended: print(ended.code, *sys.modules)"
    )
    words = [sys.executable, "-c", said]
    ended = subprocess.run(
        words,
        cwd=Path(__file__).parents[2],
        env=shell.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, *loaded = ended.stdout.splitlines()[-1].split()
    assert code == "4", ended.stderr
    assert "gateway.upstream.session_transport" in loaded
    heavy = {"pydantic", "sqlalchemy", "tuf", "rich", "ruamel", "cryptography", "gateway.settings", "gateway.registry"}
    assert not heavy.intersection(loaded)
