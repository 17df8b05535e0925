"""The registry's services together: what the composition root makes and everybody above takes."""

from gateway.registry.registry import Registry
from gateway.registry.service.addresses import AddressService
from gateway.registry.service.aliases import AliasService
from gateway.registry.service.change import Changes
from gateway.registry.service.credential import Credentials, JudgeUrl, SecretStore
from gateway.registry.service.endpoints import EndpointService
from gateway.registry.service.gateways import GatewayService
from gateway.registry.service.models import ModelService
from gateway.registry.service.teams import TeamService
from gateway.storage.clock import Clock
from gateway.storage.engine import Database


class RegistryService:
    """One service per noun: `teams`, `gateways`, `models`, `endpoints`, `aliases`, and `addresses` to look them up."""

    def __init__(
        self, database: Database, registry: Registry, clock: Clock, *, secrets: SecretStore, judge_url: JudgeUrl
    ) -> None:
        changes = Changes(database, registry, clock)
        credentials = Credentials(secrets, judge_url)
        self.registry = registry
        self.teams = TeamService(changes)
        self.gateways = GatewayService(changes)
        self.endpoints = EndpointService(changes, credentials)
        self.models = ModelService(changes, credentials, self.endpoints)
        self.aliases = AliasService(changes)
        self.addresses = AddressService(registry)

    async def ensure_default(self) -> None:
        """Make the team `default` in a new installation, and read the registry for the first time."""
        await self.teams.ensure_default()
        await self.registry.reload()
