"""One registry over HTTP: every request of the check, of a push and of a pull goes through here (PUB-7, PUB-12).

Under the egress policy, with bounded answers, without redirects; `Authorization` never goes to another host (PUB-8).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from msgspec import Struct, field
from multidict import CIMultiDict
from yarl import URL

from gateway.errors import BadUpstreamResponse, ConnectFailed, EgressDenied, UpstreamDisconnected, UpstreamFailed
from gateway.publish.answers import MAX_BODY, Answer
from gateway.publish.authority import Authority, Scope
from gateway.publish.credentials import Credential, config_paths, shown
from gateway.publish.explain import explain
from gateway.publish.location import follow, same_origin
from gateway.publish.messages import PublishError
from gateway.upstream.egress import Egress
from gateway.upstream.session_transport import SessionTransport
from gateway.upstream.transport import NothingSent, UpstreamRequest, UpstreamResponse

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
"""For every request but those that carry a blob."""
STALL_S: Final = 120.0
"""A blob that makes no progress for so long is given up; there is no limit on the whole."""
_MAX_WAIT_S: Final = 10.0  # of a Retry-After that is obeyed; a longer one is told
_MAX_REDIRECTS: Final = 5
_UNAUTHORIZED: Final = 401

Content = Callable[[], AsyncIterator[bytes]]


class Send(Struct, frozen=True, kw_only=True):
    """A request. `content` is asked for its bytes anew each time the request is sent."""

    method: str
    url: URL
    scope: Scope | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content: Content | None = None
    greets: bool = False
    """Whether a 401 is the answer that is wanted."""


class RegistryClient:
    """Asks one registry. `place` is the registry as it was written, for messages."""

    def __init__(  # noqa: PLR0913 - keyword-only, each a part of how a registry is reached
        self,
        egress: Egress,
        *,
        place: str,
        api: str | None = None,
        plain_http: bool = False,
        credential: Credential | None = None,
        proposal: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.place = place
        self.base = URL(f"{'http' if plain_http else 'https'}://{api or place}")
        self.round_trips = 0
        """Waits for an answer; requests that are under way together are one."""
        self._under_way = 0
        self._transport = SessionTransport(egress.session)
        self._proposal = proposal
        self.authority = Authority(self.base, place, credential, self._plain, _looked_in)

    def proposal(self) -> str:
        """Return the question whether another registry was meant, or nothing."""
        return self._proposal(self.place)

    async def greet(self) -> Answer:
        """Return the answer to `GET /v2/`, which tells what the registry wants to see; no credential goes yet."""
        answer = await self.ask("GET", "/v2/", greets=True)
        self.authority.greeted(answer)
        return answer

    async def ask(  # noqa: PLR0913 - keyword-only but method and place, each a part of one request
        self,
        method: str,
        path: str | URL,
        *,
        scope: Scope | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = MAX_BODY,
        greets: bool = False,
    ) -> Answer:
        """Return the answer, after one retry where that may help (PUB-12).

        Raises:
            PublishError: there was none, or the user is refused by the token server.
        """
        url = path if isinstance(path, URL) else URL(f"{self.base.origin()}{path}", encoded=True)
        send = Send(method=method, url=url, scope=scope, headers=headers or {}, body=body, greets=greets)
        answer = await self._asked(send, limit)
        wait_s = answer.retry_after_s
        if wait_s is not None and wait_s <= _MAX_WAIT_S:
            await asyncio.sleep(wait_s)
            answer = await self._asked(send, limit)
        return answer

    async def upload(self, url: URL, content: Content, *, length: int, scope: Scope) -> Answer:
        """PUT a blob as it is read and return the answer.

        Raises:
            PublishError: the upload broke off, or stood still for STALL_S.
        """
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(length)}
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(STALL_S) as watch:

                async def watched() -> AsyncIterator[bytes]:
                    async for chunk in content():
                        yield chunk
                        watch.reschedule(loop.time() + STALL_S)

                send = Send(method="PUT", url=url, scope=scope, headers=headers, content=watched)
                return await self._read(await self._authorised(send), url, MAX_BODY)
        except TimeoutError:
            raise PublishError("stalled", place=self.place, limit=STALL_S) from None
        except UpstreamFailed as error:
            raise self._explained(error, url, uploading=True) from error

    async def open(
        self, path: str, *, scope: Scope, headers: Mapping[str, str] | None = None
    ) -> tuple[UpstreamResponse, URL]:
        """Return the head of a blob's answer and where it came from; redirects lose the credential. Close it.

        Raises:
            PublishError: there was no answer.
        """
        url = URL(f"{self.base.origin()}{path}", encoded=True)
        for _ in range(_MAX_REDIRECTS):
            response = await self._headed(Send(method="GET", url=url, scope=scope, headers=headers or {}))
            if response.status not in {301, 302, 303, 307, 308}:
                return response, url
            response.close()
            url = follow(response.headers.get("Location", ""), asked=url)
        raise PublishError("bad_location", place=self.place, why="it leads from one address to the next")

    async def _asked(self, send: Send, limit: int) -> Answer:
        response = await self._headed(send)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._read(response, send.url, limit)
        except TimeoutError:
            raise PublishError("silent", place=_shown(send.url), limit=ANSWER_S) from None
        except UpstreamFailed as error:
            raise self._explained(error, send.url) from error

    async def _headed(self, send: Send) -> UpstreamResponse:
        try:
            async with asyncio.timeout(ANSWER_S * 2):  # a 401 and a token may lie between
                return await self._authorised(send)
        except TimeoutError:
            raise PublishError("silent", place=_shown(send.url), limit=ANSWER_S * 2) from None
        except UpstreamFailed as error:
            raise self._explained(error, send.url) from error

    async def _authorised(self, send: Send) -> UpstreamResponse:
        """Send, and once more when a 401 can be answered with something better: a token may have run out."""
        await self.authority.prepare(send.url, send.scope)
        header = self.authority.header(send.url, send.scope)
        response = await self._connected(send, header)
        if response.status != _UNAUTHORIZED or send.greets or not same_origin(send.url, self.base):
            return response
        refused = Answer(response.status, response.headers, b"", send.url)
        if not await self.authority.renew(refused, send.scope, sent=header):
            return response
        await self._read(response, send.url, MAX_BODY)
        return await self._connected(send, self.authority.header(send.url, send.scope))

    async def _connected(self, send: Send, header: str | None) -> UpstreamResponse:
        """Send, and once more when there was no connection."""
        try:
            return await self._once(send, header)
        except EgressDenied:
            raise
        except ConnectFailed:
            return await self._once(send, header)

    async def _once(self, send: Send, header: str | None) -> UpstreamResponse:
        headers = CIMultiDict({"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "modelport"})
        headers.update(send.headers)
        headers.setdefault("Content-Type", "application/octet-stream")
        if header is not None:
            headers["Authorization"] = header
        body = send.body if send.content is None else send.content()
        self.round_trips += not self._under_way
        self._under_way += 1
        try:
            return await self._transport.send(UpstreamRequest(send.method, send.url, headers, body, CONNECT_S))
        except NothingSent:
            raise asyncio.CancelledError from None  # Python 3.11's timeout() knows no subclass
        finally:
            self._under_way -= 1

    async def _plain(self, method: str, url: URL, *, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Ask a token server; nothing is added to what it is given."""
        send = Send(method=method, url=url, headers=headers, body=body)
        try:
            response = await self._connected(send, None)
            return await self._read(response, url, MAX_BODY)
        except EgressDenied as error:
            why = error.hint or error.message
            raise PublishError("realm_refused", host=self.place, realm=url.origin(), why=why) from error
        except UpstreamFailed as error:
            raise self._explained(error, url) from error

    async def _read(self, response: UpstreamResponse, url: URL, limit: int) -> Answer:
        """Return the answer with its first `limit` bytes."""
        body = bytearray()
        try:
            async for chunk in response.chunks():
                body += chunk
                if len(body) > limit:
                    break
        finally:
            response.close()
        return Answer(response.status, response.headers, bytes(body[:limit]), url)

    def _explained(self, error: UpstreamFailed, url: URL, *, uploading: bool = False) -> PublishError:
        if uploading and isinstance(error, UpstreamDisconnected):
            return PublishError("broke_off", place=self.place, reason="the connection was closed")
        if isinstance(error, BadUpstreamResponse) and self.base.scheme == "http":
            return PublishError("no_http", place=_shown(url))
        proposal = self._proposal(self.place) if same_origin(url, self.base) else ""
        return explain(error, url, connect_s=CONNECT_S, proposal=proposal)


def _shown(url: URL) -> str:
    return f"{url.host_subcomponent}:{url.port}"


def _looked_in() -> str:
    return " and ".join(shown(path) for path in config_paths())
