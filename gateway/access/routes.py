"""The data plane's way in: which mount, which team, which operation; the rest of the house does the work.

Every mount answers with and without one `v1` segment and one final slash, never with a redirect (clients.md section 3).
The path is read raw: a decoded one would turn `%2F` into a segment.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter

from aiohttp import web

from gateway.access import listing
from gateway.access.account import Account
from gateway.access.admission import team_of, unknown_model
from gateway.access.call import Call, Outcome
from gateway.access.dispatch import Outgoing
from gateway.access.errors import error_response
from gateway.access.headers import request_id
from gateway.access.intake import Intake
from gateway.access.mount import TEAM_MOUNT, Mount, TeamMount, base_of
from gateway.access.operations import DELETE_MODEL, match, split_tail
from gateway.access.read_on import ReadOn
from gateway.access.relay import Relay
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL, REQUEST_ID, Principal, no_valid_key
from gateway.api.request import STARTED, dress
from gateway.errors import GatewayError, PermissionDenied, Unavailable
from gateway.listener.body import check_head
from gateway.listener.expect import expect_after
from gateway.registry.farewell import link_successor, notice
from gateway.registry.registry import Registry
from gateway.registry.snapshot import ModelRoute
from gateway.settings import ServerSettings

Identify = Callable[[web.Request], Awaitable[None]]
DeleteModel = Callable[[web.Request, str, str], Awaitable[object]]
"""Retires the model of this name in this team for whoever sent the request, or raises why not."""


class DataPlane:
    """Answers the calls of every team. One for the process."""

    def __init__(  # noqa: PLR0913 - one for each thing that a call meets
        self,
        registry: Registry,
        intake: Intake,
        relay: Relay,
        account: Account,
        *,
        read_on: ReadOn,
        server: ServerSettings,
        is_hidden: Callable[[ModelRoute], bool],
        deletes: Callable[[], DeleteModel | None] = lambda: None,
    ) -> None:
        self._registry = registry
        self._is_hidden = is_hidden
        self._deletes = deletes
        self._intake = intake
        self._relay = relay
        self._account = account
        self._read_on = read_on
        self._server = server
        self._mount = server.mount

    def register(self, app: web.Application, *, at_root: bool, identify: Identify) -> None:
        """Add the mounts; `at_root` as well when this process is a gateway. Call it after every other route.

        `identify` is what the middlewares do, for callers that wait for `100 Continue` before them (PRX-24).
        """

        async def check(request: web.Request) -> None:
            check_head(request, self._server.max_upload_bytes)
            await identify(request)
            self.check_announced(request)

        expect = expect_after(check, limit=sys.maxsize, answer=_refuse_expectation)
        teams = f"{self._mount}{TEAM_MOUNT}"
        app.router.add_route("*", f"{teams}{{team}}", self.serve_team, expect_handler=expect)
        app.router.add_route("*", f"{self._mount}v1", self.serve_own_team, expect_handler=expect)
        mounts = [(TeamMount(teams), self.serve_team), (Mount(f"{self._mount}v1/"), self.serve_own_team)]
        if at_root:
            mounts.append((Mount(self._mount), self.serve_own_team))
        for resource, handler in mounts:
            resource.add_route("*", handler, expect_handler=expect)
            app.router.register_resource(resource)

    def adopt(self, server: ServerSettings) -> None:
        """Go by these limits with the next calls."""
        self._server = server
        self._intake.adopt(server)

    def check_announced(self, request: web.Request) -> None:
        """Refuse by the head alone: no key, no such operation, a JSON body that is announced as too large."""
        _caller(request)
        team_mount = request.match_info.handler == self.serve_team
        tail = self._below_team(request)[1] if team_mount else request.rel_url.raw_path[len(self._mount) :]
        found = match(request.method, split_tail(tail), deletes=self._deletes() is not None)
        if found.operation.body == "json":
            check_head(request, self._server.max_body_bytes)

    async def serve_team(self, request: web.Request) -> web.StreamResponse:
        """`/access/models/{team}/…`: the team is in the path."""
        team, tail = self._below_team(request)
        return await self._serve(request, team, tail)

    async def serve_own_team(self, request: web.Request) -> web.StreamResponse:
        """`/v1/…`, and a gateway's root: the team is the key's."""
        return await self._serve(request, None, request.rel_url.raw_path[len(self._mount) :])

    def _below_team(self, request: web.Request) -> tuple[str, str]:
        team, _, tail = request.rel_url.raw_path[len(self._mount) + len(TEAM_MOUNT) :].partition("/")
        return team, tail

    async def _serve(self, request: web.Request, named_team: str | None, tail: str) -> web.StreamResponse:
        principal = _caller(request)
        delete = self._deletes()
        matched = match(request.method, split_tail(tail), deletes=delete is not None)
        snapshot = self._registry.snapshot
        if named_team is not None and not snapshot.has_team(named_team):
            snapshot = await self._registry.newest()
        team = team_of(principal, named_team, snapshot)
        if matched.operation.local:
            _require_any(principal, Permission.REGISTRY_READ, Permission.INFER)
            if delete is not None and matched.operation is DELETE_MODEL:
                return await self._delete(delete, request, team, str(matched.object_key))
            if matched.object_key is None:
                return listing.list_models(principal, team, snapshot, is_hidden=self._is_hidden)
            if snapshot.find(team, matched.object_key) is None:
                snapshot = await self._registry.newest()
            base = base_of(request, self._mount, team)
            try:
                return listing.show_model(principal, team, matched.object_key, snapshot, base=base)
            except GatewayError as error:
                link_successor(error, base)
                raise
        principal.require(Permission.INFER)
        call = Call(request[REQUEST_ID], principal, matched.operation, team, request[STARTED])
        call.object_id = matched.object_key
        return await self._carry(request, call, matched.suffix)

    async def _delete(self, delete: DeleteModel, request: web.Request, team: str, name: str) -> web.StreamResponse:
        principal = _caller(request)
        snapshot = self._registry.snapshot
        if not principal.may_call(name):
            raise unknown_model(principal, team, name, snapshot)
        await delete(request, team, name)
        return listing.deleted(name)

    async def _carry(self, request: web.Request, call: Call, suffix: str) -> web.StreamResponse:
        self._account.open()
        try:
            outgoing = await self._intake.read(request, call, suffix)
            if call.route is not None and call.route.deprecation is not None:
                self._announce(request, call, call.route)
            relayed = self._relayed(request, call, outgoing)
            if seconds := self._read_on.seconds(call):
                close = partial(self._account.close, request, call)
                return await self._read_on.carry(call, relayed, seconds=seconds, close=close)
            return await relayed
        except GatewayError as error:
            call.status, call.error_code, call.outcome = error.status, error.code, Outcome.REFUSED
            self._tell_of_retirement(request, call, error)
            answer = error_response(error, call.request_id, call.notice)
            dress(request, answer, attempts=", ".join(call.attempts))
            return answer
        except (asyncio.CancelledError, ConnectionError):
            call.outcome = Outcome.CANCELLED
            raise
        finally:
            if not call.left:
                self._account.close(request, call)

    def _announce(self, request: web.Request, call: Call, route: ModelRoute) -> None:
        base = base_of(request, self._mount, call.team)
        call.notice = notice(call.principal, route, self._registry.snapshot, base)

    def _tell_of_retirement(self, request: web.Request, call: Call, error: GatewayError) -> None:
        """Give a refusal the headers of a deprecated model, or the link to the successor of one that left."""
        route = call.route
        if route is None and call.model is not None and isinstance(error, Unavailable):  # known, and not reached
            route = self._registry.snapshot.find(call.team, call.model)
        if call.notice is None and route is not None and route.deprecation is not None:
            self._announce(request, call, route)
        link_successor(error, base_of(request, self._mount, call.team))

    async def _relayed(self, request: web.Request, call: Call, outgoing: Outgoing) -> web.StreamResponse:
        try:
            answer = await self._relay.carry(request, call, outgoing)
        finally:
            outgoing.close()
        if call.operation.forgets:
            self._intake.forget(call)
        if call.operation.lists and isinstance(answer, web.Response):
            await self._intake.keep_own(call, answer)
        return answer


def _refuse_expectation(request: web.Request, error: GatewayError) -> web.StreamResponse:
    """Return the answer to a caller that waits for `100 Continue`; no middleware has seen its request yet."""
    request[REQUEST_ID], request[STARTED] = request_id(request.headers), perf_counter()
    answer = error_response(error, request[REQUEST_ID])
    dress(request, answer)
    return answer


def _caller(request: web.Request) -> Principal:
    try:
        return request[PRINCIPAL]
    except KeyError:
        raise no_valid_key() from None


def _require_any(principal: Principal, *permissions: Permission) -> None:
    if not any(principal.may(one) for one in permissions):
        raise PermissionDenied(f"this key's role {principal.role} may not list models")
