"""One file of a hub on its way, read on the application's loop: bounded in size and in time while it comes (CAT-30).

No redirect is followed, no status but 200 is taken, nothing is decoded: what is signed are the bytes as they lie there.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct
from multidict import CIMultiDict
from yarl import URL

from gateway.catalogue.trust.errors import TORN_RETRY_S, HubError
from gateway.errors import ConnectFailed, UpstreamFailed
from gateway.upstream.transport import NothingSent, Transport, UpstreamRequest, UpstreamResponse

BATCH: Final = 256 * 1024
"""Bytes that are handed to the thread at once: a hop costs 0.1 ms, and so much is held in memory."""
_CONNECT_S: Final = 5.0
_OK: Final = 200
_NOT_FOUND: Final = 404
_LOGIN_NEEDED: Final = 511  # RFC 6585: a captive portal that says so
_HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "modelport"}


class BadStatus(HubError):
    """An answer that is not 200: `answered` is what it was."""

    def __init__(self, name: str, answered: int, headers: Mapping[str, str]) -> None:
        self.answered = answered
        wait_s = retry_after_s(headers, now_s=time.time())
        if answered == _LOGIN_NEEDED:
            super().__init__("captive", f"a network in between wants a login before {name} (511)")
        elif answered == _NOT_FOUND and name != "timestamp.json":
            told = TORN_RETRY_S if wait_s is None else wait_s
            super().__init__("torn", f"{name} is not at the hub (404), although it is announced", retry_after_s=told)
        else:
            super().__init__("unreachable", _status_text(name, answered), retry_after_s=wait_s)


class Heard(Struct):
    """What the last answers said beside their bytes: hints for the words of a failure, never believed."""

    name: str = ""
    limit: int = 0
    received: int = 0
    looks_like_a_page: bool = False
    """HTML or a compressed body where JSON was asked for: somebody in between has had a hand in it."""
    date_ms: int | None = None
    end: bytes = b""
    """The last bytes: a document that was cut does not end as one."""


class Download:
    """One file: `next` gives its bytes batch by batch, then b"". All of it on the loop."""

    def __init__(self, transport: Transport, url: URL, *, limit: int, deadline_s: float, heard: Heard) -> None:
        self._transport = transport
        self._url = url
        self._limit = limit
        self._deadline_s = deadline_s
        self._until = time.monotonic() + deadline_s
        self._heard = heard
        self._response: UpstreamResponse | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        heard.name, heard.limit, heard.received, heard.looks_like_a_page = url.name, limit, 0, False

    @property
    def remaining_s(self) -> float:
        """Seconds until the whole file must be here."""
        return max(self._until - time.monotonic(), 0.0)

    async def next(self) -> bytes:
        """Return up to about BATCH bytes; b"" at the end.

        Raises:
            HubError: whatever went wrong; the connection is dropped.
        """
        batch = b""
        try:
            async with asyncio.timeout(self.remaining_s):
                if self._chunks is None:
                    self._chunks = await self._open()
                batch = await self._read(self._chunks)
        except TimeoutError as error:
            raise HubError("slow", f"{self._url.name} was not here within {self._deadline_s:g} s") from error
        except HubError:
            raise
        except UpstreamFailed as error:
            raise self._broken(error) from error
        finally:
            if not batch:
                self.close()
        return batch

    def close(self) -> None:
        """Drop the connection unless the whole file is here."""
        if self._response is not None:
            self._response.close()

    async def _open(self) -> AsyncIterator[bytes]:
        headers = CIMultiDict(_HEADERS)
        if _may_be_stale(self._url.name):
            headers["Cache-Control"] = "no-cache"
        request = UpstreamRequest("GET", self._url, headers, None, min(_CONNECT_S, self._deadline_s))
        try:
            response = self._response = await self._transport.send(request)
        except NothingSent:
            raise asyncio.CancelledError from None  # Python 3.11's timeout() knows no subclass
        self._heard.date_ms = _date_ms(response.headers.get("Date", ""))
        if response.status != _OK:
            raise BadStatus(self._url.name, response.status, response.headers)
        announced = response.headers.get("Content-Length", "")
        kind = response.headers.get("Content-Type", "")
        self._heard.looks_like_a_page = kind.lower().startswith("text/html")
        if announced.isdecimal() and int(announced) > self._limit:
            raise self._too_long()
        return response.chunks()

    async def _read(self, chunks: AsyncIterator[bytes]) -> bytes:
        batch = bytearray()
        async for chunk in chunks:
            if self._heard.received == 0 and self._url.suffix == ".json":
                self._heard.looks_like_a_page |= chunk.lstrip()[:1] == b"<" or chunk[:2] == b"\x1f\x8b"
            self._heard.received += len(chunk)
            self._heard.end = chunk[-2:]
            if self._heard.received > self._limit:
                raise self._too_long()
            batch += chunk
            if len(batch) >= BATCH:
                break
        return bytes(batch)

    def _too_long(self) -> HubError:
        return HubError("oversize", f"{self._url.name} is longer than the {self._limit} bytes that it may have")

    def _broken(self, error: UpstreamFailed) -> HubError:
        why = error.hint if isinstance(error, ConnectFailed) and error.hint else error.message
        if self._chunks is None:
            return HubError("unreachable", f"{self._url.name} cannot be had: {why}")
        return HubError("truncated", f"{self._url.name} ended after {self._heard.received} bytes: {why}")


def retry_after_s(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Return the seconds that `Retry-After` asks for; None where there is none, or none that can be read.

    >>> retry_after_s({"Retry-After": "120"}, now_s=0)
    120.0
    >>> retry_after_s({"Retry-After": "Thu, 01 Jan 1970 00:01:00 GMT"}, now_s=15)
    45.0
    """
    told = headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return float(told)
    at_ms = _date_ms(told)
    return None if at_ms is None else max(at_ms / 1000 - now_s, 0.0)


def _date_ms(text: str) -> int | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    try:
        return round(_aware(moment).timestamp() * 1000)
    except OverflowError:
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _may_be_stale(name: str) -> bool:
    """Whether a cache in between could answer with something old; other files never change."""
    return name == "timestamp.json" or name.endswith(".root.json")


def _status_text(name: str, answered: int) -> str:
    if 300 <= answered < 400:  # noqa: PLR2004 - redirects
        return f"the hub answers {answered} for {name}: redirects are not followed, write the address where it lies"
    if 200 < answered < 300:  # noqa: PLR2004 - a part, or a changed copy
        return f"the hub answers {answered} for {name}, which is not the whole file as it lies there"
    if answered == _NOT_FOUND:
        return f"there is no hub at this address: {name} is not there (404)"
    return f"the hub answers {answered} for {name}"
