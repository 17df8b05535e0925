"""A model `old` with everything that can point at it, a `new` one to take over, and what each reference points at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, insert, select

from gateway.keys.model import KeyInput
from gateway.keys.ring import KeyRing
from gateway.keys.service import KeyService
from gateway.lifecycle.inputs import Deprecate
from gateway.lifecycle.service import LifecycleService
from gateway.registry.inputs import AliasCreate, GatewayCreate, ModelCreate, ModelPatch, TeamPatch
from gateway.registry.service.registry_service import RegistryService
from gateway.storage import schema
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.vault.root_keys import RootKey, RootKeys
from tests.audit.trails import make_trail
from tests.registry.api import ADMIN, ORIGIN

UPSTREAM: Final = "http://10.0.0.1:8000/v1"
_PEPPER: Final = RootKeys((RootKey("aaaaaaaa", b"p" * 32),))
FOREVER_MS: Final = 4_000_000_000_000


@dataclass
class World:
    """An installation; `make[kind]()` adds a reference to `old`, `targets(kind)` tells what it points at now."""

    database: Database
    service: RegistryService
    lifecycle: LifecycleService
    clock: Clock

    def __post_init__(self) -> None:
        """Take the keys' service along."""
        self.ring = KeyRing(self.database, _PEPPER, note_use=lambda _: None)
        trail = make_trail(self.database, self.clock)
        self.keys = KeyService(self.database, _PEPPER, self.clock, self.ring, trail=trail)
        self.uids: dict[str, str] = {}
        self.endpoints: dict[str, str] = {}
        self.make: dict[str, Callable[[], Awaitable[object]]] = {
            "alias": self.alias,
            "fallback": self.fallback,
            "last fallback": lambda: self.fallback(owner="empty"),
            "one of two models of a key": lambda: self.key("old", "other"),
            "only model of a key": lambda: self.key("old"),
            "team_default": self.team_default,
            "stored_object": self.stored_object,
            "successor": self.successor,
            "own_fallback": self.own_fallback,
            "gateway": self.gateway,
            "endpoint": self.nothing,
        }

    async def build(self) -> None:
        """Publish `old`, `new`, `other` with an endpoint each, and `empty` with none."""
        for name in ("old", "new", "other", "empty"):
            urls = () if name == "empty" else ({"base_url": UPSTREAM},)
            body = ModelCreate.model_validate({"name": name, "endpoints": urls})
            state = await self.service.models.create(ADMIN, body, server=ORIGIN)
            self.uids[name] = state.record.uid
            if state.endpoints:
                self.endpoints[name] = state.endpoints[0].id

    async def alias(self, name: str = "best", model: str = "old") -> None:
        """Give a model another name."""
        await self.service.aliases.create(ADMIN, AliasCreate(name=name, model=model))

    async def fallback(self, owner: str = "other") -> None:
        """Have `old` take over for another model."""
        await self.service.models.patch(ADMIN, self.uids[owner], ModelPatch(fallbacks=("old",)))

    async def own_fallback(self, to: str = "other") -> None:
        """Have another model take over for `old`."""
        await self.service.models.patch(ADMIN, self.uids["old"], ModelPatch(fallbacks=(to,)))

    async def key(self, *models: str, name: str = "a key") -> Any:
        """Make a key that may call these models; return its record."""
        return (await self.keys.create(KeyInput(name=name, team="default", models=models), None))[0]

    async def team_default(self) -> None:
        """Have the endpoint of `old` take calls that name no model."""
        snapshot = self.service.registry.snapshot
        body = TeamPatch(default_endpoints={"files": self.endpoints["old"]})
        await self.service.teams.patch(ADMIN, snapshot.teams["default"].id, body)

    async def stored_object(self) -> None:
        """Leave a batch unfinished."""
        row = {"team_id": self.service.registry.snapshot.teams["default"].id, "object_id": "batch_1", "kind": "batch"}
        times = {"created_at": 1, "unfinished_until": FOREVER_MS}
        async with self.database.write() as conn:
            await conn.execute(insert(schema.stored_objects).values(**row, **times, endpoint_id=self.endpoints["old"]))

    async def successor(self, of: str = "other") -> None:
        """Name `old` as the successor of a deprecated model."""
        await self.lifecycle.transitions.deprecate(ADMIN, of, Deprecate(successor="old"))

    async def gateway(self) -> None:
        """Publish `old` through a gateway."""
        await self.service.gateways.create(ADMIN, GatewayCreate(name="eu", url="https://eu.example"))
        await self.service.models.patch(ADMIN, self.uids["old"], ModelPatch(via="eu"))

    async def nothing(self) -> None:
        """Do nothing: the endpoint is there anyway."""

    async def targets(self, kind: str) -> list[str]:
        """Return the names of what references of the kind point at, sorted."""
        async with self.database.read() as conn:
            return sorted(str(name) for name in (await conn.execute(TARGETS[kind])).scalars())


def _targets() -> dict[str, Select[Any]]:
    models, legs = schema.models, schema.model_fallbacks
    owner = models.alias()
    taker = models.alias()
    fallbacks = (
        select(models.c.name)
        .join(legs, legs.c.fallback_uid == models.c.uid)
        .join(owner, owner.c.uid == legs.c.model_uid)
    )
    keys = select(schema.key_models.c.pattern).where(schema.key_models.c.model_uid.is_not(None))
    defaults = (
        select(models.c.name)
        .join(schema.endpoints, schema.endpoints.c.model_uid == models.c.uid)
        .join(schema.team_defaults, schema.team_defaults.c.endpoint_id == schema.endpoints.c.id)
    )
    waiting = schema.stored_objects.c.unfinished_until.is_not(None)
    return {
        "alias": select(models.c.name).join(schema.aliases, schema.aliases.c.model_uid == models.c.uid),
        "fallback": fallbacks.where(owner.c.name == "other"),
        "last fallback": fallbacks.where(owner.c.name == "empty"),
        "one of two models of a key": keys,
        "only model of a key": keys,
        "team_default": defaults,
        "stored_object": select(schema.stored_objects.c.object_id).where(waiting),
        "successor": select(taker.c.name)
        .join(models, models.c.successor_uid == taker.c.uid)
        .where(models.c.name == "other"),
        "own_fallback": fallbacks.where(owner.c.name == "old"),
        "gateway": select(schema.gateways.c.name).join(models, models.c.gateway_id == schema.gateways.c.id),
        "endpoint": select(models.c.name).join(schema.endpoints).where(models.c.name == "old"),
    }


TARGETS: Final = _targets()
