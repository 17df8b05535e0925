"""A snapshot that took only what changed is the one that reading everything gives, whatever was changed."""

import ast
import random
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert

from gateway.errors import Conflict, GatewayError
from gateway.registry.inputs import (
    AliasCreate,
    AliasPatch,
    EndpointCreate,
    EndpointPatch,
    GatewayCreate,
    GatewayPatch,
    ModelCreate,
    ModelPatch,
    TeamCreate,
    TeamPatch,
)
from gateway.registry.registry import Registry
from gateway.registry.service import RegistryService
from gateway.registry.snapshot import Snapshot
from gateway.registry.store import changes
from gateway.registry.store.tables import ALIASES, MODELS
from gateway.storage import schema
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from tests.registry.api import ADMIN, ORIGIN

UPSTREAM = "http://10.0.0.1:8000/v1"
REGISTRY = {"teams", "gateways", "models", "endpoints", "aliases"}  # defaults are read with any change of their team


class Walk:
    """Changes whatever there is, at random; refusals are part of it."""

    def __init__(self, service: RegistryService, seed: int) -> None:
        self.service = service
        self.random = random.Random(seed)

    def step(self) -> Awaitable[object]:
        """Return one change."""
        return self.random.choice(
            (self.team, self.gateway, self.model, self.endpoint, self.alias, self.life, self.life)
        )()

    async def team(self) -> object:
        """Make, change or delete a team."""
        service, team = self.service.teams, self._any(self._now().teams.values())
        via = self.random.choice((None, "server", *(one.name for one in self._now().gateways)))
        if self._often():
            return await service.create(ADMIN, TeamCreate(name=self._name(), default_via=via))
        if self._often():
            endpoint = self._any([*self._now().endpoints, None])
            body = {"default_via": via, "default_endpoints": {"files": endpoint}}
            return await service.patch(ADMIN, team.id, TeamPatch.model_validate(body))
        return await service.delete(ADMIN, team.id)

    async def gateway(self) -> object:
        """Make, change or delete a gateway."""
        service, default = self.service.gateways, self.random.random() < 0.3
        url = f"https://{self._name()}.example.com"
        if self._often() or not self._now().gateways:
            return await service.create(ADMIN, GatewayCreate(name=self._name(), url=url, is_default=default))
        gateway = self._any(self._now().gateways)
        if self._often():
            return await service.patch(ADMIN, gateway.id, GatewayPatch(name=self._name(), url=url, is_default=default))
        return await service.delete(ADMIN, gateway.id)

    async def model(self) -> object:
        """Make, change or delete a model."""
        service = self.service.models
        via = self.random.choice((None, "server", *(one.name for one in self._now().gateways)))
        if self._often() or not self._now().by_uid:
            body: dict[str, Any] = {"name": self._name(), "team": self._any(self._now().teams), "via": via}
            body["endpoints"] = tuple({"base_url": UPSTREAM} for _ in range(self.random.randrange(3)))
            return await service.create(ADMIN, ModelCreate.model_validate(body), server=ORIGIN)
        uid = self._any(self._now().by_uid)
        if self._often():
            body = self._any([{"name": self._name()}, {"via": via}, {"state": "disabled"}, {"description": "x"}])
            return await service.patch(ADMIN, uid, ModelPatch.model_validate(body))
        async with self.service.together(by="file") as together:  # as a purge does
            await MODELS.delete(together.change.conn, [uid])
        return uid

    async def endpoint(self) -> object:
        """Make, change or delete an endpoint."""
        service, known = self.service.endpoints, self._now().endpoints
        if known and not self._often():
            return await service.delete(ADMIN, self._any(known))
        if known and self._often():
            body = self._any([{"weight": 3}, {"enabled": False}, {"base_url": "http://10.0.0.2/v1"}])
            return await service.patch(ADMIN, self._any(known), EndpointPatch.model_validate(body), server=ORIGIN)
        body = {"model": self._any([*self._now().by_uid, "none"]), "base_url": UPSTREAM}
        return await service.create(ADMIN, EndpointCreate.model_validate(body), server=ORIGIN)

    async def alias(self) -> object:
        """Make, change or delete an alias."""
        service, known = self.service.aliases, self._now().aliases
        target = self._any([*self._now().by_uid, "none"])
        if known and self._often():
            body = self._any([{"name": self._name()}, {"model": target}])
            return await service.patch(ADMIN, self._any(known), AliasPatch.model_validate(body))
        if known and not self._often():
            return await service.delete(ADMIN, self._any(known))
        return await service.create(ADMIN, AliasCreate(name=self._name(), model=target))

    async def life(self) -> object:
        """Bring a model into another state, as its retirement and restoration do; its aliases leave with it."""
        known = [*self._now().by_uid, *self._now().retired]
        if not known:
            return await self.model()
        uid = self._any(known)
        async with self.service.together(by="file") as together:
            change = together.change
            model = await MODELS.find(change.conn, uid)
            assert model is not None
            state = self._any(("draft", "active", "deprecated", "disabled", "draining", "deleted"))
            same = (schema.models.c.team_id == model.team_id, schema.models.c.name == model.name)
            if model.state == "deleted" and await MODELS.all(change.conn, *same, schema.models.c.state != "deleted"):
                raise Conflict("the name is taken")
            if state in {"draining", "deleted"}:
                await _let_go(change.conn, uid)
            elif model.state in {"draining", "deleted"}:
                await change.conn.execute(
                    delete(schema.retired_references).where(schema.retired_references.c.model_uid == uid)
                )
            successor = self._any([None, *self._now().by_uid])
            values = {"state": state, "deleted_at": self.random.randrange(9), "successor_uid": successor}
            return await MODELS.update(change.conn, uid, values, now_ms=change.now_ms)

    def _now(self) -> Snapshot:
        return self.service.registry.snapshot

    def _often(self) -> bool:
        return self.random.random() < 0.6

    def _any(self, of: Iterable[Any]) -> Any:
        return self.random.choice(list(of))

    def _name(self) -> str:
        return f"n{self.random.randrange(12)}"


