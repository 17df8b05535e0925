"""An ordinary HTTP client for tests of the whole product: one address, one key, answers read whole."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

UNCHECKED = "?preflight=skip"
"""For tests of something else: what they register need not be there, and gets no trial calls."""
CHECKED = ("models", "endpoints")

Session: TypeAlias = aiohttp.ClientSession  # noqa: TID251 - a test's caller, not the product


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The error code, in either of the two error shapes; None where there is none."""
        said = self.json if self.body[:1] == b"{" else {}
        inner = said.get("error", said)
        return inner.get("code") if isinstance(inner, dict) else None


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls below one address, which ends with a slash; paths are sent as they are written, without a leading one."""

    session: Session
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def having(self, **headers: str) -> "Caller":
        """Return a caller with further headers; `_` in a name stands for `-`."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **more})

    def keyed(self, key: str) -> "Caller":
        """Return a caller with this key."""
        return self.having(Authorization=f"Bearer {key}")

    def at(self, address: str) -> "Caller":
        """Return a caller of another address with the same headers."""
        return replace(self, address=address)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Return the answer; a body that is not bytes is sent as JSON."""
        sent = dict(self.having(**headers).headers)
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        streamed = None if data is None else io.BytesIO(data)  # as bytes, a large body would be a warning
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        url = URL(self.address + path, encoded=True)
        async with self.session.request(method, url, data=streamed, headers=sent, allow_redirects=False) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **headers: str) -> Answer:
        """Read."""
        return await self.call("GET", path, **headers)

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Create, or call a model."""
        return await self.call("POST", path, body, **headers)

    async def make(self, noun: str, /, **body: Any) -> Any:
        """Create something below `/api/v1` that must succeed, and return its view; endpoints are not checked."""
        answer = await self.post(f"api/v1/{noun}{UNCHECKED if noun in CHECKED else ''}", body)
        assert answer.status == 201, answer.text
        return answer.json

    async def show(self, path: str) -> Any:
        """Return what GET says of something that must be there."""
        answer = await self.get(path)
        assert answer.status == 200, answer.text
        return answer.json

    async def chat(self, model: str, text: str = "hello", *, path: str = "v1/chat/completions") -> Answer:
        """Call a model once, without streaming."""
        return await self.post(path, {"model": model, "messages": [{"role": "user", "content": text}]})


@contextlib.asynccontextmanager
async def calling() -> AsyncIterator[Caller]:
    """Give a caller of no address yet: no cookies, no redirects, a connection for each call."""
    async with Session(
        cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(force_close=True), auto_decompress=False
    ) as session:
        yield Caller(session, "", {"Accept-Encoding": "identity"})


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = 5.0) -> None:
    """Return when the condition holds; what another process does sends no event, so this asks again and again."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - as the docstring says
            await asyncio.sleep(0.03)
