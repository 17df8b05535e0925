"""What accepting a proposal of the catalogue does to a model: the registry's own deeds, by its own door."""

from collections.abc import Coroutine
from functools import partial
from typing import Any

from gateway.api.principal import Principal
from gateway.catalogue.proposing import Announcement, Deeds
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.inputs import Deprecate
from gateway.lifecycle.service import LifecycleService


def make_deeds(lifecycle: LifecycleService) -> Deeds:
    """Return what accepting a proposal calls."""
    return Deeds(deprecate=partial(_deprecate, lifecycle), delete=partial(_delete, lifecycle))


async def _deprecate(lifecycle: LifecycleService, principal: Principal, uid: str, told: Announcement) -> object:
    body = Deprecate(sunset_at=told.sunset_at, successor=told.successor, reason=told.reason)
    return await lifecycle.transitions.deprecate(principal, uid, body)


def _delete(lifecycle: LifecycleService, principal: Principal, uid: str) -> Coroutine[Any, Any, object]:
    return lifecycle.retirement.retire(principal, uid, Wanted())
