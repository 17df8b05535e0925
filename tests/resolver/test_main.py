"""`python -m resolver URL SERVER`, as a shell sees it."""

import os
import subprocess
import sys

import pytest


def run(*arguments: str | bytes) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own, in a locale without UTF-8."""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    return subprocess.run(
        [sys.executable, "-m", "resolver", *arguments], check=False, capture_output=True, env=environment
    )


def test_it_prints_the_address_and_nothing_else() -> None:
    """`$(python -m resolver …)` works in a script, warnings or not."""
    done = run("access/models/team1/", "https://models.corp.example/ai/")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"https://models.corp.example/ai/access/models/team1/\n"


@pytest.mark.parametrize("value", ["//evil.test", "", "--help", "-x?", b"/\xff\xfe"])
def test_a_refusal_goes_to_stderr_with_exit_2(value: str | bytes) -> None:
    """Whatever stands for the URL: an empty text, an option, bytes that are no UTF-8."""
    done = run(value, "ftp://corp.example" if value == "--help" else "https://corp.example")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"refused by R" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [(), ("/v1",), ("/v1", "https://corp.example", "more")])
def test_wrong_usage_shows_how_with_exit_2(arguments: tuple[str, ...]) -> None:
    """The usage has an example."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage:")


def test_help_is_no_error() -> None:
    """Asked for, it is data."""
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"python -m resolver URL SERVER" in done.stdout
