"""How a running server last read its configuration file, and having it read again."""

from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure
from gateway.cli.output import JsonObject, Output, show_data
from gateway.cli.talk import say


def reload(session: Session) -> None:
    """Have the server read its configuration file again; exit 12 when it refuses it.

    Not needed after a change of the file: that is seen by itself, and SIGHUP does the same. Off unless
    server.reload_endpoint is set.
    """
    try:
        status = session.api.reload().body
    except Failure as failure:
        raise _explained(failure) from failure
    if session.output is not Output.TABLE:
        show_data(status, session.output)
    tell(status)


def tell(status: JsonObject) -> None:
    """Say on stderr how the last reading went."""
    if not status["watched"]:
        say("it was started without a configuration file")
    elif status["successful"]:
        changed = f", which changed {', '.join(status['changes'])}" if status["changes"] else ""
        say(f"its file was last read at {status['at']}{changed}")
    else:
        say(f"its file was refused at {status['at']}; what was read at {status['loaded_at']} is in force:")
    for finding in [*status["findings"], *status["waiting"]]:
        say(f"  {_sentence(finding)}")
    if status["needs_restart"]:
        say(f"changed in the file, and waiting for a restart: {', '.join(status['needs_restart'])}")
    if status["declared_by"]:
        say(f"the objects of the file are declared by another server: {status['declared_by']}")


def _explained(failure: Failure) -> Failure:
    problem = failure.problem or {}
    if failure.exit_code is ExitCode.NOT_FOUND:
        hint = "set server.reload_endpoint, or send SIGHUP; a changed file is read by itself"
        return Failure("this server does not answer POST /-/reload", exit_code=ExitCode.NOT_FOUND, hint=hint)
    for finding in problem.get("findings", ()):
        say(_sentence(finding))
    if problem.get("code") == "config_refused":
        return Failure(failure.message, exit_code=ExitCode.UNHEALTHY, hint=failure.hint, problem=failure.problem)
    return failure


def _sentence(finding: JsonObject) -> str:
    told = ": ".join(part for part in (finding["where"], finding["key"], finding["message"]) if part)
    return f"{told}; {finding['hint']}" if finding["hint"] else told
