"""The registry's services together: what the composition root makes and everybody above takes."""

import contextlib
from collections.abc import AsyncIterator

from gateway.audit.trail import Trail
from gateway.registry.registry import Registry
from gateway.registry.service.addresses import AddressService
from gateway.registry.service.aliases import AliasService
from gateway.registry.service.change import Change, Changes, Joined, ReloadKeys, no_keys
from gateway.registry.service.credential import Credentials, JudgeUrl, SecretStore
from gateway.registry.service.endpoints import EndpointService
from gateway.registry.service.gateways import GatewayService
from gateway.registry.service.models import ModelService
from gateway.registry.service.teams import TeamService
from gateway.storage.clock import Clock
from gateway.storage.engine import Database


class Nouns:
    """One service per noun: `teams`, `gateways`, `models`, `endpoints`, `aliases`."""

    def __init__(self, changes: Changes, credentials: Credentials) -> None:
        self.credentials = credentials
        self.teams = TeamService(changes)
        self.gateways = GatewayService(changes)
        self.endpoints = EndpointService(changes, credentials)
        self.models = ModelService(changes, credentials, self.endpoints)
        self.aliases = AliasService(changes)


class Together(Nouns):
    """The services inside one open transaction, `change`."""

    def __init__(self, change: Change, credentials: Credentials) -> None:
        super().__init__(Joined(change), credentials)
        self.change = change


class RegistryService(Nouns):
    """The services, each change of which is a transaction of its own (`changes`), and `addresses` to look things up."""

    def __init__(  # noqa: PLR0913 - keyword-only where it matters, all of it from the composition root
        self,
        database: Database,
        registry: Registry,
        clock: Clock,
        *,
        secrets: SecretStore,
        judge_url: JudgeUrl,
        trail: Trail,
        reload_keys: ReloadKeys = no_keys,
    ) -> None:
        self.changes = Changes(database, registry, clock, trail=trail, reload_keys=reload_keys)
        super().__init__(self.changes, Credentials(secrets, judge_url))
        self.registry = registry
        self.addresses = AddressService(registry)

    @contextlib.asynccontextmanager
    async def together(self, *, by: str) -> AsyncIterator[Together]:
        """Give services whose changes are one: one transaction in the name of `by`, one revision, one new snapshot.

        Raises:
            Conflict: as from each of them; then nothing was changed.
        """
        async with self.changes.begin(by=by) as change:
            yield Together(change, self.credentials)

    async def ensure_default(self) -> None:
        """Make the team `default` in a new installation, and read the registry for the first time."""
        await self.teams.ensure_default()
        await self.registry.reload()
