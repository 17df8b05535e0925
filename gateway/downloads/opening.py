"""The way to a server: one GET, under the egress policy, and what to make of it when nobody answers.

Redirects are followed for those alone who know the file's SHA-256, each hop judged anew, never from https to http, and
a credential goes to the origin that it was given for and nowhere else (docs/decisions/0024-downloads.md).
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

from multidict import CIMultiDict
from yarl import URL

from gateway.downloads.artefact import read_url
from gateway.downloads.errors import DownloadError
from gateway.errors import EgressDenied, GatewayError, UpstreamFailed
from gateway.upstream.policy import EgressPolicy
from gateway.upstream.transport import NothingSent, Transport, UpstreamRequest, UpstreamResponse

CONNECT_S: Final = 10.0
ANSWER_S: Final = 30.0
"""From the request to the head of the answer: storage behind a CDN fetches the file first."""
_MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_STALE: Final = frozenset({400, 401, 403, 404, 410})
"""What a signed address answers when its time is over: the first address gives a new one."""


class NotOpened(Exception):
    """There was no answer. `again`: there may be one later."""

    def __init__(self, error: GatewayError, *, again: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again


class Opener(Protocol):
    """What asks a server for a file."""

    async def open(self, url: str, headers: Mapping[str, str]) -> UpstreamResponse:
        """Return the head of the answer to a GET with these headers; close it.

        Raises:
            NotOpened: nobody answered, or it leads where nobody may go.
        """
        ...

    def place(self, url: str) -> str:
        """Return how the server is called in messages."""
        ...


class HttpOpener:
    """Asks over a transport. `follows` redirects or refuses them; `token` goes to the origin of `token_for` alone."""

    def __init__(
        self,
        transport: Transport,
        policy: EgressPolicy,
        *,
        follows: bool,
        token: str | None = None,
        token_for: str | None = None,
    ) -> None:
        self._transport = transport
        self._policy = policy
        self._follows = follows
        self._token = token
        self._origin = None if token_for is None else read_url(token_for).origin()
        self._leads: dict[str, URL] = {}

    async def open(self, url: str, headers: Mapping[str, str]) -> UpstreamResponse:
        """See `Opener.open`."""
        known = self._leads.get(url)
        if known is not None:
            response = await self._ask(known, headers)
            if response.status not in _STALE and response.status not in _REDIRECTS:
                return response
            response.close()
            if self._leads.get(url) is known:  # another part may have asked anew meanwhile
                del self._leads[url]
        return await self._walk(url, headers)

    def place(self, url: str) -> str:
        """See `Opener.place`."""
        return place_of(URL(url, encoded=True))

    async def _walk(self, url: str, headers: Mapping[str, str]) -> UpstreamResponse:
        at = first = read_url(url)
        for _ in range(_MAX_REDIRECTS + 1):
            response = await self._ask(at, headers)
            if response.status not in _REDIRECTS:
                if at != first:
                    self._leads[url] = at
                return response
            response.close()
            if not self._follows:
                raise _elsewhere(at, "and a file without a SHA-256 is taken from its own address alone")
            at = _led(at, response.headers.get("Location", ""))
        raise _elsewhere(first, "from one address to the next")

    async def _ask(self, url: URL, headers: Mapping[str, str]) -> UpstreamResponse:
        sent = CIMultiDict({"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "modelport"})
        sent.update(headers)
        if self._token is not None and url.origin() == self._origin:
            sent["Authorization"] = f"Bearer {self._token}"
        try:
            self._policy.judge(url)
            async with asyncio.timeout(ANSWER_S):
                return await self._send(UpstreamRequest("GET", url, sent, connect_timeout_s=CONNECT_S))
        except TimeoutError:
            error = DownloadError("gave_up", place=place_of(url), times=1, reason=f"no answer within {ANSWER_S:g} s")
            raise NotOpened(error, again=True) from None
        except EgressDenied as error:
            why = error.hint or error.message
            raise NotOpened(DownloadError("egress_denied", place=place_of(url), why=why), again=False) from error
        except UpstreamFailed as error:
            raise NotOpened(error, again=True) from error

    async def _send(self, request: UpstreamRequest) -> UpstreamResponse:
        try:
            return await self._transport.send(request)
        except NothingSent:
            raise asyncio.CancelledError from None  # Python 3.11's timeout() knows no subclass


def place_of(url: URL) -> str:
    """Return host and port of an address: a path or query may hold what nobody should see."""
    return f"{url.host_subcomponent}:{url.port}"


def _led(asked: URL, location: str) -> URL:
    """Return where a redirect leads.

    Raises:
        NotOpened: nowhere that is followed.
    """
    if location.startswith("/") and not location.startswith("//"):
        location = f"{asked.origin()}{location}"
    try:
        url = read_url(location)
    except DownloadError:
        raise _elsewhere(asked, "to what is no full address") from None
    if asked.scheme == "https" and url.scheme != "https":
        raise _elsewhere(asked, "from https to http")
    return url


def _elsewhere(url: URL, why: str) -> NotOpened:
    return NotOpened(DownloadError("redirected", place=place_of(url), why=why), again=False)
