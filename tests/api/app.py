"""A small application around routes under test: a caller, and errors as the server's middleware renders them."""

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.api.operation import register
from gateway.api.permissions import ROLES, Role
from gateway.api.principal import PRINCIPAL, Principal
from gateway.api.problem import problem_response
from gateway.errors import GatewayError

ADMIN = Principal(key_id="k1", name="admin", role=Role.ADMIN, permissions=ROLES[Role.ADMIN])
VIEWER = Principal(key_id="k2", name="viewer", role=Role.VIEWER, permissions=ROLES[Role.VIEWER])


def make_app(*routes: object, caller: Principal | None = ADMIN, prefix: str = "/api/v1") -> web.Application:
    """Return an application with the routes, called by `caller`."""

    @web.middleware
    async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        if caller is not None:
            request[PRINCIPAL] = caller
        try:
            return await handler(request)
        except GatewayError as error:
            return problem_response(error, request_id="req_1")

    app = web.Application(middlewares=[errors])
    register(app, *routes, prefix=prefix)
    return app
