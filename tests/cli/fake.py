"""A server whose answers a test writes down, for what a healthy modelport never answers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.test_utils import RawTestServer

Answer: TypeAlias = web.Response | Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Fake:
    """Answers by method and path, the requests that came, and where it listens."""

    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[web.BaseRequest] = field(default_factory=list)
    url: str = ""

    def paths(self) -> list[str]:
        """Return method and path of every request."""
        return [f"{request.method} {request.path}" for request in self.seen]

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Give the answer that was written down."""
        self.seen.append(request)
        await request.read()
        found = self.answers.get(f"{request.method} {request.path}")
        if found is None:
            return problem(404, "not_found", f"{request.path} not found")
        return await found(request) if callable(found) else _fresh(found)


@asynccontextmanager
async def running_fake() -> AsyncIterator[Fake]:
    """Listen on a free port of 127.0.0.1."""
    fake = Fake()
    async with RawTestServer(fake.answer, host="127.0.0.1") as server:
        fake.url = f"http://127.0.0.1:{server.port}/"
        yield fake


def _fresh(answer: web.Response) -> web.Response:
    """Return a copy: a response object is sent once, an answer as often as it is asked for."""
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    return web.Response(body=answer.body, status=answer.status, headers=headers)


def problem(status: int, code: str, detail: str, **members: Any) -> web.Response:
    """Return a refusal as the management API makes it (RFC 9457)."""
    body = {"type": f"urn:modelport:problem:{code}", "status": status, "code": code, "detail": detail, **members}
    return web.json_response(body, status=status, content_type="application/problem+json")


def page(*items: dict[str, Any], next_cursor: str | None = None) -> web.Response:
    """Return one page of a list."""
    return web.json_response({"items": items, "next_cursor": next_cursor})
