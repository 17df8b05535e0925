"""`modelport pull`: a model package from an OCI registry back into a directory, every file checked."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.local import ConfigFile
from gateway.cli.output import Output, show_data, write_lines
from gateway.cli.talk import say
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

_KEPT = "Files that were written whole stay; the next pull fetches only the others."


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "pull", example="modelport pull registry.example.com/team/qwen3:v1 ./qwen3")(_pull)


def _pull(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    reference: Reference,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go; made when it is not there.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that have another content.")] = False,
    plain_http: PlainHttp = False,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    credential: CredentialReference = None,
    config: ConfigFile = None,
) -> None:
    """Fetch a model package into a directory; every file is checked against its digest before it gets its name."""
    # Inner imports: aiohttp and pydantic take 0.3 s, and --help must not.
    from gateway.publish.messages import PublishError
    from gateway.publish.reference import parse
    from gateway.publish.service import pull

    reporter = Reporter(session)
    try:
        way = access(
            config, plain_http=plain_http, username=username, password_stdin=password_stdin, credential=credential
        )
        with reporter.shown():
            digest, files = asyncio.run(
                pull(parse(reference), directory, way, overwrite=overwrite, notify=reporter.event)
            )
    except PublishError as error:
        code = exit_code(error, in_check=False)
        raise end(reporter, f"Error: {error.message}", _KEPT, code, code=error.code) from error
    except KeyboardInterrupt:
        raise end(reporter, "Interrupted.", _KEPT, ExitCode.INTERRUPTED, code="interrupted") from None
    done = {"reference": reference, "digest": digest, "directory": str(directory), "files": [one.name for one in files]}
    reporter.write(event="done", **done)
    if session.output is Output.YAML:
        show_data(done, session.output)
    elif not session.output.is_data:
        write_lines([one.path for one in files])
    say(f"{len(files)} files of {reference} ({digest}) are in {directory}")
