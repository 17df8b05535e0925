"""Small servers on loopback that answer as model servers do."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import RawTestServer


@asynccontextmanager
async def answering(
    answers: dict[str, Any], *, headers: dict[str, str] | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """Answer these paths with JSON, `[status, JSON]` or text, all others with 404; give the port."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        found = answers.get(request.path, [404, {"detail": "Not Found"}])
        if isinstance(found, str):
            return web.Response(text=found, content_type="text/html", headers=headers)
        status, data = found if isinstance(found, list) else (200, found)
        return web.json_response(data, status=status, headers=headers)

    async with RawTestServer(answer, host=host) as server:
        yield server.port or 0


@asynccontextmanager
async def talking(greeting: bytes, *, hold: bool = False) -> AsyncIterator[int]:
    """Send the greeting to whoever connects, and hang up or keep silent; give the port."""
    done = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.write(greeting)
        if hold:
            await done.wait()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        done.set()
        server.close()
        await server.wait_closed()


def talkative(*models: str) -> dict[str, Any]:
    """Return answers of a server that lists these models and answers a call of each."""
    message = {"role": "assistant", "content": "pong"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    completion = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage}
    embedded = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "usage": usage}
    return {
        "/v1/models": {"object": "list", "data": [{"id": name, "object": "model"} for name in models]},
        "/v1/chat/completions": {
            **completion,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        },
        "/v1/embeddings": embedded,
    }


class Neighbours:
    """Servers in another thread: for tests that are not async, or that wait for a process meanwhile."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._stack = AsyncExitStack()

    def start(self, answers: dict[str, Any], **headers: str) -> int:
        """Start a server and return its port."""
        entering = self._stack.enter_async_context(answering(answers, headers=headers or None))
        return asyncio.run_coroutine_threadsafe(entering, self._loop).result(10)

    def stop(self) -> None:
        """Stop all of them."""
        asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result(10)


@contextmanager
def neighbours() -> Iterator[Neighbours]:
    """Give a place to start servers in."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    here = Neighbours(loop)
    try:
        yield here
    finally:
        here.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
