"""What is read of models that left: for the snapshot, and for those who ask after one that was purged."""

from collections.abc import AsyncIterator, Collection
from typing import Any, Final, NamedTuple

from sqlalchemy import Text, and_, bindparam, func, or_, select

from gateway.registry.record import RetiredRecord
from gateway.storage.connection import AsyncConnection
from gateway.storage.prepared import Prepared, Rows, among
from gateway.storage.schema import endpoints, models, retired_references, tombstones

_PAGE: Final = 500
"""Models that are read at once: some 3 ms of work in which nobody else is served."""
_LEFT: Final = or_(models.c.state == "draining", models.c.state == "deleted")
_AT: Final = func.coalesce(models.c.deleted_at, models.c.updated_at)
_COLUMNS: Final = (
    models.c.uid,
    models.c.team_id,
    models.c.name,
    models.c.state,
    _AT,
    models.c.successor_uid,
)


class Tombstone(NamedTuple):
    """What stays of a purged model; times in milliseconds."""

    uid: str
    team_id: str
    team: str
    name: str
    reason: str
    created_at: int
    deleted_at: int
    purged_at: int
    name_free_at: int
    audit_hash: str


_THESE: Final = Prepared(
    lambda dialect: select(*_COLUMNS).where(_LEFT, among(models.c.uid, "uids", dialect)).order_by(models.c.uid)
)
_BEHIND: Final = Prepared(
    lambda _dialect: (
        select(*_COLUMNS)
        .where(_LEFT, models.c.uid > bindparam("after", type_=Text))
        .order_by(models.c.uid)
        .limit(_PAGE)
    )
)
_TAKEN: Final = Prepared(
    lambda dialect: select(
        retired_references.c.model_uid,
        retired_references.c.kind,
        retired_references.c.ref_id,
        retired_references.c.name,
    ).where(
        among(retired_references.c.model_uid, "uids", dialect),
        and_(retired_references.c.kind == "alias", retired_references.c.effect == "deleted")
        | (retired_references.c.kind == "key"),
    )
)


async def read_retired(conn: AsyncConnection, uids: Collection[str]) -> list[RetiredRecord]:
    """Return those of the models that are draining or deleted, by uid."""
    return await _with_taken(conn, await _THESE.rows(conn, uids=list(uids)))


async def read_retired_pages(conn: AsyncConnection) -> AsyncIterator[list[RetiredRecord]]:
    """Yield every draining and deleted model, by uid."""
    after = ""
    while rows := await _with_taken(conn, await _BEHIND.rows(conn, after=after)):
        yield rows
        after = rows[-1].uid


async def find_tombstone(conn: AsyncConnection, uid: str) -> Tombstone | None:
    """Return what stays of a purged model."""
    row = (await conn.execute(select(tombstones).where(tombstones.c.uid == uid))).one_or_none()
    return None if row is None else Tombstone(*row)


async def find_quarantine(conn: AsyncConnection, team_id: str, name: str, *, now_ms: int) -> int | None:
    """Return until when a purged model keeps its name, None when nobody does."""
    own = (tombstones.c.team_id == team_id, tombstones.c.name == name, tombstones.c.name_free_at > now_ms)
    until: int | None = (await conn.execute(select(func.max(tombstones.c.name_free_at)).where(*own))).scalar_one()
    return until


async def find_owner(conn: AsyncConnection, endpoint_id: str) -> str | None:
    """Return the uid of the deleted model whose endpoint this was."""
    joined = endpoints.join(models, models.c.uid == endpoints.c.model_uid)
    query = select(models.c.uid).select_from(joined).where(endpoints.c.id == endpoint_id, models.c.state == "deleted")
    return (await conn.execute(query)).scalar_one_or_none()


async def _with_taken(conn: AsyncConnection, found: Rows) -> list[RetiredRecord]:
    rows = [RetiredRecord(*row) for row in found]
    taken = await _taken_along(conn, [row.uid for row in rows]) if rows else {}
    return [row._replace(**taken[row.uid]) if row.uid in taken else row for row in rows]


async def _taken_along(conn: AsyncConnection, uids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return `aliases` that went with a model, and `keys` whose grant did, or was moved to its successor."""
    aliases: dict[str, set[str]] = {}
    keys: dict[str, set[str]] = {}
    for uid, kind, ref_id, name in await _TAKEN.rows(conn, uids=list(uids)):
        if kind == "alias":
            aliases.setdefault(uid, set()).add(name)
        else:
            keys.setdefault(uid, set()).add(ref_id)
    return {
        uid: {"aliases": tuple(sorted(aliases.get(uid, ()))), "keys": frozenset(keys.get(uid, ()))}
        for uid in aliases.keys() | keys.keys()
    }
