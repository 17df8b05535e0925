"""Rows of model_fallbacks: the models that take over, in order, for one that cannot answer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import delete, insert, select

from gateway.registry.store.entity import AT_ONCE
from gateway.registry.store.tables import MODELS
from gateway.storage.connection import AsyncConnection
from gateway.storage.prepared import Prepared, among
from gateway.storage.schema import model_fallbacks, models

_OF_MODELS: Final = Prepared(
    lambda dialect: (
        select(model_fallbacks.c.model_uid, model_fallbacks.c.fallback_uid)
        .where(among(model_fallbacks.c.model_uid, "uids", dialect))
        .order_by(model_fallbacks.c.model_uid, model_fallbacks.c.position)
    )
)


async def of_models(conn: AsyncConnection, uids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return by uid the uids of those models that have fallbacks."""
    return _grouped(await _OF_MODELS.rows(conn, uids=list(uids)))


async def names_of(conn: AsyncConnection, uids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the same with the names of the fallbacks."""
    query = (
        select(model_fallbacks.c.model_uid, models.c.name)
        .join(models, models.c.uid == model_fallbacks.c.fallback_uid)
        .where(model_fallbacks.c.model_uid.in_(uids))
        .order_by(model_fallbacks.c.position)
    )
    return _grouped(await conn.execute(query))


async def every(conn: AsyncConnection) -> dict[str, tuple[str, ...]]:
    """Return the uids of all fallbacks by the uid of their owner."""
    query = select(model_fallbacks.c.model_uid, model_fallbacks.c.fallback_uid).order_by(model_fallbacks.c.position)
    return _grouped(await conn.execute(query))


async def replace(conn: AsyncConnection, chains: Mapping[str, Sequence[str]]) -> None:
    """Give these models these fallbacks instead of the ones that they had; the owners' revision is the caller's."""
    owners = list(chains)
    for start in range(0, len(owners), AT_ONCE):
        await conn.execute(delete(model_fallbacks).where(model_fallbacks.c.model_uid.in_(owners[start:][:AT_ONCE])))
    rows = [
        {"model_uid": owner, "position": position, "fallback_uid": uid}
        for owner, uids in chains.items()
        for position, uid in enumerate(uids)
    ]
    for start in range(0, len(rows), AT_ONCE):
        await conn.execute(insert(model_fallbacks), rows[start : start + AT_ONCE])


async def touch_owners(conn: AsyncConnection, uid: str) -> None:
    """Raise the revision of the models that show this one among their fallbacks."""
    owners = select(model_fallbacks.c.model_uid).where(model_fallbacks.c.fallback_uid == uid)
    await MODELS.touch(conn, models.c.uid.in_(owners))


def _grouped(rows: Iterable[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for owner, value in rows:
        groups.setdefault(owner, []).append(value)
    return {owner: tuple(values) for owner, values in groups.items()}
