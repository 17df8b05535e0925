"""`modelport catalogue rules`: what a hub recommends, and what it tries out."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.command import Session, command
from gateway.cli.failure import UsageFailure
from gateway.cli.hub_folder import HubFolder, KeysFolder, open_hub
from gateway.cli.output import Columns
from gateway.cli.talk import say, suggest

_TAKEN: Columns = {"rules": "rules", "experiments": "experiments", "running": "running"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "rules", example="modelport catalogue rules recommend.json --hub hub", changes=True)(_rules)


def _rules(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Rules and experiments, as JSON.")],
    hub: HubFolder = Path(),
    keys: KeysFolder = None,
) -> None:
    """Put rules and experiments on a hub's working list, in place of those there; `publish` sends them.

    A rule that clients would not understand is told, and nothing is taken. docs/how-to/recommendations.md shows a file.
    """
    # Inner imports: who asks for help needs none of it.
    from datetime import UTC, datetime

    from gateway.catalogue.recommend.rules import PATH, BadRules, check_rules

    opened = open_hub(hub, keys, None)
    try:
        content = file.read_bytes()
        rules = check_rules(content)
    except OSError as error:
        raise UsageFailure(f"{file}: {error.strerror}", hint="name a file of rules") from error
    except BadRules as error:
        raise UsageFailure(f"{file}: {error}", hint="docs/how-to/recommendations.md has what rules can say") from error
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    running = [one.id for one in rules.experiments if one.standing(today) == "running"]
    if not session.dry_run:
        opened.put_file(PATH, content)
    session.item({"rules": len(rules.rules), "experiments": len(rules.experiments), "running": running}, _TAKEN)
    if session.dry_run:
        say("Dry run: nothing was changed.")
        return
    suggest(f"modelport catalogue publish --hub {hub}")
