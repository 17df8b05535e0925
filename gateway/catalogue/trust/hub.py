"""A hub as somebody to believe: `refresh` says what is current, `fetch` brings a file that is what was signed.

The catalogue's sync and its commands use this and nothing below it. All I/O is done on the loop that calls, under its
egress policy; python-tuf runs in a thread that lives as long as one act (CAT-30).
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct
from yarl import URL

from gateway.catalogue.index import CatalogueIndex
from gateway.catalogue.namespace import Vouch
from gateway.catalogue.trust.deadlines import Deadlines
from gateway.catalogue.trust.directory import TrustDirectory
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.floor import TimeFloor
from gateway.catalogue.trust.high_water import HighWater, Marks
from gateway.errors import ConfigError
from gateway.upstream.transport import Transport

if TYPE_CHECKING:
    from gateway.catalogue.trust.bridge import Bridge
    from gateway.catalogue.trust.session import HubSession

logger = logging.getLogger("modelport.catalogue")

_T = TypeVar("_T")
VOUCHES_S: Final = 900.0
"""So long a refresh vouches for files without another one: a hub is asked as often."""
_ROOT_HINT: Final = "take the file root.json that the hub's owner gave you"


class Trusted(Struct, frozen=True):
    """What a hub's owner signed last, all of it verified. Times are unix milliseconds."""

    index: CatalogueIndex
    root_version: int
    timestamp_version: int
    expires_ms: int
    """The first of the roles that were read runs out then."""
    signed_at_ms: int | None
    """When the hub says that it signed; None where it does not say."""
    clock_behind_ms: int
    """How far this machine's clock lags behind what is known to be past; 0 when it may be right (CAT-32)."""
    requests: int
    received: int
    """Bytes of bodies that this refresh read."""
    publishers: tuple[Vouch, ...] = ()
    """What those say who sign a namespace of their own."""


