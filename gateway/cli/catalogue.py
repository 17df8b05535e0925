"""The catalogue: which models exist, as a hub tells it, and how fresh that is.

What this installation serves is another list: modelport models list.
"""

from typing import Annotated

import typer

from gateway.cli.command import Session, command, group
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure
from gateway.cli.output import Columns, JsonObject

PATH = "/catalogue"
_FRESH = frozenset({"fresh"})

app = typer.Typer(no_args_is_help=True)

_STATUS: Columns = {
    "state": "state",
    "serial": "serial",
    "entries": "entries",
    "age": "age",
    "checked at": "checked_at",
    "hub": "hub",
    "mode": "mode",
    "last error": "last_error",
}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "catalogue", about=__doc__, example="modelport catalogue status")


@command(app, "status", example="modelport catalogue status --require-fresh")
def show_status(
    session: Session,
    require_fresh: Annotated[
        bool, typer.Option("--require-fresh", help="Exit 20 unless the hub was asked lately, and is trusted.")
    ] = False,
) -> None:
    """Show how fresh the list is, where it came from, and what waits for somebody."""
    found: JsonObject = session.api.get(f"{PATH}/status").body
    session.item(found, _STATUS)
    if require_fresh and found["state"] not in _FRESH:
        raise Failure(
            f"the catalogue is not fresh: {found['state']}",
            exit_code=ExitCode.NOT_FRESH,
            hint="modelport catalogue sync asks the hub now",
        )
