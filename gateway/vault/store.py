"""The table `secrets`: sealed values, each under an id of its own that is never given to another value.

Inside the transactions of whoever owns the secret (an endpoint's change and its secret's are one).
"""

from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, delete, func, insert, select, update

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import secrets
from gateway.vault.cipher import Place, Sealed


class StoredSecret(Struct, frozen=True):
    """One row: where the value belongs, how it is sealed, what people may see of it. `updated_at` is in ms."""

    id: str
    place: Place
    sealed: Sealed
    hint: str
    updated_at: int


async def next_version(conn: AsyncConnection, owner_kind: str, owner_id: str, field: str) -> int:
    """Return the version that a new value gets, and take the field from the present one, which is then dropped.

    The unique (owner, field) is what makes two writers at once fail instead of leaving two values.
    """
    where = (secrets.c.owner_kind == owner_kind) & (secrets.c.owner_id == owner_id) & (secrets.c.field == field)
    replaced = update(secrets).where(where).values(field=secrets.c.field + ":" + secrets.c.id)
    version = (await conn.execute(replaced.returning(secrets.c.version))).scalar_one_or_none()
    return (version or 0) + 1


async def add(conn: AsyncConnection, row: StoredSecret) -> None:
    """Insert the row."""
    await conn.execute(
        insert(secrets).values(
            id=row.id,
            owner_kind=row.place.owner_kind,
            owner_id=row.place.owner_id,
            field=row.place.field,
            version=row.place.version,
            hint=row.hint,
            updated_at=row.updated_at,
            **_sealed_columns(row.sealed),
        )
    )


async def drop(conn: AsyncConnection, secret_id: str) -> None:
    """Delete the row; refused by the database while something still refers to it."""
    await conn.execute(delete(secrets).where(secrets.c.id == secret_id))


async def find(conn: AsyncConnection, secret_ids: Collection[str]) -> list[StoredSecret]:
    """Return the rows with these ids."""
    rows = await conn.execute(select(secrets).where(secrets.c.id.in_(secret_ids)))
    return [_stored(row) for row in rows]


async def list_not_under(conn: AsyncConnection, kek_id: str, *, after: str, limit: int) -> list[StoredSecret]:
    """Return the next rows by id that another root key than this one wraps."""
    where = (secrets.c.kek_id != kek_id) & (secrets.c.id > after)
    rows = await conn.execute(select(secrets).where(where).order_by(secrets.c.id).limit(limit))
    return [_stored(row) for row in rows]


async def replace_wrapping(conn: AsyncConnection, changed: Iterable[tuple[StoredSecret, Sealed]]) -> None:
    """Write new wrapped keys, unless somebody changed a row meanwhile."""
    for row, sealed in changed:
        await conn.execute(
            update(secrets)
            .where((secrets.c.id == row.id) & (secrets.c.kek_id == row.sealed.kek_id))
            .values(**_sealed_columns(sealed))
        )


async def count_by_root_key(conn: AsyncConnection) -> dict[str, int]:
    """Return how many secrets each root key wraps."""
    rows = await conn.execute(select(secrets.c.kek_id, func.count()).group_by(secrets.c.kek_id))
    return {row[0]: row[1] for row in rows}


def _sealed_columns(sealed: Sealed) -> dict[str, Any]:
    return {
        "kek_id": sealed.kek_id,
        "wrapped_key": sealed.wrapped_key,
        "nonce": sealed.nonce,
        "ciphertext": sealed.ciphertext,
    }


def _stored(row: Row[Any]) -> StoredSecret:
    return StoredSecret(
        id=row.id,
        place=Place(row.owner_kind, row.owner_id, row.field, row.version),
        sealed=Sealed(row.kek_id, row.wrapped_key, row.nonce, row.ciphertext),
        hint=row.hint,
        updated_at=row.updated_at,
    )
