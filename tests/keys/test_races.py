"""Nobody gets to point at a model in the moment in which it goes: on both databases, at each step of a deletion."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from gateway.api.permissions import Role
from gateway.errors import Conflict, GatewayError
from gateway.keys.model import KeyInput, KeyPatch, KeyQuery
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.impact import Watch
from gateway.lifecycle.retire import Retirement
from gateway.registry.inputs import AliasCreate, AliasPatch, ModelCreate, ModelPatch
from gateway.settings import LifecycleSettings
from gateway.storage.schema import aliases, key_models, model_fallbacks, models
from tests.audit.trails import make_trail
from tests.keys.test_links import ADMIN, House, house

__all__ = ["house"]  # a fixture

STEPS = ("authorise", "version", "read", "judge", "state", "references", "answer")
Attempt = Callable[[House], Awaitable[object]]


async def _new_key(house: House) -> object:
    return await house.process.service.create(KeyInput(name="late", models=("going", "other")), None)


async def _changed_key(house: House) -> object:
    (key,), _ = await house.process.service.list(KeyQuery(), None)
    return await house.process.service.change(key.id, KeyPatch(models=("other", "going")), None)


async def _new_alias(house: House) -> object:
    return await house.service.aliases.create(ADMIN, AliasCreate(name="late", model="going"))


async def _new_fallback(house: House) -> object:
    uid = await _uid(house, "other")
    return await house.service.models.patch(ADMIN, uid, ModelPatch(fallbacks=("going",)))


ATTEMPTS: dict[str, Attempt] = {
    "a new key": _new_key,
    "a changed key": _changed_key,
    "a new alias": _new_alias,
    "a new fallback": _new_fallback,
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ATTEMPTS)
async def test_a_reference_that_comes_during_a_deletion_is_kept_out_or_told(house: House, name: str, step: str) -> None:
    """Whoever is first wins: the deletion is refused, or the reference is; never does one point at what is gone."""
    await house.publish("going")
    await house.publish("other")
    await house.process.key(role=Role.DEVELOPER, models=("other",))
    outcomes: list[GatewayError | None] = []

    async def attempt() -> None:
        outcomes.append(await _outcome(ATTEMPTS[name](house)))

    async with asyncio.TaskGroup() as group:
        retirement = _retirement(house, lambda done: group.create_task(attempt()) if done == step else None)
        refused = await _outcome(retirement.retire(ADMIN, "going", Wanted()))
    assert len(outcomes) == 1
    assert all(error is None or error.status in {404, 409} for error in (refused, *outcomes))
    assert await _pointing_at_nothing(house) == []


async def test_a_reference_to_a_model_that_left_is_a_clean_409(house: House) -> None:
    """By its uid, which still finds it; the database would refuse it as well."""
    uid = await house.publish("going")
    await house.publish("other")
    other = await house.service.aliases.create(ADMIN, AliasCreate(name="mine", model="other"))
    await _retirement(house).retire(ADMIN, "going", Wanted())
    attempts = (
        house.service.aliases.create(ADMIN, AliasCreate(name="late", model=uid)),
        house.service.aliases.patch(ADMIN, other.record.id, AliasPatch(model=uid)),
        house.service.models.create(ADMIN, ModelCreate(name="third", fallbacks=(uid,)), server="http://localhost/"),
    )
    for one in attempts:
        error = await _outcome(one)
        assert isinstance(error, Conflict)
        assert (error.code, bool(error.hint)) == ("state_conflict", True)


async def test_a_key_may_name_what_left_as_what_may_come(house: House) -> None:
    """It is a word: the next model of that name is meant, and the one that left is not, even when it comes back."""
    await house.publish("going")
    await _retirement(house).retire(ADMIN, "going", Wanted())
    _, who = await house.process.key(models=("going",))
    assert await house.links(who) == [("going", None)]
    uid = await house.publish("going")
    assert await house.links(who) == [("going", uid)]


def _retirement(house: House, step: Callable[[str], object] = lambda _: None) -> Retirement:
    trail = make_trail(house.process.database, house.process.clock)
    return Retirement(
        house.service.changes,
        house.process.clock,
        trail=trail,
        watch=Watch(),
        rules=LifecycleSettings,
        step=step,
    )


async def _outcome(attempt: Awaitable[object]) -> GatewayError | None:
    try:
        await attempt
    except GatewayError as error:
        return error
    return None


async def _pointing_at_nothing(house: House) -> list[tuple[str, ...]]:
    """Return the pointers at models that left."""
    gone = select(models.c.uid).where(models.c.state.in_(("draining", "deleted")))
    found: list[tuple[str, ...]] = []
    async with house.process.database.read() as conn:
        for table, column in ((key_models, "model_uid"), (aliases, "model_uid"), (model_fallbacks, "fallback_uid")):
            rows = await conn.execute(select(table.c[column]).where(table.c[column].in_(gone)))
            found += [(table.name, row[0]) for row in rows]
    return found


async def _uid(house: House, name: str) -> str:
    async with house.process.database.read() as conn:
        return str((await conn.execute(select(models.c.uid).where(models.c.name == name))).scalar_one())
