"""A registry with models that leave: services, routes and what an operator would look at, on a real database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from gateway.lifecycle.impact import Watch
from gateway.lifecycle.routes import LifecycleRoutes
from gateway.lifecycle.rules import Operations
from gateway.lifecycle.service import LifecycleService
from gateway.registry.health import HealthBook
from gateway.registry.service.registry_service import RegistryService
from gateway.settings import LifecycleSettings
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import metadata
from tests.audit.trails import make_trail
from tests.registry.api import ORIGIN

_BY_ITSELF = ("usage_calls", "usage_daily", "workers")
"""Tables that no management call writes."""


@dataclass
class Elsewhere:
    """What runs in this process and in others, as a test says."""

    here: dict[str, int] = field(default_factory=dict)
    others_: list[dict[str, int]] = field(default_factory=list)

    async def others(self, conn: AsyncConnection, *, now_ms: int) -> list[dict[str, int]]:
        """Return the other processes."""
        del conn, now_ms
        return self.others_

    def watch(self) -> Watch:
        """Return what the services look through."""
        return Watch(lambda uid: self.here.get(uid, 0), self)


@dataclass(frozen=True)
class Waits:
    """An operation that somebody began."""

    id: str
    kind: str
    target: str | None


class Waiting:
    """Notes operations instead of carrying them out."""

    def __init__(self) -> None:
        self.made: list[Waits] = []

    async def create(self, conn: AsyncConnection, kind: str, *, target: str | None = None, **_more: Any) -> Any:
        """Note one."""
        del conn
        self.made.append(Waits(f"op_{len(self.made) + 1}", kind, target))
        return self.made[-1]


def make_lifecycle(
    service: RegistryService,
    database: Database,
    clock: Clock,
    *,
    watch: Watch | None = None,
    operations: Operations | None = None,
    rules: Callable[[], LifecycleSettings] = LifecycleSettings,
) -> LifecycleService:
    """Return the services over a registry of a test."""
    trail = make_trail(database, clock)
    return LifecycleService(
        service.changes, clock, trail=trail, watch=watch or Watch(), rules=rules, operations=operations
    )


def lifecycle_routes(lifecycle: LifecycleService) -> LifecycleRoutes:
    """Return the routes, for a caller who used the tests' origin."""
    return LifecycleRoutes(lifecycle, lambda _: ORIGIN, HealthBook())


async def dump(database: Database) -> dict[str, Sequence[Any]]:
    """Return every row of every table that management writes, to compare before and after."""
    async with database.read() as conn:
        return {
            table.name: sorted(map(repr, (await conn.execute(select(table))).all()))
            for table in metadata.sorted_tables
            if table.name not in _BY_ITSELF
        }
