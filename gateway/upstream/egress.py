"""The one door out of this process: nothing else makes a client session (security.md EGR-4 to EGR-6; lint and a test).

The guard is one layer. Close the host's firewall as well (EGR-8).
"""

import asyncio
import ssl
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from gateway.errors import ConfigError
from gateway.upstream.connector import GuardedConnector, system_trust
from gateway.upstream.policy import EgressPolicy

__all__ = ["Egress", "EgressPolicy", "Session", "connector_of", "guarded_session", "trust"]

Session: TypeAlias = aiohttp.ClientSession  # noqa: TID251 - the type; made in guarded_session only

# aiohttp stops reading above twice this. With the 32 KiB that one read brings, a reader that stands still holds 48 KiB
# here; the chunk on its way to the caller exists up to three times: below the 256 KiB that a stream may cost (PRX-37).
READ_BUFFER_BYTES: Final = 8 * 1024
BULK_BYTES, BULK_LANDING_BYTES = 64 * 1024, 256 * 1024
"""What waits and what one read may bring where a process does nothing but fetch files: a fifth less CPU (measured)."""
MAX_HEADER_BYTES: Final = 16 * 1024  # of an upstream's answer: twice what we take from callers


class Egress:
    """The process's session and the policy over it. `bulk`: for a command that fetches files, with large reads."""

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        connect_timeout_s: float = 5.0,
        ca_file: Path | None = None,
        resolver: AbstractResolver | None = None,
        bulk: bool = False,
    ) -> None:
        self.session = guarded_session(
            policy,
            connect_timeout_s=connect_timeout_s,
            ssl_context=None if ca_file is None else trust(ca_file),
            resolver=resolver,
            bulk=bulk,
        )

    @property
    def policy(self) -> EgressPolicy:
        """The policy in force."""
        return connector_of(self.session).policy

    def adopt(self, policy: EgressPolicy) -> None:
        """Judge by this policy from now on, and cut what it forbids, streams included (EGR-6); nothing for the same."""
        if policy is not self.policy:
            connector_of(self.session).adopt(policy)

    async def replace_policy(self, policy: EgressPolicy) -> None:
        """Judge by this policy from now on, and cut what it forbids, streams included (EGR-6)."""
        self.adopt(policy)
        await asyncio.sleep(0)  # aborted connections are reported lost in the loop's next turn

    async def addresses(self, url: URL) -> list[str]:
        """Return the addresses that a connect to the URL's host would choose from.

        Raises:
            PermissionError: there are addresses, and all are forbidden.
            OSError: nobody knows the name.
        """
        return await connector_of(self.session).addresses(url)

    async def close(self) -> None:
        """Close the session and its connections."""
        await self.session.close()


def guarded_session(
    policy: EgressPolicy,
    *,
    connect_timeout_s: float,
    ssl_context: ssl.SSLContext | None = None,
    resolver: AbstractResolver | None = None,
    bulk: bool = False,
) -> Session:
    """Return a session that reaches only what the policy allows, stores no cookie, heeds no proxy variable (EGR-5).

    It decodes nothing and sets no time limit but that of the connect. What a session cannot be told once for all,
    every request says: no redirects, no headers of aiohttp's own. So use a transport, not the session.
    """
    session = Session(
        connector=GuardedConnector(
            policy, ssl_context=ssl_context, resolver=resolver, bulk=(BULK_BYTES, BULK_LANDING_BYTES) if bulk else None
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=connect_timeout_s),
        auto_decompress=False,
        trust_env=False,
        raise_for_status=False,
        read_bufsize=BULK_BYTES if bulk else READ_BUFFER_BYTES,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )
    # aiohttp would silently send an idempotent request twice even on a new connection; the transport decides alone.
    session._retry_connection = False  # noqa: SLF001 - no public switch; aiohttp's own test client does the same
    return session


def connector_of(session: Session) -> GuardedConnector:
    """Return the guarded connector of the session.

    Raises:
        TypeError: the session was made elsewhere and would go around the policy.
    """
    if not isinstance(session.connector, GuardedConnector):
        raise TypeError("this session was not made by guarded_session(): it would go around the egress policy")
    return session.connector


def trust(ca_file: Path) -> ssl.SSLContext:
    """Return a TLS context that trusts the system's authorities and those in the file (PEM).

    Raises:
        ConfigError: the file is missing or holds no certificate.
    """
    context = system_trust()
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"{ca_file} cannot be used as a CA file: {error}") from error
    return context