class TrustedHub:
    """One hub, the root that it is believed from, and what is remembered of it. One act at a time; `close` it."""

    def __init__(  # noqa: PLR0913 - keyword-only but the first three, each a part of how a hub is believed
        self,
        url: URL,
        cache_dir: Path,
        bootstrap_root: bytes,
        *,
        transport: Transport,
        floor: TimeFloor,
        high_water: HighWater,
        deadlines: Deadlines | None = None,
    ) -> None:
        self.url = hub_url(url)
        self.name = f"{self.url}#{root_print(bootstrap_root)}"
        """What is remembered of it goes by its address and by whose root it is believed from."""
        self._directory = TrustDirectory(cache_dir)
        self._bootstrap = bootstrap_root
        self._transport = transport
        self._floor = floor
        self._high_water = high_water
        self._deadlines = deadlines or Deadlines()
        self._turn = asyncio.Lock()
        self._session: HubSession | None = None
        self._bridge: Bridge | None = None
        self._refreshed_s = 0.0
        self._is_closed = False

    async def refresh(self) -> Trusted:
        """Ask the hub what is current: two requests when nothing is new.

        Raises:
            HubError: nothing new can be believed; what was there before stays good.
        """
        async with self._turn:
            return await self._refreshed()

    async def fetch(self, path: str, into: Path, *, max_length: int, deadline_s: float | None = None) -> None:
        """Bring the file that the last refresh vouches for; `into` is whole afterwards, or as it was before.

        Nothing is fetched when it is there already. Without a deadline it may take its length at 20 KB/s, and ten
        seconds at least. A process that has not asked the hub lately, since another one follows it, asks first.

        Raises:
            HubError: it cannot be had, is longer than `max_length` bytes, or is not what was signed.
        """
        async with self._turn:
            session = await self._vouching()
            await self._in_thread(lambda: session.fetch(path, into, max_length=max_length, deadline_s=deadline_s))

    async def has(self, path: str) -> bool:
        """Return whether the last refresh vouches for such a file.

        Raises:
            HubError: nobody can say.
        """
        async with self._turn:
            session = await self._vouching()
            return await self._in_thread(lambda: session.has(path))

    async def close(self) -> None:
        """End what is under way, at once, and wait for its thread."""
        self._is_closed = True
        if self._bridge is not None:
            self._bridge.abort()
        async with self._turn:
            self._session = None

    async def _vouching(self) -> "HubSession":
        if self._session is None or self._floor.clock.monotonic() - self._refreshed_s > VOUCHES_S:
            await self._refreshed()
        assert self._session is not None  # a refresh that went well leaves one
        return self._session

    async def _refreshed(self) -> Trusted:
        self._session = None
        marks = await self._high_water.read(self.name)
        loop = asyncio.get_running_loop()
        session = await self._in_thread(lambda: self._begun(loop, marks))
        seen = await self._in_thread(session.refresh)
        if marks.get(seen.mark.root_version) != seen.mark:
            await self._high_water.keep(self.name, seen.mark)
        self._session, self._refreshed_s = session, self._floor.clock.monotonic()
        if seen.clock_behind_ms:
            logger.warning("this machine's clock is %d s behind what the hub signed", seen.clock_behind_ms // 1000)
        return Trusted(
            index=seen.index,
            root_version=seen.mark.root_version,
            timestamp_version=seen.mark.timestamp_version,
            expires_ms=seen.expires_ms,
            signed_at_ms=seen.signed_at_ms,
            clock_behind_ms=seen.clock_behind_ms,
            requests=session.bridge.requests,
            received=session.bridge.received,
            publishers=seen.publishers,
        )

    def _begun(self, loop: asyncio.AbstractEventLoop, marks: Marks) -> "HubSession":
        # In the thread: tuf takes a fifth of a second to import, and who asks no hub does not need it.
        from gateway.catalogue.trust.bridge import Bridge
        from gateway.catalogue.trust.session import HubSession

        self._bridge = Bridge(self._transport, loop, deadlines=self._deadlines, scratch=self._directory.path)
        return HubSession(
            self.url,
            directory=self._directory,
            bootstrap=self._bootstrap,
            bridge=self._bridge,
            floor=self._floor,
            marks=marks,
            deadlines=self._deadlines,
        )

    async def _in_thread(self, act: Callable[[], _T]) -> _T:
        """Run it in a thread that is gone afterwards; cancelling ends its I/O at once."""
        if self._is_closed:
            raise HubError("unreachable", "the hub is not asked any more: this process is stopping")
        pool = ThreadPoolExecutor(1, thread_name_prefix="modelport-hub")
        future = asyncio.get_running_loop().run_in_executor(pool, act)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if self._bridge is not None:
                self._bridge.abort()
            await asyncio.wait([future])
            future.exception()  # it was called off: nobody else asks how it ended
            raise
        finally:
            pool.shutdown(wait=future.done())


def hub_url(url: URL) -> str:
    """Return the URL of a hub's folder, with its final slash.

    >>> hub_url(URL("https://hub.example.com/models"))
    'https://hub.example.com/models/'

    Raises:
        ConfigError: not the address of a folder, or there are credentials in it.
    """
    if url.scheme not in {"http", "https"} or not url.raw_host:
        raise ConfigError("catalogue.url: not an http(s) URL", hint="write https://hub.example.com/models/")
    if url.raw_user or url.raw_password or url.raw_query_string or url.raw_fragment:
        raise ConfigError("catalogue.url: no user, password, query or fragment goes with a hub's folder")
    return str(url if url.raw_path.endswith("/") else url.with_path(f"{url.raw_path}/", encoded=True))


def root_print(root: bytes) -> str:
    """Return whose root it is: 16 hexadecimal digits of a hash over its keys' ids.

    A hub that was made anew at the same address begins at version 1: what was seen of the old one must not lock it out,
    and who configures another root has decided so. A root that is signed for another year has the same keys.

    Raises:
        ConfigError: no root metadata of TUF.
    """
    try:
        signed = json.loads(root)["signed"]
        keys = sorted({str(one) for one in signed["roles"]["root"]["keyids"]})
        is_root = signed["_type"] == "root" and bool(keys)
    except (ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"catalogue.root: no root metadata of a hub: {error}", hint=_ROOT_HINT) from error
    if not is_root:
        raise ConfigError("catalogue.root: no root metadata of a hub", hint=_ROOT_HINT)
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
