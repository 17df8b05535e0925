"""How the list is kept fresh, as one sees it and as one has it done: status, a sync on demand, what is held."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import func, select

from gateway.api.acting import acting
from gateway.api.principal import Principal
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.catalogue.adopting import ORPHANED
from gateway.catalogue.proposing import Proposing
from gateway.catalogue.service import CatalogueService, Opened
from gateway.catalogue.views import ComparisonView, CountsView, HeldView, StatusView, VerifiedView
from gateway.errors import Conflict, GatewayError, Unavailable
from gateway.operations.job import Job, Result
from gateway.operations.record import OperationRecord
from gateway.operations.service import OperationService
from gateway.settings import CatalogueSettings
from gateway.storage.clock import rfc3339
from gateway.storage.engine import Database
from gateway.storage.schema import models, teams

if TYPE_CHECKING:
    from gateway.catalogue.sync.outcome import Outcome

SYNC: Final = "catalogue_sync"
"""The kind of the operation; one at a time, whoever asks."""
_NONE: Final = CountsView(entries=0, hidden=0, quarantined=0, suppressed=0, pinned=0, orphaned=0)


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

    async def status(self, principal: Principal) -> StatusView:
        """Return how fresh the list is; a list that cannot be opened is a state as well."""
        proposals, orphaned = await self._proposing.count(principal), await self._orphaned(principal)
        try:
            opened = await self._service.opened()
            counts = await self._counts(opened, orphaned)
            comparison = await self._comparison()
        except GatewayError as error:
            return self._broken(error, proposals, orphaned)
        if opened.sync is None:
            return self._static(opened, counts, comparison, proposals)
        told = opened.sync.status()
        return StatusView(
            state=told.state,
            mode=self._settings.mode,
            hub=self._settings.url,
            serial=told.serial,
            origin=cast("Any", told.origin),
            age_s=told.age_s,
            signed_at=_time(told.signed_at_ms),
            checked_at=_time(told.checked_at_ms),
            next_at=_time(told.next_at_ms),
            last_error=told.last_error,
            warnings=(*told.warnings, *_warnings(counts)),
            counts=counts,
            held=None
            if told.held is None
            else HeldView(serial=told.held.serial, removed=told.held.removed, limit=told.held.limit),
            comparison=comparison,
            proposals=proposals,
        )

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

    async def verify(self) -> VerifiedView:
        """Return what is found when every entry is hashed again."""
        await self._trail.note(Event("catalogue.verify", "catalogue", name="catalogue"))
        opened = await self._service.opened()
        problem, entries = None, 0
        try:
            entries = await (opened.lists.first if opened.sync is None else opened.sync).verify()
        except Unavailable as error:
            problem = error.message
        version = opened.lists.version
        return VerifiedView(
            verified=problem is None,
            entries=entries,
            serial=None if version is None else version.serial,
            state_sha256=None if version is None else version.state_sha256,
            problem=problem,
        )

    @property
    def _asks(self) -> bool:
        return self._settings.url is not None and self._settings.mode != "static"

    async def _counts(self, opened: Opened, orphaned: int) -> CountsView:
        told = await opened.lists.first.counts()
        suppressed = len({one.entry_id for one in await self._service.all_suppressions()})
        return CountsView(
            entries=told.shown,
            hidden=told.hidden,
            quarantined=told.quarantined + len(opened.lists.given.refused),
            suppressed=suppressed,
            pinned=told.pinned,
            orphaned=orphaned,
        )

    async def _comparison(self) -> ComparisonView | None:
        found = await self._service.compare()
        if found is None:
            return None
        return ComparisonView(
            static=found.static,
            same=found.same,
            differing=found.count("differing"),
            missing=found.count("missing"),
            refused=found.count("refused"),
            only_hub=found.only_hub,
        )

    async def _orphaned(self, principal: Principal) -> int:
        query = select(func.count()).select_from(models).where(models.c.catalogue_flag == ORPHANED)
        query = query.where(models.c.state != "deleted")
        if principal.team is not None:
            query = query.join(teams, teams.c.id == models.c.team_id).where(teams.c.name == principal.team)
        async with self._database.read() as conn:
            return int((await conn.execute(query)).scalar() or 0)

    def _static(
        self, opened: Opened, counts: CountsView, comparison: ComparisonView | None, proposals: int
    ) -> StatusView:
        version = opened.lists.version
        return StatusView(
            state="static",
            mode=self._settings.mode,
            hub=None,
            serial=None if version is None else version.serial,
            origin=None if version is None else cast("Any", version.origin),
            age_s=None,
            signed_at=None,
            checked_at=None,
            next_at=None,
            last_error=None,
            warnings=_warnings(counts),
            counts=counts,
            held=None,
            comparison=comparison,
            proposals=proposals,
        )

    def _broken(self, error: GatewayError, proposals: int, orphaned: int) -> StatusView:
        return StatusView(
            state="disk-full" if error.code == "catalogue_disk_full" else "rebuilding",
            mode=self._settings.mode,
            hub=self._settings.url,
            serial=None,
            origin=None,
            age_s=None,
            signed_at=None,
            checked_at=None,
            next_at=None,
            last_error=error.message,
            warnings=(),
            counts=_NONE.model_copy(update={"orphaned": orphaned}),
            held=None,
            comparison=None,
            proposals=proposals,
        )


def _no_hub() -> Conflict:
    return Conflict(
        "no hub is asked here: the catalogue is the list that came along, or the configuration's",
        code="no_hub",
        hint="set catalogue.url to a hub's folder, and catalogue.mode to dynamic or hybrid",
    )


def _warnings(counts: CountsView) -> tuple[str, ...]:
    found = []
    if counts.quarantined:
        found.append(f"{counts.quarantined} entries cannot be used: modelport catalogue list --quarantine shows why")
    if counts.orphaned:
        found.append(f"{counts.orphaned} models here came from entries that are gone: modelport models list shows them")
    return tuple(found)


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)
