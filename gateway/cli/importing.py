"""`modelport import`: what a model list of LiteLLM, llama-swap or an OpenAI-style server becomes here."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.making import Making, Outcome
from gateway.cli.output import Columns, JsonObject, Output, show_data, write_lines
from gateway.cli.talk import say, suggest
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.importing.plan import Plan

_MAX_BYTES = 16 * 1024 * 1024  # far beyond any list that people keep: a wrong file must not fill the memory
_REFERENCES = ("env:", "file:", "keyring:")
_TO_APPLY = "this is a plan; nothing was changed"


def _becomes(row: JsonObject) -> str:
    if row["becomes"] == "alias":
        return f"alias {row['name']} of {row['target']}"
    if row["becomes"] == "endpoint":
        return f"model {row['name']}"
    return "nothing"


_COLUMNS: Columns = {
    "line": "line",
    "source": "source",
    "becomes": _becomes,
    "base_url": "base_url",
    "upstream model": "upstream_model",
    "key": "api_key",
    "weight": "weight",
    "note": "note",
}
_OUTCOMES: Columns = {"kind": "kind", "name": "name", "outcome": "outcome", "detail": "detail"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "import", example="modelport import litellm.yaml", changes=True)(_import)


def _import(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The list to read; - for stdin.")],
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url", metavar="URL", help="Where the models of a plain list run; or llama-swap itself, to keep it."
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            "--api-key", metavar="REF", help="Key for a plain list: env:NAME, file:PATH, keyring:SERVICE/USER."
        ),
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Write the models as a new modelport.yaml.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Make the models on the server; what is there stays.")] = False,
) -> None:
    """Show what becomes of each row of LiteLLM's, llama-swap's or an OpenAI-style model list, and what does not.

    `-o yaml` prints the models as modelport.yaml declares them. No key that stands in the file is shown or kept.
    """
    if api_key is not None and not api_key.startswith(_REFERENCES):
        raise UsageFailure(
            "--api-key takes a reference, not the key itself", hint="write env:NAME, file:PATH or keyring:SERVICE/USER"
        )
    plan = _read(file, base_url, api_key)
    if write is not None:
        _write(plan, write)
    if apply:
        _apply(session, plan)
        return
    _show(session, plan)
    _tell(plan, None if write else file)


def _read(file: str, base_url: str | None, api_key: str | None) -> "Plan":
    text = _text(file)
    # Inner import: YAML takes 20 ms, and --help must not.
    from gateway.importing.reading import read

    try:
        return read(text, os.environ, base_url=base_url, api_key=api_key)
    except ConfigError as error:
        raise UsageFailure(f"{file}: {error.message}", hint=error.hint) from error


def _text(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read(_MAX_BYTES + 1) if file == "-" else _bytes(Path(file))
        text = raw.decode("utf-8-sig")
    except OSError as error:
        code = ExitCode.NOT_FOUND if isinstance(error, FileNotFoundError) else ExitCode.USAGE
        raise Failure(f"{file}: {error.strerror}", exit_code=code, hint="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageFailure(f"{file} is no text in UTF-8") from error
    if len(raw) > _MAX_BYTES:
        raise UsageFailure(f"{file} is larger than {_MAX_BYTES // 1024**2} MiB: is it a list of models?")
    return text


def _bytes(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(_MAX_BYTES + 1)


def _show(session: Session, plan: "Plan") -> None:
    if session.output is Output.YAML:
        show_data(plan.declared(), Output.YAML)
    elif session.output is Output.URL:
        write_lines(one.base_url for model in plan.models for one in model.endpoints)
    elif session.output.is_data:
        rows = [row.as_data() for row in plan.rows]
        show_data({"kind": plan.kind, "rows": rows, "declared": plan.declared()}, session.output)
    else:
        session.rows([row.as_data() for row in plan.rows], _COLUMNS)


def _tell(plan: "Plan", file: str | None) -> None:
    endpoints = sum(len(model.endpoints) for model in plan.models)
    lost = sum(row.becomes == "nothing" for row in plan.rows)
    say(
        f"{plan.kind}: {_number(len(plan.models), 'model')} with {_number(endpoints, 'endpoint')}, "
        f"{_number(len(plan.aliases), 'alias', 'aliases')}; {_number(lost, 'row')} without a counterpart"
    )
    if plan.variables:
        say(f"The server needs these variables: {', '.join(plan.variables)}")
    if file is not None and plan.models:
        say(_TO_APPLY)
        suggest(f"modelport import {file} --apply")


def _write(plan: "Plan", path: Path) -> None:
    # Inner import: as above.
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 10_000  # columns: an address is never broken
    try:
        with path.open("x", encoding="utf-8") as file:
            yaml.dump(plan.declared(), file)
    except FileExistsError as error:
        raise UsageFailure(f"{path} exists", hint="name another file, or print the models with -o yaml") from error
    except OSError as error:
        raise UsageFailure(f"{path}: {error.strerror}") from error
    say(f"{path} holds {_number(len(plan.models), 'model')}")
    suggest(f"modelport serve --config {path}")


def _apply(session: Session, plan: "Plan") -> None:
    making = Making(session)
    making.plan([(one.name, one.as_input()) for one in plan.models], list(plan.aliases))
    if session.dry_run:
        session.rows([one.as_data() for one in making.outcomes], _OUTCOMES)
        return
    if making.wanted:
        session.confirm(f"{_asked(making)} on {session.server}?")
    making.run()
    session.rows([one.as_data() for one in making.outcomes], _OUTCOMES)
    _tell(plan, None)
    making.check()
    making.end()
    if plan.models:
        suggest(f'modelport call {plan.models[0].name} "Say hello"')


def _asked(making: Making) -> str:
    kinds = [one.kind for one in making.outcomes if one.outcome in {Outcome.WOULD_MAKE, Outcome.WOULD_ADD}]
    parts = [(kind, kinds.count(kind)) for kind in ("model", "endpoint", "alias")]
    named = [_number(count, kind, f"{kind}es" if kind == "alias" else f"{kind}s") for kind, count in parts if count]
    return f"Make {', '.join(named)}"


def _number(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"