async def _let_go(conn: AsyncConnection, uid: str) -> None:
    """Take a model's aliases and defaults away; keep their names."""
    gone = await ALIASES.all(conn, schema.aliases.c.model_uid == uid)
    await ALIASES.delete(conn, [alias.id for alias in gone])
    rows = [
        {"model_uid": uid, "kind": kind, "ref_id": id_, "name": name, "effect": effect, "row": "{}"}
        for kind, id_, name, effect in (
            *(("alias", alias.id, alias.name, "deleted") for alias in gone),
            ("key", f"key_{uid}", "a key", "removed"),
            ("alias", "als_moved", "moved", "moved"),
        )
    ]
    await conn.execute(delete(schema.retired_references).where(schema.retired_references.c.model_uid == uid))
    await conn.execute(insert(schema.retired_references), rows)


@pytest.mark.parametrize("seed", range(4))
async def test_any_change_gives_what_reading_everything_gives(
    service: RegistryService, database: Database, seed: int
) -> None:
    """In the process that changed, and in one that hears of several changes at once."""
    walk, elsewhere, done, left = Walk(service, seed), Registry(database), 0, 0
    await elsewhere.reload()
    for number in range(80):
        try:
            await walk.step()
        except GatewayError:
            continue
        done += 1
        left += len(service.registry.snapshot.retired)
        whole = await Registry(database).reload()
        assert service.registry.snapshot == whole
        if number % 5 == 0:
            await elsewhere.poll()
            assert elsewhere.snapshot == whole
    assert done > 20
    assert left > 10


async def test_what_did_not_change_is_shared(service: RegistryService) -> None:
    """A change costs what it touches, not what there is: another team's routes are the same object afterwards."""
    await service.teams.create(ADMIN, TeamCreate(name="other"))
    for team in ("default", "other"):
        await service.models.create(ADMIN, ModelCreate(name="a", team=team), server=ORIGIN)
    before = service.registry.snapshot
    await service.models.create(ADMIN, ModelCreate(name="b", team="default"), server=ORIGIN)
    now = service.registry.snapshot
    assert now.teams["other"] is before.teams["other"]
    assert now.find("default", "a") is before.find("default", "a")
    assert (before.find("default", "b"), len(now.models("default"))) == (None, 2)


@pytest.mark.parametrize(
    ("known", "revision", "expected"),
    [(0, 5, None), (7, 5, None), (1, 1001, None), (5, 5, frozenset())],
    ids=["nothing is known", "another database", "too long ago", "nothing changed"],
)
async def test_when_everything_is_read(database: Database, known: int, revision: int, expected: object) -> None:
    """Whenever the notes cannot say what is missing."""
    async with database.read() as conn:
        assert await changes.since(conn, known, revision) == expected


async def test_very_many_changes_are_read_as_a_whole(database: Database) -> None:
    """One by one they would cost more; and old notes are deleted."""
    async with database.write() as conn:
        await changes.note(conn, "models", *(f"mdl_{number}" for number in range(changes.MANY)))
    async with database.read() as conn:
        assert len(await changes.since(conn, 1, 1) or ()) == 0
    async with database.write() as conn:
        await conn.execute(schema.registry_changes.update().values(revision=2))
    async with database.read() as conn:
        assert len(await changes.since(conn, 1, 2) or ()) == changes.MANY
    async with database.write() as conn:
        await changes.note(conn, "models", "one more")
        await conn.execute(schema.registry_changes.update().values(revision=2))
    async with database.read() as conn:
        assert await changes.since(conn, 1, 2) is None
        found = await changes.since(conn, 1, 2, models=100_000)  # where reading everything would cost far more
        assert len(found or ()) == changes.MANY + 1
    async with database.write() as conn:
        await changes.forget(conn, 2 + changes.KEPT)
    async with database.read() as conn:
        assert (await conn.execute(schema.registry_changes.select())).first() is None


def test_nobody_writes_past_the_notes() -> None:
    """The registry's tables are written in one module, which notes each row; what another one writes would be stale."""
    root = Path(__file__).parents[2] / "gateway"
    writers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and _writes_registry(ast.parse(path.read_text(encoding="utf-8")))
    }
    # registry/store/entity.py takes its table by constructor; who declares a row is nothing that a call reads
    assert writers == {"registry/store/ownership.py"}


def _writes_registry(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"insert", "update", "delete"}
        ):
            table = node.args[0] if node.args else None
            name = table.attr if isinstance(table, ast.Attribute) else getattr(table, "id", "")
            if name in REGISTRY:
                return True
    return False
