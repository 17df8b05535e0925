"""What goes wrong in a command: one sentence, what to do about it, and the exit code."""

from typing import Any

from gateway.cli.exit_codes import ExitCode


class Failure(Exception):
    """A command's end that is no success. `problem` is the server's refusal, when there is one.

    `told` when the data on stdout say it already: then `-o json` adds nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        exit_code: ExitCode,
        hint: str | None = None,
        problem: dict[str, Any] | None = None,
        told: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.hint = hint
        self.problem = problem
        self.told = told


class LostAnswer(Failure):
    """A request went out, and no whole answer came back: nobody knows whether it was carried out."""


class UsageFailure(Failure):
    """Exit 2: the words of the command do not fit together."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, exit_code=ExitCode.USAGE, hint=hint)
