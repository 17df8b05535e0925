"""Which number a command ends with: the one table of the whole command line (friendliness.md section 2).

Scripts depend on these numbers; they never change their meaning.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a shell sees."""

    DONE = 0
    UNEXPECTED = 1
    """An error that nobody foresaw; `--debug` shows its trace."""
    USAGE = 2
    """Wrong usage, a value that does not fit, an ambiguous name, or no terminal and no `--yes`."""
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    """Not authenticated, or not allowed."""
    REFERENCED = 5
    """Other things still point at it."""
    CHANGED = 6
    """Changed meanwhile, in a state that does not allow it, or held by an operation."""
    PROTECTED = 7
    """Protected against deletion, or declared in a file and changed there alone."""
    DECLINED = 8
    """Declined at the prompt."""
    PARTIAL = 9
    """Some of many were done."""
    TIMED_OUT = 10
    """A wait took too long; the operation's id is on stdout."""
    UNREACHABLE = 11
    """The server cannot be reached, is overloaded, or answered 5xx."""
    UNHEALTHY = 12
    """Something is not in order, or a check failed."""
    NOT_FRESH = 20
    """The catalogue is older than it should be, and `--require-fresh` asked for more."""
    UNTRUSTED = 21
    """What the catalogue's hub sent is not to be trusted; nothing of it was taken."""
    HELD = 22
    """The catalogue's hub takes very much away, which waits for `modelport catalogue accept`."""
    INTERRUPTED = 130


def exit_code_of(status: int, code: str = "") -> ExitCode:
    """Return the exit code of a refusal by its HTTP status and its stable code.

    >>> exit_code_of(409, "model_referenced")
    <ExitCode.REFERENCED: 5>
    """
    return _BY_CODE.get(code.replace("-", "_")) or _BY_STATUS.get(status) or _by_class(status)


_SERVER_ERROR = 500
_CLIENT_ERROR = 400

_BY_CODE = {
    "alias_referenced": ExitCode.REFERENCED,
    "bad_config": ExitCode.USAGE,
    "confirmation_mismatch": ExitCode.CHANGED,
    "confirmation_required": ExitCode.USAGE,
    "deletion_protected": ExitCode.PROTECTED,
    "download_chunk_differs": ExitCode.UNHEALTHY,
    "download_digest_differs": ExitCode.UNHEALTHY,
    "download_disk_full": ExitCode.UNHEALTHY,
    "download_keeps_changing": ExitCode.UNHEALTHY,
    "download_length_differs": ExitCode.UNHEALTHY,
    "download_unwritable": ExitCode.UNHEALTHY,
    "endpoint_referenced": ExitCode.REFERENCED,
    "gateway_referenced": ExitCode.REFERENCED,
    "managed_by_file": ExitCode.PROTECTED,
    "model_referenced": ExitCode.REFERENCED,
    "operation_in_progress": ExitCode.CHANGED,
    "plan_changed": ExitCode.CHANGED,
    "referenced": ExitCode.REFERENCED,
    "state_conflict": ExitCode.CHANGED,
    "team_referenced": ExitCode.REFERENCED,
}

_BY_STATUS = {
    401: ExitCode.NOT_ALLOWED,
    403: ExitCode.NOT_ALLOWED,
    404: ExitCode.NOT_FOUND,
    408: ExitCode.UNREACHABLE,
    410: ExitCode.NOT_FOUND,
    412: ExitCode.CHANGED,
    428: ExitCode.CHANGED,
    429: ExitCode.UNREACHABLE,
}


def _by_class(status: int) -> ExitCode:
    if status >= _SERVER_ERROR:
        return ExitCode.UNREACHABLE
    return ExitCode.USAGE if status >= _CLIENT_ERROR else ExitCode.UNEXPECTED
