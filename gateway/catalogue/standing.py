"""How the catalogue stands, as an answer: of what list, sync and registry say. Loaded when somebody asks."""

from typing import Any, cast

from msgspec import Struct

from gateway.catalogue.modes import Comparison
from gateway.catalogue.service import CatalogueService, Opened
from gateway.catalogue.views import ComparisonView, CountsView, HeldView, StatusView, VerifiedView
from gateway.errors import GatewayError, Unavailable
from gateway.settings import CatalogueSettings
from gateway.storage.clock import rfc3339


class Here(Struct, frozen=True):
    """What the registry says: models whose entry is gone, and open proposals, of the caller's."""

    orphaned: int
    proposals: int


async def status_view(service: CatalogueService, settings: CatalogueSettings, here: Here) -> StatusView:
    """Return how fresh the list is; a list that cannot be opened is a state as well."""
    try:
        opened = await service.opened()
        counts = await _counts(service, opened, here)
        comparison = _compared(await service.compare())
    except GatewayError as error:
        return _broken(error, settings, here)
    if opened.sync is None:
        return _static(opened, settings, counts, comparison, here)
    told = opened.sync.status()
    held = told.held
    return StatusView(
        state=told.state,
        mode=settings.mode,
        hub=settings.url,
        serial=told.serial,
        origin=cast("Any", told.origin),
        age_s=told.age_s,
        signed_at=_time(told.signed_at_ms),
        checked_at=_time(told.checked_at_ms),
        next_at=_time(told.next_at_ms),
        last_error=told.last_error,
        warnings=(*told.warnings, *_warnings(counts)),
        counts=counts,
        held=None if held is None else HeldView(serial=held.serial, removed=held.removed, limit=held.limit),
        comparison=comparison,
        proposals=here.proposals,
    )


async def verified_view(opened: Opened) -> VerifiedView:
    """Return what is found when every entry is hashed again."""
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


async def _counts(service: CatalogueService, opened: Opened, here: Here) -> CountsView:
    told = await opened.lists.first.counts()
    return CountsView(
        entries=told.shown,
        hidden=told.hidden,
        quarantined=told.quarantined + len(opened.lists.given.refused),
        suppressed=len({one.entry_id for one in await service.all_suppressions()}),
        pinned=told.pinned,
        orphaned=here.orphaned,
    )


def _compared(found: Comparison | None) -> ComparisonView | None:
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


def _static(
    opened: Opened, settings: CatalogueSettings, counts: CountsView, comparison: ComparisonView | None, here: Here
) -> StatusView:
    version = opened.lists.version
    return StatusView(
        state="static",
        mode=settings.mode,
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
        proposals=here.proposals,
    )


def _broken(error: GatewayError, settings: CatalogueSettings, here: Here) -> StatusView:
    return StatusView(
        state="disk-full" if error.code == "catalogue_disk_full" else "rebuilding",
        mode=settings.mode,
        hub=settings.url,
        serial=None,
        origin=None,
        age_s=None,
        signed_at=None,
        checked_at=None,
        next_at=None,
        last_error=error.message,
        warnings=(),
        counts=CountsView(entries=0, hidden=0, quarantined=0, suppressed=0, pinned=0, orphaned=here.orphaned),
        held=None,
        comparison=None,
        proposals=here.proposals,
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
