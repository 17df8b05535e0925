"""What points at a model, under each policy, and what a restore brings back: the table of section 4, row by row."""

from dataclasses import dataclass

import pytest
from sqlalchemy import update

from gateway.api.etag import IfMatch
from gateway.api.principal import NO_MODEL
from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.keys import store
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.inputs import Deprecate
from gateway.lifecycle.plan import DECLARED, IN_USE, LAST_PLACE, NO_ENDPOINT, SOLE_ENTRY, UNFINISHED, Policy
from gateway.lifecycle.service import LifecycleService
from gateway.registry.inputs import AliasQuery, ModelPatch
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from gateway.storage.schema import aliases, models
from tests.clock import ManualClock
from tests.lifecycle.house import dump
from tests.lifecycle.world import TARGETS, World
from tests.registry.api import ADMIN


@dataclass(frozen=True)
class Row:
    """One cell: a refusal, or what happens, where it points then, and where after the restore."""

    kind: str
    policy: Policy
    blocks: str | None = None
    action: str | None = None
    then: tuple[str, ...] = ()
    back: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the cell's name."""
        return f"{self.kind}-{self.policy}"


POLICIES: tuple[Policy, ...] = ("restrict", "cascade", "repoint")
OLD, NEW = ("old",), ("new",)
TABLE = (
    Row("alias", "restrict", IN_USE),
    Row("alias", "cascade", None, "deleted", (), OLD),
    Row("alias", "repoint", None, "moved", NEW, NEW),
    Row("fallback", "restrict", IN_USE),
    Row("fallback", "cascade", None, "removed", (), OLD),
    Row("fallback", "repoint", None, "moved", NEW, NEW),
    Row("last fallback", "restrict", IN_USE),
    Row("last fallback", "cascade", LAST_PLACE),
    Row("last fallback", "repoint", None, "moved", NEW, NEW),
    Row("one of two models of a key", "restrict", None, "removed", ("other",), ("old", "other")),
    Row("one of two models of a key", "cascade", None, "removed", ("other",), ("old", "other")),
    Row("one of two models of a key", "repoint", None, "moved", ("new", "other"), ("new", "other")),
    Row("only model of a key", "restrict", SOLE_ENTRY),
    Row("only model of a key", "cascade", None, "removed", (), OLD),
    Row("only model of a key", "repoint", None, "moved", NEW, NEW),
    Row("team_default", "restrict", IN_USE),
    Row("team_default", "cascade", None, "removed", (), OLD),
    Row("team_default", "repoint", None, "moved", NEW, NEW),
    Row("stored_object", "restrict", UNFINISHED),
    Row("stored_object", "cascade", None, "given_up", (), ()),
    Row("stored_object", "repoint", UNFINISHED),
    Row("successor", "restrict", None, "cleared", (), OLD),
    Row("successor", "cascade", None, "cleared", (), OLD),
    Row("successor", "repoint", None, "moved", NEW, NEW),
    Row("own_fallback", "restrict", None, "removed", (), ("other",)),
    Row("own_fallback", "cascade", None, "removed", (), ("other",)),
    Row("own_fallback", "repoint", None, "removed", (), ("other",)),
    Row("gateway", "restrict", None, None, ("eu",), ("eu",)),
    Row("gateway", "cascade", None, None, ("eu",), ("eu",)),
    Row("gateway", "repoint", None, None, ("eu",), ("eu",)),
    Row("endpoint", "restrict", None, "closed", OLD, OLD),
    Row("endpoint", "cascade", None, "closed", OLD, OLD),
    Row("endpoint", "repoint", None, "closed", OLD, OLD),
)
KINDS = {
    "last fallback": "fallback",
    "one of two models of a key": "key",
    "only model of a key": "key",
}


@pytest.fixture
async def world(database: Database, service: RegistryService, lifecycle: LifecycleService, clock: ManualClock) -> World:
    """Give four models and nothing that points at one."""
    built = World(database, service, lifecycle, clock)
    await built.build()
    return built


