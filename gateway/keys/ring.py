"""Whose key a presented text is: every key of the installation in memory, one immutable table swapped on change.

`verify` is on the way of every request and touches neither database nor clock. A refused key costs the same work and
hears the same words whatever is wrong with it (KEY-10): the look-up always gives an entry, a dummy one for an unknown
key id, and every condition is worked out before one decision. Only a key within a day of its rotation costs more, a
second comparison.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal, no_valid_key
from gateway.errors import ConfigError, GatewayError, RateLimited
from gateway.keys import store
from gateway.keys.backoff import Backoff
from gateway.keys.format import KEY_ID, SECRET, is_whole, prefix
from gateway.keys.hashing import HashedSecret, digest, hash_secret
from gateway.keys.model import KeyRecord
from gateway.keys.store import KeyUse
from gateway.storage.engine import Database
from gateway.storage.versions import KEYS_VERSION, read_version
from gateway.vault.root_keys import RootKeys
from gateway.vault.secret import Secret

USE_NOTED_EVERY_MS = 60_000
"""KEY-5: `last_used_at` is written at most once a minute for each key."""
_FOREVER = 1 << 62
_NEVER = -1

logger = logging.getLogger("modelport.keys")


@dataclass(frozen=True, slots=True)
class _Previous:
    """The secret before a rotation."""

    pepper: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    valid_until: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """One key, ready to be compared. `ends_at` is in the past for a revoked one."""

    id: str
    prefix: str
    pepper: bytes = field(repr=False)
    hashed: HashedSecret
    previous: _Previous | None
    ends_at: int
    revoked: bool
    networks: tuple[IPv4Network | IPv6Network, ...]
    principal: Principal


class _Known(NamedTuple):
    """A key as it was read last; `entry` is None where its pepper is not configured here."""

    stamp: store.Stamp
    key_id: str
    entry: _Entry | None


class KeyRing:
    """The keys of this installation. `reload` and `poll` bring it up to date, `verify` asks it."""

    def __init__(
        self,
        database: Database,
        peppers: RootKeys,
        *,
        note_use: Callable[[KeyUse], object],
        refused: Callable[[str], object] = lambda _reason: None,
        backoff: Backoff | None = None,
    ) -> None:
        """Take the database, the peppers, where uses are written, and who counts refusals by reason."""
        self._database = database
        self._peppers = peppers
        self._note_use = note_use
        self._refused = refused
        self._backoff = backoff or Backoff()
        self._entries: Mapping[str, _Entry] = {}
        self._known: Mapping[str, _Known] = {}
        self._noted: dict[str, int] = {}
        self._reloading = asyncio.Lock()
        self._version = -1
        self._absent = _absent(peppers.current.value)

    def __len__(self) -> int:
        """How many keys can be compared here."""
        return len(self._entries)

    def require_usable(self, now_ms: int) -> None:
        """Let pass a server that answers to keys alone, when there is one that opens it now.

        Raises:
            ConfigError: nobody could ever call it.
        """
        if not any(now_ms < entry.ends_at for entry in self._entries.values()):
            raise ConfigError(
                "this server would be open to others (server.host), but there is no key that it would accept",
                hint="make one: modelport keys create --local; with keys in the database, check secrets.pepper",
            )

    def verify(self, presented: str, *, peer: str | None, now_ms: int) -> Principal:
        """Return who presents this key.

        Args:
            presented: the text as it came, whatever it is.
            peer: the caller's address.
            now_ms: unix time in milliseconds.

        Raises:
            Unauthenticated: it is no usable key; the same words for every reason.
            RateLimited: the same after many failures from this address.
        """
        entry = self._entries.get(presented[KEY_ID], self._absent)
        current = hmac.compare_digest(digest(entry.pepper, presented[SECRET]), entry.hashed.digest)
        known = current or (entry.previous is not None and _is_previous(entry.previous, presented[SECRET], now_ms))
        whole = is_whole(presented, entry.prefix)
        alive = now_ms < entry.ends_at
        inside = not entry.networks or _is_inside(entry.networks, peer)
        if known and whole and alive and inside:
            if now_ms - self._noted.get(entry.id, 0) >= USE_NOTED_EVERY_MS:
                self._note(entry, presented[SECRET], now_ms, current=current)
            return entry.principal
        raise self._refusal(_reason(entry, known=known, whole=whole, alive=alive), peer, now_ms)

    async def reload(self, only: Collection[str] | None = None, *, version: int | None = None) -> None:
        """Read anew what changed of the keys; calls get their turn every few hundred.

        Of a change that is known, `only` the keys that it touched and the `version` that it made: where nothing else
        happened since the last look, these alone are read.
        """
        async with self._reloading:
            if version is None or only is None or version > self._version + 1:
                await self._read()
            elif version > self._version:
                await self._read_some(sorted(only), version)

    async def _read_some(self, key_ids: Sequence[str], version: int) -> None:
        known, entries = dict(self._known), dict(self._entries)
        for key_id in key_ids:
            if gone := known.pop(key_id, None):
                entries.pop(gone.key_id, None)
        async with self._database.read() as conn:
            for start in range(0, len(key_ids), store.ASKED_ONE_BY_ONE):
                for record in await store.load(conn, key_ids[start : start + store.ASKED_ONE_BY_ONE]):
                    entry = self._entry(record)
                    known[record.id] = _Known(store.stamp_of(record), record.key_id, entry)
                    if entry is not None:
                        entries[record.key_id] = entry
                await asyncio.sleep(0)
        self._entries, self._known, self._version = entries, known, version

    async def _read(self) -> None:
        before, known = self._known, dict[str, _Known]()
        async with self._database.read() as conn:
            version = await read_version(conn, KEYS_VERSION)
            async for page in store.stamps(conn):
                same = {key: one for key, stamp in page.items() if (one := before.get(key)) and one.stamp == stamp}
                known |= same
                for record in await store.load(conn, page.keys() - same.keys()):
                    known[record.id] = _Known(page[record.id], record.key_id, self._entry(record))
                await asyncio.sleep(0)
        entries = {one.key_id: one.entry for one in known.values() if one.entry is not None}
        if missing := len(known) - len(entries):
            logger.warning(
                "%d of %d keys were made with a pepper that is not configured here: they are refused (secrets.pepper)",
                missing,
                len(known),
            )
        self._entries, self._known, self._version = entries, known, version
        self._noted = {key: at for key, at in self._noted.items() if key in known}

    async def poll(self) -> bool:
        """Reload when another process changed a key; return whether it did. To be called every few seconds (KEY-5)."""
        async with self._database.read() as conn:
            version = await read_version(conn, KEYS_VERSION)
        if version == self._version:
            return False
        async with self._reloading:
            if self._version >= version:  # whoever changed it here was faster
                return False
            await self._read()
        return True

    def _entry(self, record: KeyRecord) -> _Entry | None:
        pepper = self._peppers.find(record.hashed.pepper_id)
        if pepper is None:
            return None
        ends_at = _FOREVER if record.expires_at is None else record.expires_at
        return _Entry(
            id=record.id,
            prefix=prefix(record.env, record.key_id),
            pepper=pepper.value,
            hashed=record.hashed,
            previous=self._previous(record),
            ends_at=ends_at if record.revoked_at is None else _NEVER,
            revoked=record.revoked_at is not None,
            networks=tuple(ip_network(cidr) for cidr in record.cidrs),
            principal=_principal(record),
        )

    def _previous(self, record: KeyRecord) -> _Previous | None:
        if record.previous is None or record.previous_valid_until is None:
            return None
        pepper = self._peppers.find(record.previous.pepper_id)
        return _Previous(pepper.value, record.previous.digest, record.previous_valid_until) if pepper else None

    def _note(self, entry: _Entry, secret: str, now_ms: int, *, current: bool) -> None:
        """Hand on that the key was used, and its hash under the current pepper when an older one made it (KEY-3)."""
        self._noted[entry.id] = now_ms
        renewed = None
        if current and entry.hashed.pepper_id != self._peppers.current.id:
            renewed = hash_secret(Secret(secret), self._peppers)
        self._note_use(KeyUse(entry.id, now_ms, entry.hashed if renewed else None, renewed))

    def _refusal(self, reason: str, peer: str | None, now_ms: int) -> GatewayError:
        self._refused(reason)
        if wait_s := self._backoff.failed(peer, now_ms):
            return RateLimited(
                "too many requests with an invalid API key came from this address",
                code="too_many_failures",
                hint="send a valid key; requests with one are answered at any time",
                headers={"Retry-After": str(wait_s), "x-should-retry": "false"},
            )
        return no_valid_key()


def _is_previous(previous: _Previous, secret: str, now_ms: int) -> bool:
    same = hmac.compare_digest(digest(previous.pepper, secret), previous.digest)
    return same and now_ms < previous.valid_until


def _is_inside(networks: tuple[IPv4Network | IPv6Network, ...], peer: str | None) -> bool:
    address = _address(peer or "")
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=1024)  # callers come again, and parsing takes longer than everything else here
def _address(peer: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _reason(entry: _Entry, *, known: bool, whole: bool, alive: bool) -> str:
    """Say for the operator's numbers, never for the caller, what was wrong."""
    if not known:
        return "unknown"
    if not whole:
        return "malformed"
    if not alive:
        return "revoked" if entry.revoked else "expired"
    return "network"


def _principal(record: KeyRecord) -> Principal:
    return Principal(
        key_id=record.id,
        name=record.name,
        role=record.role,
        permissions=ROLES[record.role],
        team=record.team,
        models=record.may_call,
        region=record.region,
    )


def _absent(pepper: bytes) -> _Entry:
    """Return the entry that stands for every unknown key: a hash that no secret has, and nothing allowed."""
    return _Entry(
        id="",
        prefix=prefix("live", "-" * 10),
        pepper=pepper,
        hashed=HashedSecret("", bytes(32)),
        previous=None,
        ends_at=_NEVER,
        revoked=True,
        networks=(),
        principal=Principal(key_id=None, name="", role=Role.VIEWER, permissions=frozenset()),
    )
