"""What one can do with upstreams' credentials: store one, use one, move all under a new root key (SEC-1 to SEC-5).

`resolve` is on the way of every call: after its first use a stored secret comes from memory, a reference is read anew.
A stored secret's id is never given to another value, so what is remembered under it never grows old.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Literal, Protocol

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict

from gateway.errors import ConfigError, Unavailable
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.ids import new_id
from gateway.vault import store
from gateway.vault.cipher import Place, rewrap, seal, unseal
from gateway.vault.references import Reference, ReferenceReader, parse_reference
from gateway.vault.root_keys import RootKeys
from gateway.vault.secret import Secret

FIELD = "credential"
_REMEMBERED = 10_000
"""Opened secrets in memory: more than any registry has endpoints; beyond it, all are opened anew."""
_REWRAP_BATCH = 200
_COMPLAIN_AGAIN_S = 60.0
_UNKNOWN_ROOT = "sealed under a key-encryption key that is not configured here"
_UNKNOWN_ROOT_HINT = "add that key behind the current one in the source that secrets.kek names"

logger = logging.getLogger("modelport.vault")


class Credential(Protocol):
    """What the registry says about an endpoint's credential."""

    @property
    def kind(self) -> Literal["env", "file", "keyring", "stored"]:
        """How it is kept."""
        ...

    @property
    def ref(self) -> str:
        """A variable's name, a path, a store's entry, or the id of a stored secret."""
        ...


class SecretState(BaseModel):
    """What the API says of a credential: that it is set, and how it ends (SEC-4)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    set: bool
    hint: str | None = None
    updated_at: int | None = None


class Vault:
    """The secrets of this installation. `root_keys` is called when the first one is stored or used, not before."""

    def __init__(
        self, database: Database, *, root_keys: Callable[[], RootKeys], references: ReferenceReader, clock: Clock
    ) -> None:
        self._database = database
        self._load_root_keys = root_keys
        self._references = references
        self._clock = clock
        self._roots: RootKeys | None = None
        self._opened: dict[tuple[str, str], Secret] = {}
        self._opening = asyncio.Lock()
        self._complained: dict[str, float] = {}

    async def put(self, conn: AsyncConnection, owner_kind: str, owner_id: str, value: Secret) -> str:
        """Store a value for its owner inside the caller's transaction and return the id to refer to it by.

        The owner's present secret, if there is one, stays until `drop`: first point the owner at the new id.

        Raises:
            ConfigError: the key-encryption key cannot be had.
        """
        version = await store.next_version(conn, owner_kind, owner_id, FIELD)
        place = Place(owner_kind, owner_id, FIELD, version)
        sealed = seal(value, place, self._root_keys().current)
        row = store.StoredSecret(new_id("sec"), place, sealed, value.hint, self._clock.now_ms())
        await store.add(conn, row)
        return row.id

    async def drop(self, conn: AsyncConnection, secret_id: str) -> None:
        """Delete a stored value inside the caller's transaction, after nothing refers to it any more."""
        await store.drop(conn, secret_id)

    async def describe(self, conn: AsyncConnection, secret_ids: Collection[str]) -> dict[str, SecretState]:
        """Return what may be shown of stored secrets, by id."""
        rows = await store.find(conn, secret_ids)
        return {row.id: SecretState(set=True, hint=row.hint, updated_at=row.updated_at) for row in rows}

    async def resolve(self, credential: Credential, *, owner: str) -> Secret:
        """Return the credential of the endpoint whose id is `owner`.

        Raises:
            Unavailable: it cannot be had now; why is in the log only, since a caller must learn nothing of it.
        """
        try:
            if credential.kind == "stored":
                return self._opened.get((credential.ref, owner)) or await self._open(credential.ref, owner)
            reference = Reference(credential.kind, credential.ref)
            if reference.kind == "keyring" and self._references.known(reference) is None:
                return await asyncio.to_thread(self._references.read, reference)
            return self._references.read(reference)
        except ConfigError as error:
            self._complain(credential, owner, error)
            raise Unavailable(
                "the credential of this model's endpoint cannot be read",
                code="credential_unavailable",
                hint="an administrator finds the reason in the server's log",
                headers={"Retry-After": "30"},
            ) from error

    def check_reference(self, text: str) -> str:
        """Return the reference as it is stored, when it is well written and can be read here now.

        Raises:
            ConfigError: one sentence that says what is missing, without the value.
        """
        reference = parse_reference(text)
        self._references.read(reference)
        return str(reference)

    async def rewrap(self, note: Callable[[AsyncConnection, int, str], Awaitable[object]] | None = None) -> int:
        """Bring every secret under the current root key, in batches, and return how many were moved.

        `note` is told, inside the transaction of each batch, how many it moves and under which key.

        Raises:
            ConfigError: some need a root key that is not configured any more; all the others are moved.
        """
        roots, moved, stuck, after = self._root_keys(), 0, 0, ""
        while True:
            async with self._database.write() as conn:
                rows = await store.list_not_under(conn, roots.current.id, after=after, limit=_REWRAP_BATCH)
                known = [(row, root) for row in rows if (root := roots.find(row.sealed.kek_id))]
                changed = [(row, rewrap(row.sealed, row.place, root, roots.current)) for row, root in known]
                await store.replace_wrapping(conn, changed)
                if changed and note is not None:
                    await note(conn, len(changed), roots.current.id)
            if not rows:
                break
            moved, stuck, after = moved + len(known), stuck + len(rows) - len(known), rows[-1].id
        if stuck:
            raise ConfigError(f"{stuck} of {stuck + moved} secrets: {_UNKNOWN_ROOT}", hint=_UNKNOWN_ROOT_HINT)
        return moved

    async def root_keys_in_use(self) -> dict[str, int]:
        """Return how many stored secrets each root key wraps: one that has none may be taken away."""
        async with self._database.read() as conn:
            return await store.count_by_root_key(conn)

    async def _open(self, secret_id: str, owner: str) -> Secret:
        async with self._opening:  # many calls at once read a new secret one time
            if known := self._opened.get((secret_id, owner)):
                return known
            async with self._database.read() as conn:
                rows = await store.find(conn, [secret_id])
            if not rows:
                raise ConfigError(f"the stored secret {secret_id} is gone", hint="set the endpoint's credential again")
            secret = self._unsealed(rows[0], owner)
            if len(self._opened) >= _REMEMBERED:
                self._opened.clear()
            self._opened[secret_id, owner] = secret
            return secret

    def _unsealed(self, row: store.StoredSecret, owner: str) -> Secret:
        """Open a row for this owner: a row that was put under another owner does not open (SEC-1)."""
        root = self._root_keys().find(row.sealed.kek_id)
        if root is None:
            raise ConfigError(f"{row.id}: {_UNKNOWN_ROOT} ({row.sealed.kek_id})", hint=_UNKNOWN_ROOT_HINT)
        return unseal(row.sealed, replace(row.place, owner_id=owner), root)

    def _root_keys(self) -> RootKeys:
        if self._roots is None:
            self._roots = self._load_root_keys()
        return self._roots

    def _complain(self, credential: Credential, owner: str, error: ConfigError) -> None:
        """Log the reason, at most once a minute for each endpoint."""
        now = self._clock.monotonic()
        if now >= self._complained.get(owner, 0.0):
            self._complained[owner] = now + _COMPLAIN_AGAIN_S
            logger.error("endpoint %s: no credential (%s): %s", owner, credential.kind, error.message)
