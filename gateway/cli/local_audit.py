"""The record of changes in this machine's own database: for a server that is stopped, and for whoever trusts none.

Whoever may read the database's file and the keys beside it is the installation's owner, so no key is asked for.
"""

import base64
import binascii
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.app.record import verification_of
from gateway.audit.archive import Segment, move, plan
from gateway.audit.model import AuditQuery, moment_ms
from gateway.audit.service import AuditService, verification_view
from gateway.audit.verification import Report, Verification
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.local import local_settings, sqlite_file, with_database
from gateway.cli.recording import as_command, trail_of
from gateway.settings import Settings
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.migrate import require_current

_OWNER = Principal(None, "the command line", Role.ADMIN, ROLES[Role.ADMIN])
_PUBLIC_BYTES = 32
_AT_ONCE = 200


def rows(config: Path | None, data_dir: Path | None, query: dict[str, str], most: int) -> list[dict[str, Any]]:
    """Return rows as the API would, newest first."""
    settings = _settings(config, data_dir)

    async def read(database: Database) -> list[dict[str, Any]]:
        await require_current(database)
        service, found, cursor = _service(settings, database), list[dict[str, Any]](), None
        while len(found) < most:
            limit = min(most - len(found), _AT_ONCE)
            page = await service.list(AuditQuery.model_validate({**query, "limit": limit, "cursor": cursor}), _OWNER)
            found += [one.model_dump(mode="json") for one in page.items]
            if (cursor := page.next_cursor) is None:
                break
        return found

    return with_database(settings, read)


def export(config: Path | None, data_dir: Path | None, query: dict[str, str]) -> Iterator[str]:
    """Yield every row that is meant, as lines of JSON."""
    settings = _settings(config, data_dir)
    wanted = AuditQuery.model_validate(query)

    async def piece(database: Database) -> list[str]:
        await require_current(database)
        return [one.decode() async for one in _service(settings, database).export(wanted, _OWNER)]

    yield from with_database(settings, piece)


def verify(
    config: Path | None, data_dir: Path | None, *, public_key: str | None, checkpoints: Path | None
) -> dict[str, Any]:
    """Return what a look at the whole record finds, as the API would."""
    settings = _settings(config, data_dir)
    public = None if public_key is None else _public(public_key)

    async def run(database: Database) -> Report:
        await require_current(database)
        return await _verification(settings, database, public=public, checkpoints=checkpoints).verify()

    return verification_view(with_database(settings, run)).model_dump(mode="json")


def plan_archive(config: Path | None, data_dir: Path | None, before: str) -> Segment:
    """Return which rows an archive would take.

    Raises:
        Failure: the record is not intact.
    """
    settings = _settings(config, data_dir)

    async def run(database: Database) -> tuple[Report, Segment]:
        await require_current(database)
        return await _verification(settings, database).verify(), await plan(database, moment_ms(before))

    report, segment = with_database(settings, run)
    if not report.intact:
        raise Failure(
            f"the record is not intact, so nothing of it is moved: {report.findings[0].message}",
            exit_code=ExitCode.UNHEALTHY,
            hint="see all of it: modelport audit verify --local",
        )
    return segment


def archive(config: Path | None, data_dir: Path | None, segment: Segment, target: Path) -> None:
    """Move the rows into the file; they are in the database until the file is whole and on the disk."""
    settings = _settings(config, data_dir)

    async def run(database: Database) -> None:
        with as_command():
            await move(database, trail_of(settings, database), SystemClock(), segment, target)

    try:
        with_database(settings, run)
    except FileExistsError as error:
        raise UsageFailure(f"{target} exists", hint="name another file") from error
    except OSError as error:
        raise UsageFailure(f"{target}: {error.strerror}", hint="name a file that can be written") from error


def _settings(config: Path | None, data_dir: Path | None) -> Settings:
    settings = local_settings(config, data_dir)
    sqlite_file(settings)
    return settings


def _service(settings: Settings, database: Database) -> AuditService:
    return AuditService(database, lambda: _verification(settings, database))


def _verification(
    settings: Settings, database: Database, *, public: bytes | None = None, checkpoints: Path | None = None
) -> Verification:
    return verification_of(settings, database, SystemClock(), os.environ, public=public, checkpoints=checkpoints)


def _public(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != _PUBLIC_BYTES:
        raise UsageFailure("--public-key is no public half", hint="as modelport audit verify prints it: 44 characters")
    return value
