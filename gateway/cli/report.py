"""`modelport report`: what somebody who helps needs to know, in one file without secrets."""

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.command import Session, command
from gateway.cli.doctor import findings, machine_of
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.local import ConfigFile, DataDir
from gateway.cli.output import show_data, write_lines
from gateway.cli.talk import say, suggest


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "report", example="modelport report")(_report)


def _report(
    session: Session,
    target: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to [modelport-report-….zip here].")
    ] = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Write a report for whoever helps: version, settings, doctor's findings, last errors, numbers; print its path.

    Passwords, keys and tokens are left out; prompts and answers are never in it. Nothing is sent anywhere.
    """
    # Inner imports: the server's half of the program takes 0.4 s, and --help must not.
    from gateway.cli.machine import RunningServer
    from gateway.doctor.bundle import files_of
    from gateway.doctor.machine import Silence
    from gateway.doctor.redaction import Redaction, known_secrets

    machine = machine_of(session, config, data_dir)
    server = machine.server
    metrics = server.text("metrics") if isinstance(server, RunningServer) else Silence("no server")
    hide = Redaction(known_secrets(machine.settings, os.environ, _key(session), named_in=machine.file))
    files = files_of(machine, findings(machine), metrics, hide)
    path = target or Path(f"modelport-report-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip")
    _write(path, files)
    if session.output.is_data:
        show_data({"file": str(path), "holds": list(files)}, session.output)
    else:
        write_lines([path])
    say("Secrets are left out; names of models and addresses of servers are in it. Look through it before you send it.")
    suggest(f"unzip -p {path} README.txt")


def _key(session: Session) -> str | None:
    try:
        return session.key
    except Failure:  # doctor has told it
        return None


def _write(path: Path, files: dict[str, str]) -> None:
    """Write the file for its owner alone; one that exists is not touched."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise UsageFailure(f"{path} exists", hint="name another file") from error
    except OSError as error:
        raise UsageFailure(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            bundle.writestr(name, text)
