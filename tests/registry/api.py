"""The registry's routes behind a real server, and a caller for them."""

from typing import Any, NamedTuple, Self

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from yarl import URL

from gateway.api.operation import register
from gateway.api.permissions import ROLES, Role
from gateway.api.principal import PRINCIPAL, Principal
from gateway.api.problem import problem_response
from gateway.errors import GatewayError
from gateway.registry.routes import registry_routes
from gateway.registry.service.registry_service import RegistryService

ORIGIN = "https://models.corp.example/ai/"
"""The server URL that every caller of these tests has used."""


def principal(role: Role, *, team: str | None = None, models: tuple[str, ...] = ()) -> Principal:
    """Return a caller."""
    return Principal(f"key-{role}", str(role), role, ROLES[role], team=team, models=models)


ADMIN = principal(Role.ADMIN)


class Answer(NamedTuple):
    """Status, JSON and headers of an answer."""

    status: int
    json: Any
    etag: str | None
    headers: Any


class Api:
    """Calls the routes: `await api.post("/models", {...})`."""

    def __init__(self, service: RegistryService, *more: object) -> None:
        app = web.Application(middlewares=[self._render])
        register(app, *registry_routes(service, lambda _: ORIGIN), *more)
        self._client = TestClient(TestServer(app))
        self.caller = ADMIN

    async def __aenter__(self) -> Self:
        await self._client.start_server()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.close()

    async def get(self, path: str, *, by: Principal = ADMIN, **headers: str) -> Answer:
        """Read."""
        return await self._call("GET", path, None, by, headers)

    async def post(self, path: str, body: object, *, by: Principal = ADMIN, **headers: str) -> Answer:
        """Create."""
        return await self._call("POST", path, body, by, headers)

    async def patch(self, path: str, body: object, *, by: Principal = ADMIN, **headers: str) -> Answer:
        """Change."""
        return await self._call("PATCH", path, body, by, headers)

    async def delete(self, path: str, *, by: Principal = ADMIN, **headers: str) -> Answer:
        """Remove."""
        return await self._call("DELETE", path, None, by, headers)

    async def make(self, path: str, /, **body: object) -> Any:
        """Create something that must succeed, and return its view."""
        answer = await self.post(path, body)
        assert answer.status == 201, answer.json
        return answer.json

    async def _call(self, method: str, path: str, body: object, by: Principal, headers: dict[str, str]) -> Answer:
        """Call a route; header names are written with underscores."""
        self.caller = by
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._client.request(
            method, URL(f"/api/v1{path}", encoded=True), json=body, headers=sent
        ) as response:
            raw = await response.read()
            json = await response.json(content_type=None) if raw else None
            return Answer(response.status, json, response.headers.get("ETag"), response.headers)

    @web.middleware
    async def _render(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        request[PRINCIPAL] = self.caller
        try:
            return await handler(request)
        except GatewayError as error:
            return problem_response(error, request_id="req_1")
