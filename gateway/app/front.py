"""The application that a listener serves: what every request passes, from the outside in, and then the routes."""

import operator
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web
from msgspec import structs

from gateway import __version__
from gateway.access.headers import request_id
from gateway.access.openapi import COMPONENTS, data_plane_paths
from gateway.access.routes import DataPlane
from gateway.api.openapi import document
from gateway.api.openapi_routes import ERRORS_PAGE, OpenApiRoutes
from gateway.api.operation import Operation, register
from gateway.api.principal import PRINCIPAL, REQUEST_ID
from gateway.api.request import ORIGIN, PEER
from gateway.app.ground import Ground
from gateway.configuration.loading import Configuration
from gateway.configuration.routes import SettingsRoutes
from gateway.declared.routes import ReloadRoutes, StatusRoutes
from gateway.keys.local import anonymous_local
from gateway.keys.routes import KeyRoutes
from gateway.lifecycle.routes import LifecycleRoutes
from gateway.middleware.cors import allow_origin, cors_middleware
from gateway.middleware.host import Hosts, host_middleware
from gateway.middleware.identity import Identity, identity_middleware
from gateway.middleware.refused import note_refusals
from gateway.middleware.report import report_middleware
from gateway.observe.routes import ErrorRoutes
from gateway.probes import Probes
from gateway.registry.routes import registry_routes
from gateway.usage.routes import UsageRoutes
from gateway.usage.service import UsageService

_DESCRIPTION = "Publish models, resolve their addresses, call them. Model calls take and give what OpenAI's API does."


def make_application(ground: Ground, probes: Probes, plane: DataPlane) -> web.Application:
    """Return everything that this process answers: probes, calls, and in the server role its management."""
    server, role = ground.settings.server, ground.settings.role
    mount = server.mount
    local = anonymous_local() if ground.settings.keyless else None
    identity = Identity(ground.ring, ground.clock.now_ms, local=local, cors_origins=server.cors_origins)
    hosts = Hosts(server)
    ground.live.on_change(lambda now: hosts.adopt(now.server))
    ground.live.on_change(lambda now: identity.adopt(now.server.cors_origins))
    app = web.Application(
        middlewares=[
            report_middleware(
                ground.metrics,
                problems_below=(f"{mount}api/", f"{mount}-/", f"{mount}metrics"),
                help_page=f"{mount}api/{ERRORS_PAGE}" if role == "server" else None,
                refused=note_refusals(ground.trail),
            ),
            host_middleware(hosts),
            identity_middleware(identity, frozenset({f"{mount}-/healthy", f"{mount}-/ready"})),
        ],
    )
    if server.cors_origins:
        _let_browsers_in(app, ground)
    register(app, probes, prefix=mount.rstrip("/"))
    if role == "server":
        _register_management(app, ground)
    plane.register(app, at_root=role == "gateway", identify=_identify(hosts, identity))
    return app


def _identify(hosts: Hosts, identity: Identity) -> Callable[[web.Request], Awaitable[None]]:
    """Return what the middlewares do, for calls, which go past them."""

    async def identify(request: web.Request) -> None:
        request[REQUEST_ID] = request_id(request.headers)
        request[ORIGIN], request[PEER] = hosts.admit(request)
        if (principal := identity.of(request)) is not None:
            request[PRINCIPAL] = principal

    return identify


def _let_browsers_in(app: web.Application, ground: Ground) -> None:
    server = ground.settings.server
    origins, management = list(server.cors_origins), f"{server.mount}api/"
    ground.live.on_change(lambda now: operator.setitem(origins, slice(None), now.server.cors_origins))
    app.middlewares.insert(1, cors_middleware(origins, management_prefix=management))
    app.on_response_prepare.append(allow_origin(origins, management_prefix=management))


def _register_management(app: web.Application, ground: Ground) -> None:
    mount, checking, reloader = ground.settings.server.mount, ground.checking, ground.reloader

    def origin_of(request: web.Request) -> str:
        return request[ORIGIN] + mount

    register(app, OpenApiRoutes(partial(_describe, mount)), prefix=f"{mount}api")
    register(
        app,
        *registry_routes(
            ground.service, origin_of, gate=checking.gate, book=checking.book, offers=ground.catalogue.offering
        ),
        checking.routes(origin_of),
        KeyRoutes(ground.keys, ground.clock),
        UsageRoutes(UsageService(ground.database, ground.clock)),
        SettingsRoutes(partial(_in_force, ground), hot=ground.live.is_hot),
        StatusRoutes(reloader),
        ground.record.routes(),
        ErrorRoutes(ground.troubles),
        *ground.work.routes(),
        LifecycleRoutes(ground.lifecycle, origin_of, checking.book),
        ground.many.routes(),
        *ground.catalogue.routes(origin_of),
        ground.downloads.routes(),
        ground.recommending.routes(),
        prefix=f"{mount}api/v1",
    )
    if ground.settings.server.reload_endpoint:
        register(app, ReloadRoutes(reloader), prefix=mount.rstrip("/"))


def _in_force(ground: Ground) -> Configuration:
    """Return the configuration with the settings that really run: some wait for a restart."""
    return replace(ground.reloader.configuration, settings=ground.live.settings)


def _describe(mount: str, operations: list[Operation]) -> dict[str, Any]:
    """Return the API's description; its paths count from the mount."""
    return document(
        [structs.replace(one, path=one.path[len(mount) - 1 :]) for one in operations],
        title="modelport",
        version=__version__,
        description=_DESCRIPTION,
        server_url=mount,
        extra_paths=data_plane_paths(),
        extra_components=COMPONENTS,
    )
