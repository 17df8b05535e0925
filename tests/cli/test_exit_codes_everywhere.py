"""A command ends with the same number on a pseudo-terminal and on a pipe (friendliness.md section 2).

What only a person can do (declining, Ctrl-C) stands in test_terminal.py and test_retire_terminal.py, a wait that takes
too long in test_retire_waiting.py, an object of a file in tests/declared.
"""

import pytest

from gateway.cli.client import Api
from gateway.cli.exit_codes import ExitCode
from tests.cli.program import Shell

_NOBODY = {"MODELPORT_URL": "http://localhost:1"}
_STRANGER = {"MODELPORT_KEY": "mp_live_nobody"}

CASES: dict[str, tuple[ExitCode, tuple[str, ...], dict[str, str]]] = {
    "done": (ExitCode.DONE, ("models", "list"), {}),
    "an option that is none": (ExitCode.USAGE, ("models", "list", "--bogus"), {}),
    "a value that does not fit": (
        ExitCode.USAGE,
        ("models", "add", "Bad Name!", "--endpoint", "http://localhost:1"),
        {},
    ),
    "a question that may not be asked": (ExitCode.USAGE, ("models", "delete", "on-its-own", "--no-input"), {}),
    "no such model": (ExitCode.NOT_FOUND, ("models", "show", "no-such-model"), {}),
    "no such model to call": (ExitCode.NOT_FOUND, ("call", "no-such-model", "hello"), {}),
    "a wrong key": (ExitCode.NOT_ALLOWED, ("models", "list"), _STRANGER),
    "an alias still points at it": (ExitCode.REFERENCED, ("models", "delete", "pointed-at", "--yes"), {}),
    "another revision than the present one": (
        ExitCode.CHANGED,
        ("models", "delete", "on-its-own", "--yes", "--if-match", "99"),
        {},
    ),
    "a state that does not allow it": (ExitCode.CHANGED, ("models", "reactivate", "on-its-own"), {}),
    "a protected model": (ExitCode.PROTECTED, ("models", "delete", "precious-one", "--yes"), {}),
    "one of two would go": (ExitCode.PARTIAL, ("models", "delete", "on-its-own", "pointed-at", "--dry-run"), {}),
    "nobody listens": (ExitCode.UNREACHABLE, ("models", "list"), _NOBODY),
    "a check that fails": (ExitCode.UNHEALTHY, ("check", "http://localhost:1/v1", "--live"), {}),
    "a doctor's finding": (ExitCode.UNHEALTHY, ("doctor", "--only", "server"), _NOBODY),
}


@pytest.mark.parametrize("case", CASES)
def test_a_terminal_and_a_pipe_get_the_same_number(admin: Shell, api: Api, case: str) -> None:
    """Stdout is data on a pipe: a failure leaves it empty, unless the command is a report."""
    if not list(api.items("/models", name="pointed-at")):
        api.post("/models", {"name": "pointed-at"})
        api.post("/aliases", {"name": "pointing", "model": "pointed-at"})
        api.post("/models", {"name": "on-its-own"})
        precious = api.post("/models", {"name": "precious-one"}).body
        api.post(f"/models/{precious['uid']}/protection", {"enabled": True})
    code, arguments, variables = CASES[case]
    shell = admin.having(**variables)
    piped, shown = shell.run(*arguments), shell.run_on_terminal(*arguments)
    assert (piped.code, shown.code) == (code, code), (piped, shown)
    assert "Traceback" not in piped.err + shown.out
    assert "\x1b[" not in piped.out + piped.err
    if code not in {ExitCode.DONE, ExitCode.PARTIAL, ExitCode.UNHEALTHY}:
        assert piped.out == ""
        assert piped.err