def wanted(policy: Policy) -> Wanted:
    """Return a deletion under the policy; whoever repoints names `new`, whoever cascades is not asked for an ETag."""
    successor = "new" if policy == "repoint" else None
    return Wanted(references=policy, successor=successor, if_match=IfMatch(given=True, anything=True))


@pytest.mark.parametrize("row", TABLE, ids=str)
async def test_each_reference_under_each_policy(world: World, row: Row) -> None:
    """Refused with what is in the way and nothing changed; or done, listed, and brought back as the table says."""
    await world.make[row.kind]()
    retirement, kind = world.lifecycle.retirement, KINDS.get(row.kind, row.kind)
    if row.blocks is not None:
        before = await dump(world.database)
        with pytest.raises(Conflict) as refusal:
            await retirement.retire(ADMIN, "old", wanted(row.policy))
        assert refusal.value.code == "model_referenced"
        assert [(one["kind"], one["why"]) for one in refusal.value.extra["references"]] == [(kind, row.blocks)]  # type: ignore[attr-defined]
        after = await dump(world.database)
        assert {**after, "audit": (), "meta": ()} == {**before, "audit": (), "meta": ()}
        return
    retired = await retirement.retire(ADMIN, "old", wanted(row.policy))
    told = [one.action for one in retired.effects if one.reference.kind == kind]
    assert told == ([row.action] if row.action else [])
    assert await world.targets(row.kind) == sorted(row.then)
    restored = await world.lifecycle.restoration.undelete(ADMIN, world.uids["old"], activate=True)
    assert await world.targets(row.kind) == sorted(row.back)
    left = [one for one in restored.references if one.kind == kind and one.why]
    assert bool(left) == (row.action == "moved")


def test_the_table_is_whole() -> None:
    """Every kind that `World` can make, under every policy."""
    assert {(row.kind, row.policy) for row in TABLE} == {(kind, policy) for kind in TARGETS for policy in POLICIES}


async def test_a_key_whose_last_model_went_calls_nothing(world: World) -> None:
    """Never everything: it stays limited, also in the ring that requests are checked against."""
    record = await world.key("old", name="narrow")
    await world.lifecycle.retirement.retire(ADMIN, "old", wanted("cascade"))
    async with world.database.read() as conn:
        found = await store.find(conn, record.id)
    assert found is not None
    assert (found.models, found.limited, found.may_call, found.rev) == ((), True, NO_MODEL, record.rev + 1)


async def test_a_key_that_is_revoked_or_over_blocks_nothing(world: World) -> None:
    """Nobody can call with it; its row goes all the same and is listed (delete works on orphans)."""
    record = await world.key("old", name="gone")
    await world.keys.revoke(record.id, None)
    retired = await world.lifecycle.retirement.retire(ADMIN, "old", wanted("restrict"))
    assert [(one.reference.kind, one.action) for one in retired.effects] == [("key", "removed"), ("endpoint", "closed")]


async def test_a_pattern_is_no_reference(world: World) -> None:
    """A wildcard means names, whatever stands behind them."""
    await world.key("o*", name="wild")
    retired = await world.lifecycle.retirement.retire(ADMIN, "old", wanted("restrict"))
    assert [one.reference.kind for one in retired.effects] == ["endpoint"]


async def test_what_the_successor_has_already_is_not_doubled(world: World) -> None:
    """A key that may call both keeps one entry, a model that falls back to both one leg."""
    await world.key("old", "new")
    await world.service.models.patch(ADMIN, world.uids["other"], ModelPatch(fallbacks=("old", "new")))
    retired = await world.lifecycle.retirement.retire(ADMIN, "old", wanted("repoint"))
    told = {(one.reference.kind, one.reference.name): one.action for one in retired.effects}
    assert told["key", "a key"] == told["fallback", "other"] == "removed"
    assert await world.targets("only model of a key") == ["new"]
    assert await world.targets("fallback") == ["new"]


