"""How the list is kept fresh, as one sees it and as one has it done: status, a sync on demand, what is held."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from gateway.api.acting import acting
from gateway.api.principal import Principal
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.catalogue.adopting import ORPHANED
from gateway.catalogue.proposing import Proposing
from gateway.catalogue.service import CatalogueService
from gateway.errors import Conflict
from gateway.operations.job import Job, Result
from gateway.operations.record import OperationRecord
from gateway.operations.service import OperationService
from gateway.settings import CatalogueSettings
from gateway.storage.engine import Database
from gateway.storage.schema import models, teams

if TYPE_CHECKING:
    from gateway.catalogue.sync.outcome import Outcome
    from gateway.catalogue.views import StatusView, VerifiedView

SYNC: Final = "catalogue_sync"
"""The kind of the operation; one at a time, whoever asks."""


class Syncing:
    """One for each process."""

    def __init__(  # noqa: PLR0913 - keyword-only, all of it from the composition root
        self,
        *,
        service: CatalogueService,
        proposing: Proposing,
        operations: OperationService,
        database: Database,
        trail: Trail,
        settings: CatalogueSettings,
        look: Callable[[], Awaitable["Outcome"]],
    ) -> None:
        self._service = service
        self._proposing = proposing
        self._operations = operations
        self._database = database
        self._trail = trail
        self._settings = settings
        self._look = look

    async def headline(self) -> str:
        """Return state, age and serial in one line, for a header (CAT-9)."""
        opened = await self._service.opened()
        state, age_s = "static", None
        if opened.sync is not None:
            told = opened.sync.status()
            state, age_s = told.state, told.age_s
        version = opened.lists.version
        age = "" if age_s is None else f"; age={age_s}"
        return f"{state}{age}" + ("" if version is None else f"; serial={version.serial}")

    async def status(self, principal: Principal) -> "StatusView":
        """Return how fresh the list is; a list that cannot be opened is a state as well."""
        # Inner import: models of answers, and the list's own part.
        from gateway.catalogue.standing import Here, status_view

        here = Here(await self._orphaned(principal), await self._proposing.count(principal))
        return await status_view(self._service, self._settings, here)

    async def begin(self, principal: Principal) -> OperationRecord:
        """Have the hub asked now, by whichever process is free.

        Raises:
            Conflict: no hub is configured, or one is asked already.
        """
        if not self._asks:
            raise _no_hub()
        async with self._database.write() as conn:
            record = await self._operations.create(
                conn, SYNC, target="catalogue", target_name="catalogue", team=principal.team
            )
            event = Event(
                "catalogue.sync", "catalogue", name=str(self._settings.url), operation_id=record.id, status=202
            )
            await self._trail.write(conn, [event], record.created_at)
        self._operations.nudge()
        return record

    async def carry_out(self, job: Job) -> Result:
        """Ask the hub, as an operation.

        Raises:
            GatewayError: nothing was taken, and why.
        """
        del job
        if not self._asks:
            raise _no_hub()
        outcome = await self._look()
        if outcome.kind == "failed" and outcome.error is not None:
            raise outcome.error
        change = outcome.change
        told = {} if change is None else {"from": change.start, "to": change.to, "added": change.added}
        told |= {} if change is None else {"changed": change.changed, "removed": len(change.removed)}
        return {"outcome": outcome.kind, **told}

    async def accept(self, principal: Principal, serial: int) -> OperationRecord:
        """Have a list taken that was held because it takes very much away; return the look at the hub that takes it.

        Raises:
            Conflict: no list of that serial is held.
        """
        sync, who = (await self._service.opened()).sync, acting()
        if sync is None or not self._asks:
            raise _no_hub()
        await sync.accept(serial, by=who.id or who.name or who.type)
        await self._trail.note(Event("catalogue.accept", "catalogue", uid=str(serial), name=f"serial {serial}"))
        try:
            return await self.begin(principal)
        except Conflict as error:  # one that looks already will take it
            running = error.extra.get("operation")
            if error.code != "operation_in_progress" or running is None:
                raise
        return await self._operations.get(principal, str(running))

    async def verify(self) -> "VerifiedView":
        """Return what is found when every entry is hashed again."""
        # Inner import: as above.
        from gateway.catalogue.standing import verified_view

        await self._trail.note(Event("catalogue.verify", "catalogue", name="catalogue"))
        return await verified_view(await self._service.opened())

    @property
    def _asks(self) -> bool:
        return self._settings.url is not None and self._settings.mode != "static"

    async def _orphaned(self, principal: Principal) -> int:
        query = select(func.count()).select_from(models).where(models.c.catalogue_flag == ORPHANED)
        query = query.where(models.c.state != "deleted")
        if principal.team is not None:
            query = query.join(teams, teams.c.id == models.c.team_id).where(teams.c.name == principal.team)
        async with self._database.read() as conn:
            return int((await conn.execute(query)).scalar() or 0)


def _no_hub() -> Conflict:
    return Conflict(
        "no hub is asked here: the catalogue is the list that came along, or the configuration's",
        code="no_hub",
        hint="set catalogue.url to a hub's folder, and catalogue.mode to dynamic or hybrid",
    )
