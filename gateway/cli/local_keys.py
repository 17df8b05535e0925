"""Making a key in this machine's own database: for an administrator who lost the first one.

Whoever may read the database's file and the pepper beside it is the installation's owner, so no key is asked for.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.local import local_settings, sqlite_file, with_database
from gateway.cli.recording import as_command, trail_of
from gateway.keys.model import KeyInput, key_created
from gateway.keys.service import KeyService
from gateway.settings import Settings
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.migrate import require_current
from gateway.vault.setup import PEPPER_FILE, load_peppers


def create(body: dict[str, Any], *, config: Path | None, data_dir: Path | None) -> dict[str, Any]:
    """Return the key as the API would, with its text; a running server knows it within a second."""
    settings = local_settings(config, data_dir)
    sqlite_file(settings)
    _require_pepper(settings)
    wanted = _wanted(body)
    peppers = load_peppers(settings, environment=os.environ)
    clock = SystemClock()

    async def make(database: Database) -> dict[str, Any]:
        await require_current(database)
        service = KeyService(database, peppers, clock, trail=trail_of(settings, database))
        with as_command():
            record, minted = await service.create(wanted, None)
        return key_created(record, minted.text.reveal(), now_ms=clock.now_ms()).model_dump(mode="json")

    return with_database(settings, make)


def _require_pepper(settings: Settings) -> None:
    """Refuse to make a pepper here: a key under it would be unknown to the server."""
    path = settings.data_dir / PEPPER_FILE
    if settings.secrets.pepper is None and not path.exists():
        raise Failure(
            f"there is no pepper at {path}, so this is not the server's data directory",
            exit_code=ExitCode.NOT_FOUND,
            hint="run this on the server's machine with its --data-dir or --config",
        )


def _wanted(body: dict[str, Any]) -> KeyInput:
    lists = {name: tuple(value) for name, value in body.items() if isinstance(value, list)}
    try:
        return KeyInput.model_validate({**body, **lists}, strict=False)
    except ValidationError as error:
        findings = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False))
        raise UsageFailure("; ".join(findings)) from error
