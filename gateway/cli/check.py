"""`modelport check`: whether a model, or an address that is yet to be one, would work."""

from typing import Annotated

import typer

from gateway.cli.change import given, upstream_key
from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.local import local_settings
from gateway.cli.models import ApiKey, ApiKeyFile, Task
from gateway.cli.output import JsonObject, Output, show_data, write_lines
from gateway.cli.stages import FAIL, PATH, follow, lines_of
from gateway.cli.talk import say, suggest


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "check", example="modelport check http://localhost:8000/v1 --live --model qwen3")(_check)


def _check(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    target: Annotated[str, typer.Argument(metavar="NAME|URL", help="A published model, or a base URL.")],
    live: Annotated[bool, typer.Option("--live", help="Ask the upstream, down to a call of a few tokens.")] = False,
    stream: Annotated[bool, typer.Option("--stream", help="Try a streamed call, too; implies --live.")] = False,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Of a URL: the upstream's name of the model.")
    ] = None,
    task: Task = None,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
) -> None:
    """Check a model or an address: its form, whether a server is there, whether the smallest call is answered.

    Without --live nobody is asked but the modelport server, and for a URL not even that. Exit 12 when a check fails.
    """
    is_url = ":" in target.partition("/")[0] and "/" in target
    live = live or stream
    own = given(upstream_model=model, task=task) | upstream_key(api_key, api_key_file)
    body = {"base_url": target, **own} if is_url else {"model": target}
    body |= given(team=session.team) | {"level": "trial" if live else "address", "stream": stream}
    report = _offline(session, target, has_key="api_key" in own) if is_url and not live else _asked(session, body)
    if session.output is not Output.TABLE:
        show_data(report, session.output)
    if report["verdict"] == FAIL:
        raise typer.Exit(ExitCode.UNHEALTHY)
    if not live:
        say("Nobody was asked: this is the address alone.")
        suggest(f"modelport check {target} --live")


def _asked(session: Session, body: JsonObject) -> JsonObject:
    """Have the server check; lines come as stages end, JSON in the end."""
    if session.output is Output.TABLE:
        report = follow(session, body, show=_write)
        if report["notice"]:
            say(report["notice"])
        return report
    answer: JsonObject = session.api.post(PATH, body).body
    return answer


def _offline(session: Session, target: str, *, has_key: bool) -> JsonObject:
    """Check the address as a server started here would, without one."""
    # Inner imports: the policy takes 0.2 s, and --help must not.
    from gateway.preflight.offline import judge_offline

    report: JsonObject = judge_offline(target, local_settings(None, None).egress, has_key=has_key)
    if session.output is Output.TABLE:
        write_lines(line for stage in report["endpoints"][0]["stages"] for line in lines_of(stage))
    return report


def _write(line: str) -> None:
    write_lines([line])
