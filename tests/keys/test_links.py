"""A grant hangs on the model and not on its name: rows of key_models through publishing, renaming and retiring."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.errors import PermissionDenied
from gateway.keys.model import KeyInput, KeyPatch, RotateQuery, key_view, me_view
from gateway.registry.inputs import ModelCreate, ModelPatch
from gateway.registry.registry import Registry
from gateway.registry.service.registry_service import RegistryService
from gateway.settings import Settings
from gateway.storage.engine import Database
from gateway.storage.schema import key_models, keys, models
from gateway.storage.versions import KEYS_VERSION, read_version
from gateway.upstream.policy import EgressPolicy
from gateway.vault.setup import make_vault
from tests.audit.trails import make_trail
from tests.keys.installation import Installation

ADMIN = Principal(None, "administrator", Role.ADMIN, ROLES[Role.ADMIN])


@dataclass
class House:
    """Keys and models of one process."""

    process: Installation
    service: RegistryService

    async def publish(self, name: str, *, team: str = "default") -> str:
        """Publish a model and return its uid."""
        state = await self.service.models.create(ADMIN, ModelCreate(name=name, team=team), server="http://localhost/")
        return state.record.uid

    async def rename(self, uid: str, name: str) -> None:
        """Give a model another name."""
        await self.service.models.patch(ADMIN, uid, ModelPatch(name=name))

    async def links(self, who: Principal) -> list[tuple[str, str | None]]:
        """Return the patterns of a key with the models that they are linked to."""
        query = select(key_models.c.pattern, key_models.c.model_uid).where(key_models.c.key_id == who.key_id)
        async with self.process.database.read() as conn:
            return [tuple(row) for row in await conn.execute(query.order_by(key_models.c.position))]

    async def version(self) -> int:
        """Return the keys' version."""
        async with self.process.database.read() as conn:
            return await read_version(conn, KEYS_VERSION)

    async def take_grants(self, uid: str) -> None:
        """Take away what names the model, as its deletion does."""
        async with self.process.database.write() as conn:
            holders = select(key_models.c.key_id).where(key_models.c.model_uid == uid)
            await conn.execute(update(keys).where(keys.c.id.in_(holders)).values(rev=keys.c.rev + 1))
            await conn.execute(delete(key_models).where(key_models.c.model_uid == uid))
            await conn.execute(delete(models).where(models.c.uid == uid))
        await self.process.ring.reload()


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> House:
    """Give one."""
    process = await Installation.start(database)
    vault = make_vault(Settings.model_construct(data_dir=tmp_path), database, environment={}, clock=process.clock)
    service = RegistryService(
        database,
        Registry(database),
        process.clock,
        secrets=vault,
        judge_url=EgressPolicy("dev").judge,
        trail=make_trail(database, process.clock),
        reload_keys=process.ring.reload,
    )
    await service.ensure_default()
    return House(process, service)


async def test_a_whole_name_of_the_own_team_is_a_link(house: House) -> None:
    """Patterns, names of nothing and names of another team's models are words."""
    uid = await house.publish("qwen3")
    await house.publish("elsewhere", team="team1")
    _, who = await house.process.key(models=("qwen3", "qwen*", "later", "elsewhere"))
    assert await house.links(who) == [("qwen3", uid), ("qwen*", None), ("later", None), ("elsewhere", None)]


async def test_a_key_of_every_team_goes_by_names(house: House) -> None:
    """Which of several teams' models would be meant is nowhere said."""
    uid = await house.publish("qwen3")
    text, who = await house.process.key(models=("qwen3",), team=None)
    await house.rename(uid, "renamed")
    assert await house.links(who) == [("qwen3", None)]
    assert house.process.verify(text).models == ("qwen3",)


async def test_a_grant_follows_a_renamed_model(house: House) -> None:
    """In the same transaction: the next call with the new name passes, one with the old name does not."""
    uid = await house.publish("qwen3")
    text, who = await house.process.key(models=("qwen3", "other*"))
    other, _ = await house.process.key(models=("other*",))
    record = await house.process.service.get(str(who.key_id), None)
    before = await house.version()
    await house.rename(uid, "qwen3.5")
    assert await house.version() == before + 1
    assert await house.links(who) == [("qwen3.5", uid), ("other*", None)]
    renewed = house.process.verify(text)
    assert (renewed.may_call("qwen3.5"), renewed.may_call("qwen3")) == (True, False)
    assert house.process.verify(other).models == ("other*",)
    assert (await house.process.service.get(str(who.key_id), None)).rev == record.rev + 1


async def test_a_rename_that_concerns_no_key_makes_nobody_read(house: House) -> None:
    """Every process would read all keys anew."""
    uid = await house.publish("qwen3")
    await house.process.key(models=("other",))
    before = await house.version()
    await house.rename(uid, "renamed")
    assert await house.version() == before


