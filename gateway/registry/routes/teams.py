"""Teams over HTTP."""

from aiohttp import web

from gateway.api.etag import parse_if_match
from gateway.api.idempotency import once_of
from gateway.api.operation import answer, operation
from gateway.api.page import Page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.registry.inputs import TeamCreate, TeamPatch, TeamQuery
from gateway.registry.render import deletion_view, team_view
from gateway.registry.routes.origin import OriginOf
from gateway.registry.routes.paging import after, following
from gateway.registry.service.teams import TeamService
from gateway.registry.state import TeamState
from gateway.registry.views import DeletionView, TeamView


class TeamRoutes:
    """`/api/v1/teams`."""

    def __init__(self, service: TeamService, origin_of: OriginOf) -> None:
        self._service = service
        self._origin_of = origin_of

    @operation(
        "POST",
        "/teams",
        permission=Permission.TEAMS_WRITE,
        body=TeamCreate,
        answers={201: TeamView},
        errors=(403, 409, 422),
        idempotent=True,
        tag="teams",
        summary="Make a team",
    )
    async def create_team(self, request: web.Request, body: TeamCreate) -> web.StreamResponse:
        """Its name stands in addresses: it cannot be changed later."""

        def render(state: TeamState) -> web.Response:
            view = team_view(state, self._origin_of(request))
            return answer(view, status=201, etag=view.etag, headers={"Location": f"teams/{view.id}"})

        once = once_of(request, render)
        return render(await self._service.create(request[PRINCIPAL], body, once=once))

    @operation(
        "GET",
        "/teams",
        permission=Permission.REGISTRY_READ,
        query=TeamQuery,
        answers={200: Page[TeamView]},
        errors=(400, 422),
        tag="teams",
        summary="List teams",
    )
    async def list_teams(self, request: web.Request, query: TeamQuery) -> web.StreamResponse:
        """By name. A key that is bound to a team sees that one."""
        found = await self._service.list(request[PRINCIPAL], query, after=after(query, str))
        items = tuple(team_view(state, self._origin_of(request)) for state in found.items)
        return answer(Page[TeamView](items=items, next_cursor=following(found.after)))

    @operation(
        "GET",
        "/teams/{id}",
        permission=Permission.REGISTRY_READ,
        answers={200: TeamView},
        errors=(404,),
        tag="teams",
        summary="Show a team",
    )
    async def show_team(self, request: web.Request) -> web.StreamResponse:
        """With the address under which all its models are called."""
        state = await self._service.get(request[PRINCIPAL], request.match_info["id"])
        view = team_view(state, self._origin_of(request))
        return answer(view, etag=view.etag)

    @operation(
        "PATCH",
        "/teams/{id}",
        permission=Permission.TEAMS_WRITE,
        body=TeamPatch,
        answers={200: TeamView},
        errors=(404, 409, 412, 422),
        if_match="optional",
        tag="teams",
        summary="Change a team",
    )
    async def change_team(self, request: web.Request, body: TeamPatch) -> web.StreamResponse:
        """Only the given fields change. `default_endpoints` is merged entry by entry."""
        state = await self._service.patch(request[PRINCIPAL], request.match_info["id"], body, parse_if_match(request))
        view = team_view(state, self._origin_of(request))
        return answer(view, etag=view.etag)

    @operation(
        "DELETE",
        "/teams/{id}",
        permission=Permission.TEAMS_WRITE,
        answers={200: DeletionView},
        errors=(403, 404, 409, 412),
        if_match="optional",
        tag="teams",
        summary="Delete a team",
    )
    async def delete_team(self, request: web.Request) -> web.StreamResponse:
        """Only an empty team: models, aliases and keys that still belong to it are listed in a 409."""
        gone = await self._service.delete(request[PRINCIPAL], request.match_info["id"], parse_if_match(request))
        return answer(deletion_view(gone))
