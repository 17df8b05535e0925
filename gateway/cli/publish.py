"""`modelport publish`: a directory as a model package in an OCI registry, checked before anything is packaged."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from gateway.cli.change import edit
from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import UsageFailure
from gateway.cli.local import ConfigFile
from gateway.cli.lookup import find
from gateway.cli.models import NOUN as MODEL
from gateway.cli.output import Output, show_data, write_lines
from gateway.cli.talk import say, suggest
from gateway.cli.transfer import (
    CredentialReference,
    PasswordStdin,
    PlainHttp,
    Reference,
    Reporter,
    Username,
    access,
    end,
    exit_code,
)

if TYPE_CHECKING:
    from gateway.publish.preflight import Stage
    from gateway.publish.service import Published, Publisher, Wish

_EXPECTED = {
    "offline": "The words are right; nobody was asked whether {reference} takes the push.",
    "auth": "{reference} is there and knows you; whether it takes a push was not tried (--trial session).",
    "session": "The push of {directory} to {reference} is expected to succeed.",
    "full": "The push of {directory} to {reference} is expected to succeed.",
}
"""What a check of each level has shown."""


Directory: TypeAlias = Annotated[Path, typer.Argument(metavar="DIR", help="The directory with the model's files.")]
Check: TypeAlias = Annotated[bool, typer.Option("--check", help="Check alone: is this push going to succeed?")]
Trial: TypeAlias = Annotated[
    str,
    typer.Option(
        "--trial",
        metavar="LEVEL",
        help="How much is tried before the push: offline (nothing), auth, session, full.",
    ),
]
Overwrite: TypeAlias = Annotated[bool, typer.Option("--overwrite", help="Replace a tag that has another package.")]
SkipPreflight: TypeAlias = Annotated[bool, typer.Option("--skip-preflight", help="Push without the check.")]
FollowLinks: TypeAlias = Annotated[
    bool, typer.Option("--follow-links", help="Publish what links lead to, also outside the directory.")
]
Register: TypeAlias = Annotated[
    str | None, typer.Option("--register", metavar="MODEL", help="Note the package at this model of the server.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "publish", example="modelport publish ./qwen3 registry.example.com/team/qwen3:v1", changes=True)(
        _publish
    )


def _publish(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    directory: Directory,
    reference: Reference,
    check: Check = False,
    trial: Trial = "session",
    overwrite: Overwrite = False,
    skip_preflight: SkipPreflight = False,
    follow_links: FollowLinks = False,
    model: Register = None,
    plain_http: PlainHttp = False,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    credential: CredentialReference = None,
    config: ConfigFile = None,
) -> None:
    """Publish a directory as a model package, after checking that the registry is going to take it.

    Exit 12: the check found that it would not. Every error ends with what was kept and what the next push sends.
    """
    _require_sense(trial, skips=skip_preflight, checks=check)
    # Inner imports: aiohttp and pydantic take 0.3 s, and --help must not.
    from gateway.publish.messages import PublishError
    from gateway.publish.preflight import Level
    from gateway.publish.reference import parse
    from gateway.publish.service import NOTHING_YET, Publisher, Wish

    reporter = Reporter(session)
    try:
        way = access(
            config, plain_http=plain_http, username=username, password_stdin=password_stdin, credential=credential
        )
        wish = Wish(
            directory=directory,
            reference=parse(reference),
            level=Level(trial),
            check_only=check or session.dry_run,
            skip_preflight=skip_preflight,
            overwrite=overwrite,
            follow_links=follow_links,
        )
        publisher = Publisher(wish, way, notify=reporter.event, tell=lambda stage: _tell(reporter, stage))
    except PublishError as error:
        code = exit_code(error, in_check=False)
        raise end(reporter, f"Error: {error.message}", NOTHING_YET, code, code=error.code) from error
    if model is not None and not wish.check_only:
        find(session, MODEL, model)  # before gigabytes travel: is there such a model?
    outcome = _run(publisher, reporter)
    _finish(session, reporter, outcome, wish, model=model, http=" --plain-http" if plain_http else "")


def _require_sense(trial: str, *, skips: bool, checks: bool) -> None:
    if trial not in _EXPECTED:
        raise UsageFailure(f"--trial {trial!r} is no level", hint=f"one of {', '.join(_EXPECTED)}")
    if skips and checks:
        raise UsageFailure("--check and --skip-preflight exclude each other", hint="leave one out")


def _run(publisher: "Publisher", reporter: Reporter) -> "Published":
    """Run it to its end, whatever that is."""
    # Inner import: loaded by now.
    from gateway.publish.messages import PublishError

    outcome = publisher.outcome
    try:
        with reporter.shown():
            asyncio.run(publisher.run())
    except PublishError as error:
        code = exit_code(error, in_check=False)
        left = outcome.left_behind
        raise end(
            reporter, f"Error: {error.message}", publisher.kept(), code, code=error.code, left_behind=left
        ) from error
    except KeyboardInterrupt:
        left = outcome.left_behind
        sessions = "" if left else "; every upload session is cancelled"
        raise end(
            reporter,
            f"Interrupted{sessions}.",
            publisher.kept(),
            ExitCode.INTERRUPTED,
            code="interrupted",
            left_behind=left,
        ) from None
    if outcome.report is not None and (found := outcome.report.error) is not None:
        code, left = exit_code(found, in_check=True), outcome.left_behind
        raise end(reporter, f"Error: {found.message}", publisher.kept(), code, code=found.code, left_behind=left)
    return outcome


def _finish(  # noqa: PLR0913 - keyword-only from the fifth on
    session: Session, reporter: Reporter, outcome: "Published", wish: "Wish", *, model: str | None, http: str
) -> None:
    for one in outcome.left_behind:
        say(f"Left behind: {one}")
    if wish.check_only:
        report = outcome.report
        reporter.write(event="done", **({} if report is None else report.data))
        if session.output is Output.YAML and report is not None:
            show_data(report.data, session.output)
        say(_EXPECTED[wish.level].format(directory=wish.directory, reference=wish.reference))
        suggest(f"modelport publish {wish.directory} {wish.reference}{http}")
        return
    place = f"{wish.reference}@{outcome.digest}"
    if model is not None:
        edit(session, MODEL, model, {"source_reference": str(wish.reference), "source_digest": outcome.digest})
    reporter.write(event="done", registered=model, **outcome.data)
    if session.output is Output.YAML:
        show_data({**outcome.data, "registered": model}, session.output)
    elif not session.output.is_data:
        write_lines([place])
    if outcome.page is not None:
        say(f"See it at {outcome.page}")
    if model is not None:
        say(f"model {model!r} is noted to be this package")
    suggest(f"modelport pull {wish.reference} DIR{http}")


def _tell(reporter: Reporter, stage: "Stage") -> None:
    """Show a stage of the check as it ends."""
    reporter.write(
        event="stage",
        stage=stage.stage,
        verdict=stage.verdict,
        code=stage.code,
        message=stage.message,
        did_you_mean=stage.did_you_mean,
        took_ms=stage.took_ms,
    )
    if not reporter.is_json and stage.verdict != "fail":  # a failure is the error that ends the command
        say(f"{stage.verdict:<8} {stage.message}")