async def test_repointing_makes_no_ring(world: World) -> None:
    """A model that the successor itself falls back to loses its leg instead of falling back to itself."""
    await world.fallback()
    await world.service.models.patch(ADMIN, world.uids["new"], ModelPatch(fallbacks=("other",)))
    retired = await world.lifecycle.retirement.retire(ADMIN, "old", wanted("repoint"))
    told = [(one.reference.name, one.action) for one in retired.effects if one.reference.kind == "fallback"]
    assert told == [("other", "removed")]
    assert await world.targets("fallback") == []


@pytest.mark.parametrize("named", ["old", "nobody", "off", ""])
async def test_a_successor_must_be_able_to_take_over(world: World, named: str) -> None:
    """Not the model itself, nobody unknown, nobody that takes no calls; and somebody must be named."""
    await world.service.models.patch(ADMIN, world.uids["empty"], ModelPatch(name="off", state="disabled"))
    how = Wanted(references="repoint", successor=named or None)
    with pytest.raises(Unprocessable) as refusal:
        await world.lifecycle.retirement.retire(ADMIN, "old", how)
    assert (refusal.value.code, refusal.value.param) == ("bad_successor", "successor")


async def test_the_announced_successor_takes_over(world: World) -> None:
    """Who deprecated a model in favour of another need not name it again."""
    await world.alias()
    await world.lifecycle.transitions.deprecate(ADMIN, "old", Deprecate(successor="new"))
    retired = await world.lifecycle.retirement.retire(ADMIN, "old", Wanted(references="repoint"))
    assert retired.model is not None
    assert retired.model.successor_uid == world.uids["new"]
    assert await world.targets("alias") == ["new"]


async def test_a_team_default_needs_an_endpoint_to_move_to(world: World) -> None:
    """A successor that runs nowhere takes no calls that name no model."""
    await world.team_default()
    how = Wanted(references="repoint", successor="empty")
    with pytest.raises(Conflict) as refusal:
        await world.lifecycle.retirement.retire(ADMIN, "old", how)
    assert [one["why"] for one in refusal.value.extra["references"]] == [NO_ENDPOINT]  # type: ignore[attr-defined]


async def test_what_a_file_declares_blocks_and_says_where(world: World) -> None:
    """Whatever the policy: the file's row is the file's, and its line is named."""
    await world.alias()
    async with world.database.write() as conn:
        await conn.execute(update(aliases).values(managed_by="file", managed_at="modelport.yaml:12"))
    for policy in POLICIES:
        with pytest.raises(Conflict) as refusal:
            await world.lifecycle.retirement.retire(ADMIN, "old", wanted(policy))
        assert refusal.value.extra["references"] == [
            {
                "kind": "alias",
                "id": (await world.service.aliases.list(ADMIN, AliasQuery(), after=None)).items[0].record.id,
                "name": "best",
                "why": DECLARED,
                "declared_at": "modelport.yaml:12",
            }
        ]


async def test_a_declared_model_is_deleted_in_its_file(world: World) -> None:
    """409 with file and line, as every change of it."""
    async with world.database.write() as conn:
        await conn.execute(update(models).values(managed_by="file", managed_at="modelport.yaml:7"))
    with pytest.raises(Conflict) as refusal:
        await world.lifecycle.retirement.retire(ADMIN, "old", wanted("cascade"))
    assert (refusal.value.code, refusal.value.extra["managed_at"]) == ("managed_by_file", "modelport.yaml:7")


async def test_nothing_new_points_at_a_model_that_left(world: World) -> None:
    """The database itself refuses what a look before could have missed: aliases, fallbacks, keys (section 6)."""
    await world.lifecycle.retirement.retire(ADMIN, "old", wanted("restrict"))
    with pytest.raises(NotFound):
        await world.alias()
    with pytest.raises(Conflict) as refusal:
        await world.alias(model=world.uids["old"])
    assert refusal.value.code == "state_conflict"
    with pytest.raises(Conflict):
        await world.service.models.patch(ADMIN, world.uids["other"], ModelPatch(fallbacks=(world.uids["old"],)))
    record = await world.key("old")
    assert await world.targets("only model of a key") == []
    assert record.models == ("old",)
