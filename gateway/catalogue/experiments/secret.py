"""The installation's secret: what decides where a unit falls (CAT-40). It is made once, and never sent anywhere.

It lies in the database, sealed as upstreams' credentials are, so that every process of an installation has the same one
and no rotation of another key moves units between variants.
"""

import asyncio
import base64
import secrets as randomness
from typing import Final, Literal, NamedTuple

from sqlalchemy import select

from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import secrets
from gateway.storage.versions import KEYS_VERSION, bump_version
from gateway.vault.secret import Secret
from gateway.vault.vault import FIELD, Vault

_KIND: Final = "installation"
_OWNER: Final = "experiments"
_BYTES: Final = 32


class _Stored(NamedTuple):
    """How the vault is asked for it."""

    ref: str
    kind: Literal["stored"] = "stored"


class InstallSecret:
    """Gives the secret, and makes it at the first use."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._known: bytes | None = None
        self._reading = asyncio.Lock()

    async def get(self) -> bytes:
        """Return the secret.

        Raises:
            Unavailable, ConfigError: the database or the key-encryption key cannot be had.
        """
        if self._known is None:
            async with self._reading:
                if self._known is None:
                    self._known = base64.b64decode(await self._read())
        return self._known

    async def _read(self) -> str:
        async with self._database.read() as conn:
            id_ = await _find(conn)
        if id_ is None:
            id_ = await self._make()
        return (await self._vault.resolve(_Stored(id_), owner=_OWNER)).reveal()

    async def _make(self) -> str:
        value = Secret(base64.b64encode(randomness.token_bytes(_BYTES)).decode())
        async with self._database.write() as conn:
            await bump_version(conn, KEYS_VERSION, by=0)  # of several at once, all but the first wait here
            return await _find(conn) or await self._vault.put(conn, _KIND, _OWNER, value)


async def _find(conn: AsyncConnection) -> str | None:
    row = secrets.c
    query = select(row.id).where(row.owner_kind == _KIND, row.owner_id == _OWNER, row.field == FIELD)
    id_: str | None = (await conn.execute(query)).scalar_one_or_none()
    return id_