async def test_a_row_of_the_new_name_becomes_the_same_row(house: House) -> None:
    """A key that named both ends with one entry, not with the same one twice."""
    uid = await house.publish("old")
    _, who = await house.process.key(models=("old", "new"))
    _, another = await house.process.key(models=("new",))
    await house.rename(uid, "new")
    assert await house.links(who) == [("new", uid)]
    assert await house.links(another) == [("new", uid)]


async def test_a_model_is_linked_when_it_is_published(house: House) -> None:
    """A key may name what does not exist yet; from then on it follows the model."""
    text, who = await house.process.key(models=("later",))
    _, elsewhere = await house.process.key(models=("later",), team="team1")
    uid = await house.publish("later")
    assert await house.links(who) == [("later", uid)]
    assert await house.links(elsewhere) == [("later", None)]
    await house.rename(uid, "now")
    assert house.process.verify(text).models == ("now",)


async def test_a_new_model_does_not_inherit_the_grants_of_a_retired_one(house: House) -> None:
    """Whoever was let into the old one is not thereby let into another that is called so."""
    uid = await house.publish("qwen3")
    text, who = await house.process.key(models=("qwen3", "embed"))
    await house.take_grants(uid)
    await house.publish("qwen3")
    assert await house.links(who) == [("embed", None)]
    assert not house.process.verify(text).may_call("qwen3")


async def test_a_key_without_a_model_left_calls_nothing(house: House) -> None:
    """No entries at all would mean every model; it is shown, inherited, and undone by hand alone."""
    uid = await house.publish("qwen3")
    text, who = await house.process.key(role=Role.PUBLISHER, models=("qwen3",))
    await house.take_grants(uid)
    emptied = house.process.verify(text)
    assert not any(emptied.may_call(name) for name in ("qwen3", "anything"))
    assert (me_view(emptied).models, me_view(emptied).limited) == ((), True)
    record = await house.process.service.get(str(who.key_id), None)
    view = key_view(record, now_ms=house.process.clock.now)
    assert (view.models, view.limited) == ((), True)
    rotated, minted = await house.process.service.rotate(str(who.key_id), RotateQuery(), None)
    assert (rotated.limited, house.process.verify(minted.text.reveal()).may_call("qwen3")) == (True, False)
    opened = await house.process.service.change(str(who.key_id), KeyPatch(models=()), None)
    assert (opened.limited, house.process.verify(minted.text.reveal()).may_call("qwen3")) == (False, True)


async def test_a_key_without_a_model_left_makes_such_keys(house: House) -> None:
    """KEY-6: what it makes can call nothing either, and what it asks for more is refused in plain words."""
    uid = await house.publish("qwen3")
    text, _ = await house.process.key(role=Role.PUBLISHER, models=("qwen3",))
    await house.take_grants(uid)
    maker = house.process.verify(text)
    record, minted = await house.process.service.create(KeyInput(name="made"), maker)
    assert (record.models, record.limited) == ((), True)
    assert not house.process.verify(minted.text.reveal()).may_call("qwen3")
    for wider in (("qwen3",), ()):
        with pytest.raises(PermissionDenied, match="none is left"):
            await house.process.key(maker, models=wider)


async def test_a_key_that_changes_otherwise_keeps_its_links(house: House) -> None:
    """Also where the link names a model that leaves meanwhile: the row is not written anew."""
    uid = await house.publish("qwen3")
    _, who = await house.process.key(models=("qwen3",))
    async with house.process.database.write() as conn:
        await conn.execute(update(models).where(models.c.uid == uid).values(state="draining"))
    await house.process.service.change(str(who.key_id), KeyPatch(name="renamed"), None)
    assert await house.links(who) == [("qwen3", uid)]


async def test_a_file_keeps_the_names_of_its_keys(house: House) -> None:
    """What the file says is the grant: a rename over the API does not move it to another name."""
    uid = await house.publish("qwen3")
    text, who = await house.process.key(models=("qwen3",))
    async with house.process.database.write() as conn:
        await conn.execute(update(keys).where(keys.c.id == who.key_id).values(managed_by="file", managed_at="m.yaml:3"))
    await house.rename(uid, "renamed")
    assert await house.links(who) == [("qwen3", None)]
    assert house.process.verify(text).models == ("qwen3",)


async def test_many_names_are_linked_at_once(house: House) -> None:
    """A file publishes thousands of models: a statement for hundreds, and none where nobody waits for a name."""
    names = [f"model-{number}" for number in range(60)]
    _, who = await house.process.key(models=tuple(names))
    uids = [await house.publish(name) for name in names[:3]]
    async with house.process.database.write() as conn:
        await conn.execute(insert(key_models).values(key_id=who.key_id, position=99, pattern="loose"))
    assert (await house.links(who))[:4] == [*zip(names, uids, strict=False), (names[3], None)]
