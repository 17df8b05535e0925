"""`modelport init`: a commented configuration, and the schema that editors complete and check it with."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.command import Session, command
from gateway.cli.failure import UsageFailure
from gateway.cli.output import Output, show_data, write_lines
from gateway.cli.talk import say, suggest

_SCHEMA = "modelport.schema.json"
_NAME = "modelport.yaml"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "init", example="modelport init", changes=True)(_init)


def _init(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path(_NAME),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a new configuration file: every setting with its default, commented out, under what it means.

    It is readable by its owner alone. Its schema for editors is written beside it. --dry-run writes it to stdout.
    """
    # Inner imports: pydantic takes 0.2 s.
    from gateway.cli.template import config_example, config_schema
    from gateway.configuration.writing import create_file, replace_file

    if session.dry_run:
        sys.stdout.write(config_example(_SCHEMA))
        return
    schema = file.with_name(_SCHEMA)
    try:
        (replace_file if force else create_file)(file, config_example(_SCHEMA))
        replace_file(schema, json.dumps(config_schema(), indent=2) + "\n")
    except FileExistsError as error:
        raise UsageFailure(f"{file} is there already", hint="--force writes over it, or name another file") from error
    except OSError as error:
        raise UsageFailure(f"{file} cannot be written: {error.strerror}") from error
    if session.output is Output.TABLE:
        write_lines([file])
    else:
        show_data({"file": str(file), "schema": str(schema)}, session.output)
    say(f"written with its schema for editors, {schema}; `modelport config check` says what is wrong in it")
    suggest("modelport serve" if file == Path(_NAME) else f"modelport serve --config {file}")
