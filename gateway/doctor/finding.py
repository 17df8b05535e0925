"""One line of the result."""

from enum import StrEnum

from msgspec import Struct


class Status(StrEnum):
    """How bad it is. Only `fail` makes the command end with 12."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """It could not be looked at, or there is nothing to look at."""


class Finding(Struct, frozen=True):
    """What a check saw. `command` is what mends it, or shows more where no command can."""

    status: Status
    message: str
    command: str | None = None


def ok(message: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Status.OK, message)


def warn(message: str, command: str | None = None) -> Finding:
    """Return a finding that something will become a fault."""
    return Finding(Status.WARN, message, command)


def fail(message: str, command: str | None = None) -> Finding:
    """Return a finding that something does not work."""
    return Finding(Status.FAIL, message, command)


def skip(message: str, command: str | None = None) -> Finding:
    """Return a finding that there was nothing to look at."""
    return Finding(Status.SKIP, message, command)
