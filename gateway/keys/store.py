"""The table `keys`, in the transactions of the service; parameters only (KEY-9)."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct, defstruct
from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from gateway.api.permissions import Role
from gateway.errors import Conflict
from gateway.keys.hashing import HashedSecret
from gateway.keys.model import KeyRecord, KeyStatus
from gateway.storage.conflicts import FOREIGN_KEY, LEAVING, conflict_of
from gateway.storage.connection import AsyncConnection
from gateway.storage.prepared import Prepared, among
from gateway.storage.schema import key_models, keys, models, teams

ASKED_ONE_BY_ONE = 300
"""Keys whose patterns are asked for by their ids, 5 ms of work; of more all patterns are read."""
Stamp: TypeAlias = tuple[Any, ...]
"""What tells whether a key is as it was."""
_LEAVING = ("draining", "deleted")
ID_SIZE = 200
"""Characters that are looked up at all; an id of ours has 24."""


class KeyUse(Struct, frozen=True):
    """That a key was used; `renewed` is its secret's hash under the current pepper when another made `before`."""

    id: str
    at_ms: int
    before: HashedSecret | None = None
    renewed: HashedSecret | None = None


class KeyFilter(Struct, frozen=True):
    """Which keys a list shows. `of` is the id of the one key that sees only itself and what it made."""

    now_ms: int
    team: str | None = None
    role: Role | None = None
    status: KeyStatus | None = None
    unused_since: int | None = None
    of: str | None = None


async def find(conn: AsyncConnection, named: str) -> KeyRecord | None:
    """Return the key with this id, or with these ten characters at the start of its text."""
    where = or_(keys.c.id == named[:ID_SIZE], keys.c.key_id == named[:ID_SIZE])
    found = await _read(conn, _records().where(where))
    return found[0] if found else None


async def load_all(conn: AsyncConnection) -> list[KeyRecord]:
    """Return every key, revoked ones too."""
    return await _read(conn, _records())


async def stamps(conn: AsyncConnection) -> AsyncIterator[Mapping[str, Stamp]]:
    """Yield the stamp of every key by its id, some hundred at a time.

    Whatever decides about a key changes its stamp: whoever writes what it may call raises its revision.
    """
    columns = (keys.c.rev, keys.c.updated_at, keys.c.hash, keys.c.pepper_id, keys.c.expires_at, keys.c.revoked_at)
    after = ""
    while True:
        query = select(keys.c.id, *columns).where(keys.c.id > after).order_by(keys.c.id).limit(ASKED_ONE_BY_ONE)
        page: dict[str, Stamp] = {row[0]: tuple(row[1:]) for row in await conn.execute(query)}
        yield page
        if len(page) < ASKED_ONE_BY_ONE:
            return
        after = max(page)


def stamp_of(record: KeyRecord) -> Stamp:
    """Return the stamp of a key that was read whole."""
    hashed = record.hashed
    return (record.rev, record.updated_at, hashed.digest, hashed.pepper_id, record.expires_at, record.revoked_at)


async def load(conn: AsyncConnection, key_ids: Collection[str]) -> list[KeyRecord]:
    """Return these keys, ASKED_ONE_BY_ONE at most."""
    if not key_ids:
        return []
    ids = list(key_ids)
    patterns: dict[str, list[str]] = {}
    for key_id, pattern in await _PATTERNS.rows(conn, ids=ids):
        patterns.setdefault(key_id, []).append(pattern)
    found = [_Columns(*row) for row in await _THESE.rows(conn, ids=ids)]
    return [_record(row, tuple(patterns.get(row.id, ()))) for row in found]


async def living_made_by(conn: AsyncConnection, maker_ids: Collection[str]) -> list[KeyRecord]:
    """Return the keys that these made and that nobody revoked."""
    where = (keys.c.created_by.in_(maker_ids), keys.c.revoked_at.is_(None))
    return await _read(conn, _records().where(*where))


