"""The record of changes in one process: what writes it, signs how far it went, and shows it."""

import contextlib
import logging
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from multidict import CIMultiDict
from yarl import URL

from gateway.audit.checkpoint import Signer
from gateway.audit.checkpoints import LOOK_S, Checkpoints
from gateway.audit.event import Event
from gateway.audit.routes import AuditRoutes
from gateway.audit.service import AuditService
from gateway.audit.trail import Trail
from gateway.audit.verification import Verification
from gateway.audit.witness import make_witness
from gateway.errors import ConfigError, Unavailable
from gateway.observe.masking import mask
from gateway.settings import Settings
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.migrate import Migration
from gateway.tasks import Tasks
from gateway.upstream.transport import Transport, UpstreamRequest
from gateway.vault.setup import checkpoints_file, load_audit_keys, load_signing_keys

logger = logging.getLogger("modelport.audit")


class Record:
    """`trail` is what everything that changes something writes to.

    Raises:
        ConfigError: the key that seals the rows cannot be had.
    """

    def __init__(self, settings: Settings, database: Database, clock: Clock, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._environment = environment
        self._path = checkpoints_file(settings)
        self._keys = load_audit_keys(settings, environment=environment)
        self.trail = Trail(database, clock, keys=self._keys, enabled=settings.audit.enabled, masked=mask)
        self._checkpoints = self._make_checkpoints() if settings.role == "server" else None

    def routes(self) -> AuditRoutes:
        """Return what the API has of it."""
        return AuditRoutes(AuditService(self._database, self._verification))

    async def open(self) -> None:
        """Have the record say whether it is on, and complain when another process seals it with another key."""
        await self.trail.switch()
        if (key_id := await self.trail.sealed_with()) is not None and self._keys.find(key_id) is None:
            logger.error(
                "the record of changes was sealed with a key that is not configured here (%s): give every process of "
                "this database the same secrets.audit, or `modelport audit verify` finds fault",
                key_id,
            )

    async def migrated(self, conn: AsyncConnection, done: Migration) -> None:
        """Write that this start brought the database to another revision; of a new one there is nothing to tell."""
        if done.before is not None:
            event = Event(
                "database.upgrade",
                "database",
                name=self._database.dialect,
                before={"revision": done.before},
                after={"revision": done.after},
            )
            await self.trail.write(conn, [event], self._clock.now_ms())

    def watch(self, tasks: Tasks, transport: Transport) -> None:
        """Sign from now on how far the record went, and tell the witness over this transport."""
        where = self._settings.audit.witness
        if where is not None and self._checkpoints is not None:
            self._checkpoints.witness = make_witness(where, partial(_post, transport))
        tasks.repeat(self._step, every_s=LOOK_S, name="sign the record of changes")

    async def close(self) -> None:
        """Write what was only counted, and sign the last row; a database that is away must not keep the rest open."""
        with contextlib.suppress(Unavailable):
            await self.trail.flush(everything=True)
            if self._checkpoints is not None:
                await self._checkpoints.step(ending=True)

    async def _step(self) -> None:
        await self.trail.flush()
        if self._checkpoints is not None:
            await self._checkpoints.step()

    def _make_checkpoints(self) -> Checkpoints:
        name = f"{socket.gethostname()}:{self._path.absolute()}"
        return Checkpoints(self._database, self._clock, path=self._path, signer=self._signer, name=name)

    def _signer(self) -> Signer:
        return signer_of(self._settings, self._environment)

    def _verification(self) -> Verification:
        return verification_of(self._settings, self._database, self._clock, self._environment)


def signer_of(settings: Settings, environment: Mapping[str, str], *, create: bool = True) -> Signer:
    """Return what signs; raise ConfigError when its key cannot be had."""
    keys = load_signing_keys(settings, environment=environment, create=create)
    return Signer(tuple(key.value for key in keys.keys))


def verification_of(  # noqa: PLR0913 - keyword-only where it matters
    settings: Settings,
    database: Database,
    clock: Clock,
    environment: Mapping[str, str],
    *,
    public: bytes | None = None,
    checkpoints: Path | None = None,
) -> Verification:
    """Return what verifies the record; it makes no key, and raises ConfigError when there is none for the rows."""
    try:
        signer = signer_of(settings, environment, create=False)
    except ConfigError:
        signer = None
    return Verification(
        database,
        clock,
        keys=load_audit_keys(settings, environment=environment, create=False),
        checkpoints=checkpoints or checkpoints_file(settings),
        signer=signer,
        public=public,
    )


async def _post(transport: Transport, url: str, body: bytes) -> int:
    headers = CIMultiDict({"Content-Type": "application/json", "Accept": "*/*", "User-Agent": "modelport"})
    response = await transport.send(UpstreamRequest("POST", URL(url), headers, body))
    response.close()
    return response.status
