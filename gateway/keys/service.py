"""What one can do with keys: make, change, rotate, revoke, delete, and the first one of a new installation.

Each change is one transaction that raises `keys_version`; when it is committed this process already refuses or accepts
accordingly, other processes do within their polling interval (KEY-5). `maker=None` and `caller=None` stand for the
command line, which has the database itself.
"""

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.managed import require_owner
from gateway.api.page import decode_cursor, take_page
from gateway.api.permissions import ROLES, Permission, Role
from gateway.api.principal import Principal
from gateway.audit.trail import Trail
from gateway.errors import NotFound, Unauthenticated, Unprocessable
from gateway.keys import store
from gateway.keys.change import KeyChange, KeyChanges
from gateway.keys.format import MintedKey
from gateway.keys.grants import Grant, check_not_wider
from gateway.keys.issuing import changed, grant_of, issued, revoked, rotated
from gateway.keys.model import DAY_MS, KeyInput, KeyPatch, KeyQuery, KeyRecord, RotateQuery
from gateway.keys.recorded import key_event
from gateway.keys.ring import KeyRing
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.vault.root_keys import RootKeys
from gateway.vault.secret import Secret


class KeyService:
    """Keys over the API and the command line. `ring` may be None where no requests are verified."""

    def __init__(
        self, database: Database, peppers: RootKeys, clock: Clock, ring: KeyRing | None = None, *, trail: Trail
    ) -> None:
        self._database = database
        self._peppers = peppers
        self._clock = clock
        self._changes = KeyChanges(database, clock, trail, ring)

    async def create(self, wanted: KeyInput, maker: Principal | None) -> tuple[KeyRecord, MintedKey]:
        """Make a key and return it with its text, which nobody can ever show again.

        Raises:
            PermissionDenied: it would be wider than the maker (KEY-6).
            Unprocessable: there is no such team.
        """
        async with self._changes.begin() as change:
            conn = change.conn
            limits = await self._limits(conn, maker)
            record, minted = issued(wanted, maker, limits, peppers=self._peppers, now_ms=self._clock.now_ms())
            await self._check(conn, record, limits)
            await store.add(conn, record)
            change.events.append(key_event("create", None, record))
        return record, minted

    async def get(self, named: str, caller: Principal | None) -> KeyRecord:
        """Return the key with this id, or with these ten characters at the start of its text.

        Raises:
            NotFound: there is none that the caller may see.
        """
        async with self._database.read() as conn:
            return await self._visible(conn, named, caller)

    async def list(self, query: KeyQuery, caller: Principal | None) -> tuple[tuple[KeyRecord, ...], str | None]:
        """Return a page of the keys that the caller may see, in order of their making, and the next cursor."""
        now = self._clock.now_ms()
        if caller is not None and query.team is not None:
            caller.require_team(query.team)
        which = store.KeyFilter(
            now_ms=now,
            team=query.team if caller is None or caller.team is None else caller.team,
            role=query.role,
            status=query.status,
            unused_since=None if query.unused_days is None else now - query.unused_days * DAY_MS,
            of=None if _manages(caller) else _own_id(caller),
        )
        after = None
        if query.cursor is not None:
            created_at, key_id = decode_cursor(query.cursor, int, str)
            after = (int(created_at), str(key_id))
        async with self._database.read() as conn:
            rows = await store.page(conn, which, after=after, limit=query.limit + 1)
        page, cursor = take_page(rows, query.limit, lambda row: (row.created_at, row.id))
        return tuple(page), cursor

    async def change(
        self, named: str, patch: KeyPatch, caller: Principal | None, if_match: IfMatch = UNGUARDED
    ) -> KeyRecord:
        """Change what was sent and return the key.

        Raises:
            NotFound, PreconditionFailed: as everywhere.
            PermissionDenied: it would be wider than the caller (KEY-6).
            Conflict: a file declares what the key may do.
        """
        async with self._changes.begin() as change:
            conn = change.conn
            limits = await self._limits(conn, caller)
            before = await self._guarded(conn, named, caller, if_match)
            require_owner("key", before.name, before, None)
            record = changed(before, patch, self._clock.now_ms())
            if grant_of(record) != grant_of(before):
                await self._check(conn, record, limits)
            await store.save(conn, record)
            if record.rev != before.rev:
                change.events.append(key_event("change", before, record))
        return record

    async def rotate(
        self, named: str, how: RotateQuery, caller: Principal | None, if_match: IfMatch = UNGUARDED
    ) -> tuple[KeyRecord, MintedKey]:
        """Give a key a new secret; the old one goes on for some hours. Return it with its new text.

        Raises:
            NotFound, PreconditionFailed: as everywhere.
            Conflict: it is revoked or over, or gets a new end while a file declares what it may do.
            PermissionDenied: it gives more than the caller's own key, which would so get hold of it (KEY-6).
        """
        async with self._changes.begin() as change:
            conn = change.conn
            limits = await self._limits(conn, caller)
            before = await self._guarded(conn, named, caller, if_match)
            if how.expires_in_days is not None:
                require_owner("key", before.name, before, None)
            record, minted = rotated(before, how, peppers=self._peppers, now_ms=self._clock.now_ms())
            await self._check(conn, record, limits)
            await store.save(conn, record)
            change.events.append(key_event("rotate", before, record))
        return record, minted

    async def revoke(self, named: str, caller: Principal | None, if_match: IfMatch = UNGUARDED) -> KeyRecord:
        """End a key at once, with the keys it made (`_end_made`); it stays on record. A second time changes nothing.

        Raises:
            NotFound, PreconditionFailed: as everywhere.
        """
        async with self._changes.begin() as change:
            conn = change.conn
            before = await self._guarded(conn, named, caller, if_match)
            record = revoked(before, change.now_ms)
            await store.save(conn, record)
            ended = await self._end_made(change, record)
            if record.rev != before.rev or ended:
                change.events.append(key_event("revoke", before, record, ended=ended))
        return record

    async def delete(self, named: str, caller: Principal | None, if_match: IfMatch = UNGUARDED) -> None:
        """End a key with the keys it made and forget it; what it used stays in the usage.

        Raises:
            NotFound, PreconditionFailed: as everywhere.
            Conflict: a file declares what the key may do; `revoke` ends it all the same.
        """
        async with self._changes.begin() as change:
            conn = change.conn
            record = await self._guarded(conn, named, caller, if_match)
            require_owner("key", record.name, record, None)
            ended = await self._end_made(change, record)
            await store.remove(conn, record.id)
            change.events.append(key_event("delete", record, None, ended=ended))

    async def _end_made(self, change: KeyChange, record: KeyRecord) -> tuple[KeyRecord, ...]:
        """Revoke what a key made, and what those made, and return them: none outlives its maker (KEY-6).

        Whoever had a leaked key could have made them. Not so for a key that manages everybody's: what it made is
        the installation's, other administrators among it, and ending those would lock everybody out.
        """
        every: list[KeyRecord] = []
        ended = [record]
        while makers := [one.id for one in ended if Permission.KEYS_MANAGE not in ROLES[one.role]]:
            living = await store.living_made_by(change.conn, makers)
            ended = [revoked(one, change.now_ms) for one in living]
            for before, after in zip(living, ended, strict=True):
                await store.save(change.conn, after)
                change.events.append(key_event("revoke", before, after, reason=f"with the key {record.id}"))
            every += ended
        return tuple(every)

    async def ensure_admin_key(self) -> Secret | None:
        """Make the first key of a new installation and return its text; None when there are keys already.

        It has no end: a server whose only administrator is locked out on day 91 helps nobody.
        """
        async with self._database.read() as conn:
            if not await store.is_empty(conn):
                return None
        wanted = KeyInput(name="first administrator", role=Role.ADMIN, expires_in_days=None)
        async with self._changes.begin() as change:  # of two processes that start at once, the second waits here
            conn = change.conn
            if not await store.is_empty(conn):
                return None
            record, minted = issued(wanted, None, None, peppers=self._peppers, now_ms=change.now_ms)
            await store.add(conn, record)
            change.events.append(key_event("create", None, record, reason="the first key of the installation"))
        return minted.text

    async def _limits(self, conn: AsyncConnection, maker: Principal | None) -> Grant | None:
        """Return what the maker's own key gives as it stands in the database now; None is no limit."""
        if maker is None:
            return None
        row = await store.find(conn, maker.key_id or "")
        if row is None or row.status(self._clock.now_ms()) != "active":
            raise Unauthenticated("the API key is not valid", headers={"WWW-Authenticate": "Bearer"})
        return grant_of(row)

    async def _check(self, conn: AsyncConnection, record: KeyRecord, limits: Grant | None) -> None:
        if limits is not None:
            check_not_wider(grant_of(record), limits)
        if record.team is not None and not await store.has_team(conn, record.team):
            raise Unprocessable(
                f"there is no team {record.team!r}", code="team_not_found", param="team", hint="make the team first"
            )

    async def _visible(self, conn: AsyncConnection, named: str, caller: Principal | None) -> KeyRecord:
        """Return the key; one that the caller may not see is as unknown as one that is not there (ACL-3)."""
        record = await store.find(conn, named)
        if record is None or not _may_see(caller, record):
            raise NotFound(f"key {named[:64]!r} not found", code="key_not_found", hint="list them: GET /api/v1/keys")
        return record

    async def _guarded(
        self, conn: AsyncConnection, named: str, caller: Principal | None, if_match: IfMatch
    ) -> KeyRecord:
        record = await self._visible(conn, named, caller)
        if_match.check(etag(record))
        return record


def etag(record: KeyRecord) -> str:
    """Return the ETag of a key's revision."""
    return format_etag(record.id, record.rev)


def _manages(caller: Principal | None) -> bool:
    return caller is None or caller.may(Permission.KEYS_MANAGE)


def _own_id(caller: Principal | None) -> str:
    return (caller.key_id if caller else None) or ""


def _may_see(caller: Principal | None, record: KeyRecord) -> bool:
    if caller is None:
        return True
    if caller.team is not None and record.team != caller.team:
        return False
    return _manages(caller) or _own_id(caller) in {record.id, record.created_by}
