"""The proxy that one writes first: aiohttp with default settings, everything copied, nothing thought through.

    python -m tests.fakes.naive_proxy --upstream http://127.0.0.1:9100/v1 --port 9200

Conformance must fail on it where proxy_behaviour.md says that a plain aiohttp proxy fails: that proves that the tests
can fail. It passes a key check to nobody, follows redirects, keeps a cookie jar and re-encodes JSON.
"""

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length"}


class NaiveProxy:
    """Forwards every path under `/v1/` to one upstream."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession) -> None:  # noqa: TID251  # the bad example itself
        self._upstream, self._session = upstream, session

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Send the request on and its answer back."""
        body = await request.read()
        if request.content_type == "application/json" and request.method == "POST":
            body = json.dumps(json.loads(body)).encode()
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
        url = self._upstream + request.path.removeprefix("/v1")
        async with self._session.request(request.method, url, headers=headers, data=body) as upstream:
            skipped = {*HOP_BY_HOP, "content-encoding"}
            copied = {k: v for k, v in upstream.headers.items() if k.lower() not in skipped}
            response = web.StreamResponse(status=upstream.status, headers=copied)
            await response.prepare(request)
            async for piece in upstream.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response


@contextlib.asynccontextmanager
async def naive_proxy(upstream: str, port: int = 0) -> AsyncIterator[str]:
    """Serve the proxy on loopback while entered; gives its base_url."""
    async with aiohttp.ClientSession() as session:  # noqa: TID251  # the bad example itself
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", NaiveProxy(upstream, session).forward)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()


async def serve(upstream: str, port: int) -> None:
    """Serve until the process is ended."""
    async with naive_proxy(upstream, port) as base_url:
        sys.stdout.write(json.dumps({"base_url": base_url}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.naive_proxy", description=__doc__)
    parser.add_argument("--upstream", required=True, help="base_url of the upstream, e.g. http://127.0.0.1:9100/v1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.upstream, arguments.port))


if __name__ == "__main__":
    main()
