"""What the tests of the client share: a server, a gateway, and one way to call through each kind of client."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from resolver import AsyncModelportOpenAI, ModelportOpenAI, aconnect, connect
from tests.fakes.modelport_api import ModelportAPI, serving

KEY = "mp_test_key"
NOBODY = Path(__file__).parents[1] / "vectors" / "nobody.pem"
"""Each client reads the system's certificates when it is made; this one is read in no time."""
MESSAGES: Any = [{"role": "user", "content": "hello"}]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine says; a planted OpenAI key must never be seen by any server."""
    for name in ("BASE_URL", "ORG_ID", "PROJECT_ID", "CUSTOM_HEADERS", "ADMIN_KEY"):
        monkeypatch.delenv(f"OPENAI_{name}", raising=False)
    proxies = [name for kind in ("HTTP", "HTTPS", "ALL") for name in (f"{kind}_PROXY", f"{kind}_PROXY".lower())]
    for name in ("MODELPORT_URL", "MODELPORT_KEY", *proxies):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    monkeypatch.setenv("SSL_CERT_FILE", str(NOBODY))


@pytest.fixture
def api() -> Iterator[ModelportAPI]:
    """Give a server with one model of its own and one key."""
    with serving(ModelportAPI(models={"qwen3": "/access/models/team1/"}, key=KEY)) as server:
        yield server
    assert all("sk-planted" not in str(call.headers) for call in (*server.lookups, *server.calls))


@pytest.fixture
def gateway() -> Iterator[ModelportAPI]:
    """Give a second origin; what it is to the first one is the test's business."""
    with serving(ModelportAPI()) as server:
        yield server
    assert all("sk-planted" not in str(call.headers) for call in server.calls)


class Caller:
    """One kind of client: sync, async, or async on aiohttp. `do` waits for whatever it gives."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._loop = asyncio.new_event_loop()
        self._clients: list[ModelportOpenAI | AsyncModelportOpenAI] = []

    def connect(self, model: str | None = None, **options: Any) -> Any:
        """Return a client that is closed after the test."""
        client = self._made(model, {"key": KEY, "max_retries": 0, **options})
        self._clients.append(client)
        return client

    def do(self, result: Any) -> Any:
        """Return what a call gives; a stream becomes its list of chunks."""
        if inspect.isawaitable(result):
            result = self._loop.run_until_complete(_awaited(result))
        if isinstance(result, openai.AsyncStream):
            return self._loop.run_until_complete(_listed(result))
        return list(result) if isinstance(result, openai.Stream) else result

    def chat(self, client: Any, model: str = "qwen3", **options: Any) -> Any:
        """Complete one chat; return the answer."""
        return self.do(client.chat.completions.create(model=model, messages=MESSAGES, **options))

    def close(self) -> None:
        """Close every client."""
        for client in self._clients:
            self.do(client.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _made(self, model: str | None, options: dict[str, Any]) -> ModelportOpenAI | AsyncModelportOpenAI:
        if self.kind == "sync":
            return connect(model, **options)
        if self.kind == "aiohttp":
            options["http_client"] = openai.DefaultAioHttpClient()
        return aconnect(model, **options)


async def _awaited(result: Any) -> Any:
    return await result


async def _listed(stream: AsyncIterator[Any]) -> list[Any]:
    return [chunk async for chunk in stream]


@pytest.fixture(params=["sync", "async", "aiohttp"])
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """Give each kind of client in turn."""
    caller = Caller(str(request.param))
    yield caller
    caller.close()
