"""Who points at a model, in pages: what one looks at before a deletion."""

from typing import Final

from msgspec import Struct

from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.lifecycle import case as cases
from gateway.lifecycle.impact import Watch
from gateway.lifecycle.references import KINDS, Kind, Place, Reference, count, page
from gateway.registry.service.change import Changes
from gateway.storage.clock import Clock

_PRIVATE: Final = frozenset({"key", "stored_object"})
"""Kinds that who may not delete models sees the number of: keys are other people's."""


class Listed(Struct, frozen=True):
    """A page of references, and how many there are of each kind."""

    items: list[Reference]
    after: Place | None
    counts: dict[str, int]


class ReferenceList:
    """Lists references."""

    def __init__(self, changes: Changes, clock: Clock, watch: Watch) -> None:
        self._changes = changes
        self._clock = clock
        self._watch = watch

    async def list(  # noqa: PLR0913 - keyword-only from the third on
        self, principal: Principal, named: str, *, team: str | None, kind: Kind | None, after: Place | None, limit: int
    ) -> Listed:
        """Return a page of what points at a model, which may be on its way already.

        Raises:
            NotFound: no such model for this caller.
        """
        now_ms = self._clock.now_ms()
        shown = [one for one in KINDS if kind in {None, one}]
        if not principal.may(Permission.MODELS_DELETE):
            shown = [one for one in shown if one not in _PRIVATE]
        async with self._changes.read() as conn:
            model, _ = await cases.find(conn, principal, named, team)
            counted = await count(conn, model.uid, now_ms=now_ms)
            shown = [one for one in shown if one in counted]
            items, place = await page(conn, model.uid, shown, after=after, limit=limit, now_ms=now_ms)
            running = await self._watch.of(conn, model.uid, now_ms=now_ms)
        counts = {str(one): number for one, number in counted.items()}
        if running.calls:
            counts["call"] = running.calls
        return Listed(items, place, counts)
