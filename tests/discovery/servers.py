"""Small servers on loopback that answer as model servers do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