async def page(
    conn: AsyncConnection, which: KeyFilter, *, after: tuple[int, str] | None, limit: int
) -> Sequence[KeyRecord]:
    """Return up to `limit` keys in order of their making, from behind `after` on."""
    query = _records().where(*_where(which)).order_by(keys.c.created_at, keys.c.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(keys.c.created_at, keys.c.id) > after)
    return await _read(conn, query)


async def is_empty(conn: AsyncConnection) -> bool:
    """Whether no key was ever made, or all were deleted."""
    return (await conn.execute(select(keys.c.id).limit(1))).first() is None


async def add(conn: AsyncConnection, record: KeyRecord) -> None:
    """Insert a key."""
    await conn.execute(
        insert(keys).values(
            id=record.id,
            key_id=record.key_id,
            env=record.env,
            created_by=record.created_by,
            rev=record.rev,
            created_at=record.created_at,
            team_id=None if record.team is None else await _team_id(conn, record.team),
            **_changing(record),
        )
    )
    await _write_patterns(conn, record)


async def save(conn: AsyncConnection, record: KeyRecord) -> None:
    """Write what may change of a key."""
    await conn.execute(update(keys).where(keys.c.id == record.id).values(rev=record.rev, **_changing(record)))
    query = select(key_models.c.pattern).where(key_models.c.key_id == record.id).order_by(key_models.c.position)
    if tuple((await conn.execute(query)).scalars()) == record.models:
        return  # the rows are what they were, with their links
    await conn.execute(delete(key_models).where(key_models.c.key_id == record.id))
    await _write_patterns(conn, record)


async def remove(conn: AsyncConnection, key_id: str) -> None:
    """Delete a key."""
    await conn.execute(delete(keys).where(keys.c.id == key_id))


async def has_team(conn: AsyncConnection, name: str) -> bool:
    """Whether there is a team of this name."""
    return await _team_id(conn, name) is not None


async def note_uses(conn: AsyncConnection, uses: Sequence[KeyUse]) -> None:
    """Write when keys were last used, in order of their ids so that two writers never wait for each other."""
    rows = [{"b_id": use.id, "b_at": use.at_ms} for use in sorted(uses, key=lambda use: use.id)]
    later = or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < bindparam("b_at"))
    await conn.execute(
        update(keys).where(keys.c.id == bindparam("b_id"), later).values(last_used_at=bindparam("b_at")), rows
    )
    for use in uses:
        if use.renewed is not None and use.before is not None:
            same = and_(keys.c.id == use.id, keys.c.hash == use.before.digest)
            await conn.execute(
                update(keys).where(same).values(hash=use.renewed.digest, pepper_id=use.renewed.pepper_id)
            )


async def count_by_pepper(conn: AsyncConnection) -> dict[str, int]:
    """Return how many keys each pepper made: one that has none may be taken away."""
    rows = await conn.execute(select(keys.c.pepper_id, func.count()).group_by(keys.c.pepper_id))
    return {row[0]: row[1] for row in rows}


def _records() -> Select[Any]:
    return select(keys, teams.c.name.label("team")).select_from(keys.outerjoin(teams, teams.c.id == keys.c.team_id))


_THESE: Final = Prepared(lambda dialect: _records().where(among(keys.c.id, "ids", dialect)))
_PATTERNS: Final = Prepared(
    lambda dialect: (
        select(key_models.c.key_id, key_models.c.pattern)
        .where(among(key_models.c.key_id, "ids", dialect))
        .order_by(key_models.c.key_id, key_models.c.position)
    )
)


