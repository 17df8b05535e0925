"""A registry of a few lines that answers what a test says, and remembers who sent it credentials."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Rogue:
    """What was asked: method, path and whether there were credentials."""

    place: str = ""
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)

    @property
    def credentials(self) -> list[str]:
        """What came as Authorization."""
        return [given for _, _, given in self.seen if given is not None]

    def asked(self, method: str) -> list[str]:
        """Return the paths that were asked with this method."""
        return [path for one, path, _ in self.seen if one == method]


@asynccontextmanager
async def rogue(answer: Answer) -> AsyncIterator[Rogue]:
    """Serve on loopback."""
    one = Rogue()

    async def handle(request: web.Request) -> web.StreamResponse:
        one.seen.append((request.method, request.path_qs, request.headers.get("Authorization")))
        return await answer(request)

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)  # type: ignore[arg-type]  # BaseRequest will do
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    one.place = f"{host}:{port}"
    try:
        yield one
    finally:
        await runner.cleanup()


def scripted(**answers: web.Response | Callable[[web.Request], web.Response]) -> Answer:
    """Return an answer by the request's method; `ping` is for `GET /v2/`; the rest is a 404."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0)
        name = "ping" if request.path == "/v2/" else request.method.lower()
        found = answers.get(name)
        if found is None:
            return web.Response(status=200 if name == "ping" else 404)
        return found(request) if callable(found) else found

    return answer


def says(status: int, text: str = "", **headers: str) -> Callable[[web.Request], web.Response]:
    """Return an answer that can be given many times."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(status=status, text=text, headers=fields)
