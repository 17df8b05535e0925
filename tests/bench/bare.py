"""The yardstick: a pass-through on aiohttp as one would write it in ten minutes, with a shared session and uvloop.

It checks no key, reads no body, counts nothing. `python -m tests.bench.bare UPSTREAM` prints its port.
"""

import asyncio
import sys
from collections.abc import AsyncIterator

import aiohttp
import uvloop
from aiohttp import web

_DROPPED = {"host", "content-length", "transfer-encoding", "connection"}
SESSION = web.AppKey("SESSION", aiohttp.ClientSession)  # noqa: TID251 - the yardstick's own


async def _pass(request: web.Request) -> web.StreamResponse:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
    body = await request.read()
    upstream = sys.argv[1] + request.path_qs
    async with request.app[SESSION].request(request.method, upstream, headers=headers, data=body) as answer:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _DROPPED}
        response = web.StreamResponse(status=answer.status, headers=kept)
        response.content_length = answer.content_length
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:  # noqa: TID251
        app[SESSION] = session
        yield


async def _main() -> None:
    app = web.Application(client_max_size=1 << 26)
    app.cleanup_ctx.append(_session)
    app.router.add_route("*", "/{path:.*}", _pass)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    print(site.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_main())