def _where(which: KeyFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if which.team is not None:
        where.append(teams.c.name == which.team)
    if which.role is not None:
        where.append(keys.c.role == str(which.role))
    if which.unused_since is not None:
        where.append(func.coalesce(keys.c.last_used_at, keys.c.created_at) < which.unused_since)
    if which.of is not None:
        where.append(or_(keys.c.id == which.of, keys.c.created_by == which.of))
    if which.status is not None:
        where.append(_has_status(which.status, which.now_ms))
    return where


def _has_status(status: KeyStatus, now_ms: int) -> ColumnElement[bool]:
    ended = and_(keys.c.expires_at.is_not(None), keys.c.expires_at <= now_ms)
    if status == "revoked":
        return keys.c.revoked_at.is_not(None)
    return and_(keys.c.revoked_at.is_(None), ended if status == "expired" else ~ended)


async def _team_id(conn: AsyncConnection, name: str) -> str | None:
    found: str | None = (await conn.execute(select(teams.c.id).where(teams.c.name == name))).scalar_one_or_none()
    return found


def _changing(record: KeyRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "role": str(record.role),
        "hash": record.hashed.digest,
        "pepper_id": record.hashed.pepper_id,
        "previous_hash": record.previous.digest if record.previous else None,
        "previous_pepper_id": record.previous.pepper_id if record.previous else None,
        "previous_valid_until": record.previous_valid_until,
        "limited": record.limited or bool(record.models),
        "cidrs": json.dumps(record.cidrs),
        "region": record.region,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
        "updated_at": record.updated_at,
        "managed_by": record.managed_by,
        "managed_at": record.managed_at,
    }


async def _read(conn: AsyncConnection, query: Select[Any]) -> list[KeyRecord]:
    rows = (await conn.execute(query)).all()
    patterns: dict[str, list[str]] = {}
    ordered = select(key_models.c.key_id, key_models.c.pattern).order_by(key_models.c.key_id, key_models.c.position)
    if len(rows) <= ASKED_ONE_BY_ONE:
        ordered = ordered.where(key_models.c.key_id.in_([row.id for row in rows]))
    for key_id, pattern in (await conn.execute(ordered)).all():
        patterns.setdefault(key_id, []).append(pattern)
    return [_record(row, tuple(patterns.get(row.id, ()))) for row in rows]


async def _write_patterns(conn: AsyncConnection, record: KeyRecord) -> None:
    """Write what the key may call; a whole name in the key's own team is a reference to that model."""
    if not record.models:
        return
    named = (teams.c.name == record.team, models.c.name.in_(record.models), models.c.state.not_in(_LEAVING))
    query = select(models.c.name, models.c.uid).join(teams, teams.c.id == models.c.team_id).where(*named)
    uids = {row.name: row.uid for row in await conn.execute(query)}
    rows = [
        {"key_id": record.id, "position": position, "pattern": pattern, "model_uid": uids.get(pattern)}
        for position, pattern in enumerate(record.models)
    ]
    try:
        await conn.execute(insert(key_models), rows)
    except IntegrityError as error:  # it was active a moment ago
        if conflict_of(error) not in {LEAVING, FOREIGN_KEY}:
            raise
        raise Conflict(
            "one of these models is being retired or is deleted",
            code="state_conflict",
            param="models",
            hint="try again",
        ) from error


_Columns: Final[Any] = defstruct("_Columns", [*(str(column.name) for column in keys.c), "team"])


def _record(row: Any, patterns: tuple[str, ...]) -> KeyRecord:
    previous = None if row.previous_hash is None else HashedSecret(row.previous_pepper_id, row.previous_hash)
    return KeyRecord(
        id=row.id,
        key_id=row.key_id,
        env=row.env,
        name=row.name,
        team=row.team,
        role=Role(row.role),
        hashed=HashedSecret(row.pepper_id, row.hash),
        previous=previous,
        previous_valid_until=row.previous_valid_until,
        models=patterns,
        cidrs=() if row.cidrs == "[]" else tuple(json.loads(row.cidrs)),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        created_by=row.created_by,
        rev=row.rev,
        created_at=row.created_at,
        updated_at=row.updated_at,
        managed_by=row.managed_by,
        managed_at=row.managed_at,
        limited=row.limited,
        region=row.region,
    )
