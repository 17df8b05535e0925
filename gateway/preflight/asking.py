"""One request of a check and what came of it: the transport, limits and words that a call would meet (PUB-7 for us).

Used by this package only. Nothing of an answer beyond `limit` bytes is read, no redirect is followed.
"""

import asyncio
import errno
import json
import os
import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from msgspec import Struct, field
from multidict import CIMultiDict
from yarl import URL

from gateway.errors import EgressDenied, UpstreamDisconnected, UpstreamFailed
from gateway.preflight.listing import AT_ONCE, read_list
from gateway.preflight.turns import in_turns
from gateway.upstream.transport import NothingSent, Transport, UpstreamRequest, UpstreamResponse
from gateway.vault.secret import Secret

CONNECT_S: Final = 3.0
MAX_BYTES: Final = 64 * 1024
MAX_MODELS: Final = 5000
"""Models of a list that are kept."""
MAX_LIST_BYTES: Final = 2 * 1024 * 1024
"""Of a list of models: some MAX_MODELS of them; every other answer is read to MAX_BYTES."""


class Told(Struct, frozen=True):
    """An answer. `data` is its JSON, None where it is none; `whole` says that nothing was left unread."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    first_ms: float
    data: Any = None
    whole: bool = True

    @property
    def is_page(self) -> bool:
        """Whether it is a web page."""
        kind = self.headers.get("content-type", "")
        return kind.startswith("text/html") or self.body[:256].lstrip().lower().startswith((b"<!doctype", b"<html"))


class Failed(Struct, frozen=True):
    """There was no answer: a code of `checks.TEXTS` and the values of its words."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Asker:
    """Sends the requests of checks. `via` is what marks them as ours, so that a circle is noticed (REG-5)."""

    def __init__(self, transport: Transport, *, via: str) -> None:
        self._transport = transport
        self._via = via

    async def get(
        self, url: URL, *, key: Secret | None = None, within_s: float, limit: int = MAX_BYTES
    ) -> Told | Failed:
        """Return what a GET brings."""
        return await self.ask("GET", url, key=key, within_s=within_s, limit=limit)

    async def ask(  # noqa: PLR0913 - keyword-only, each a part of one request
        self,
        method: str,
        url: URL,
        *,
        key: Secret | None = None,
        body: Mapping[str, Any] | None = None,
        within_s: float,
        limit: int = MAX_BYTES,
    ) -> Told | Failed:
        """Return the answer, or why there is none; `within_s` counts to the head, and again to the body's end."""
        opened = await self.open(method, url, key=key, body=body, within_s=within_s)
        if isinstance(opened, Failed):
            return opened
        response, first_ms = opened
        try:
            async with asyncio.timeout(within_s):
                read, whole = await _read(response, limit)
        except TimeoutError:
            return Failed("silent", {"place": place(url), "limit": within_s})
        except UpstreamFailed:
            return Failed("truncated", {"place": place(url)})
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        data = _json(read) if len(read) <= AT_ONCE else await in_turns(read_list(read, most=MAX_MODELS))
        return Told(response.status, headers, read, first_ms, data, whole)

    async def open(
        self,
        method: str,
        url: URL,
        *,
        key: Secret | None = None,
        body: Mapping[str, Any] | None = None,
        within_s: float,
    ) -> tuple[UpstreamResponse, float] | Failed:
        """Return the answer's head and how many milliseconds it took; whoever gets one closes it."""
        headers = CIMultiDict(
            {
                "Accept": "application/json, text/event-stream",
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "User-Agent": "modelport-preflight",
                "Via": self._via,
            }
        )
        if key is not None:
            headers["Authorization"] = f"Bearer {key.reveal()}"
        sent = None if body is None else json.dumps(body).encode()
        request = UpstreamRequest(method, url, headers, sent, CONNECT_S)
        began, connected = time.perf_counter(), True
        try:
            async with asyncio.timeout(within_s):
                try:
                    response = await self._transport.send(request)
                except NothingSent:
                    connected = False
                    raise asyncio.CancelledError from None  # Python 3.11's timeout() knows no subclass
        except TimeoutError:
            return Failed("silent" if connected else "connect_timeout", {"place": place(url), "limit": within_s})
        except UpstreamFailed as error:
            return explain(error, url)
        return response, (time.perf_counter() - began) * 1000

    async def events(
        self, response: UpstreamResponse, url: URL, *, within_s: float, began: float, limit: int
    ) -> tuple[bytes, list[float]] | Failed:
        """Return an event stream's bytes, and when each event came, in milliseconds since `began`; close it."""
        parts = bytearray()
        times: list[float] = []
        try:
            async with asyncio.timeout(within_s):
                async for chunk in response.chunks():
                    parts += chunk
                    seen = parts.count(b"data:")
                    times += [(time.perf_counter() - began) * 1000] * (seen - len(times))
                    if len(parts) > limit:
                        break
        except TimeoutError:
            return Failed("silent", {"place": place(url), "limit": within_s})
        except UpstreamFailed:
            return Failed("truncated", {"place": place(url)})
        finally:
            response.close()
        return bytes(parts), times

    @staticmethod
    def parsed(body: bytes) -> Any:
        """Return the JSON of a body, None where it is none."""
        return _json(body)


def place(url: URL) -> str:
    """Return host and port as people write them."""
    return f"{url.host_subcomponent}:{url.port}"


def explain(error: UpstreamFailed, url: URL) -> Failed:  # noqa: PLR0911 - one line per kind of error
    """Return the finding that a failed request means (preflight.md section 11): told by what lies behind the error."""
    cause, where = error.__cause__, {"place": place(url), "host": url.host or ""}
    if isinstance(error, EgressDenied):
        return Failed("egress_denied", {"line": error.hint or ""})
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return Failed("dns", where)
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        detail = getattr(cause.certificate_error, "verify_message", "")
        return Failed("certificate", {**where, "reason": detail or "verification failed"})
    if isinstance(cause, aiohttp.ClientConnectorSSLError):
        if getattr(cause.os_error, "reason", "") in _NO_TLS:
            return Failed("use_http", {**where, "other": str(url.with_scheme("http").with_port(url.port).origin())})
        return Failed("tls", where)
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return Failed("connect_timeout", {**where, "limit": CONNECT_S})
    if isinstance(cause, aiohttp.ClientConnectorError):
        number = cause.os_error.errno
        if number == errno.ECONNREFUSED or number is None:
            return Failed("refused", where)
        return Failed("no_route", {**where, "reason": os.strerror(number).lower()})
    if isinstance(error, UpstreamDisconnected):
        return Failed("reset" if getattr(cause, "errno", None) == errno.ECONNRESET else "closed", where)
    return Failed("banner", where)


_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"})
"""What OpenSSL calls an answer that is none of TLS."""


async def _read(response: UpstreamResponse, limit: int) -> tuple[bytes, bool]:
    parts = bytearray()
    async for chunk in response.chunks():
        parts += chunk
        if len(parts) > limit:
            return bytes(parts[:limit]), False
    return bytes(parts), True


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
