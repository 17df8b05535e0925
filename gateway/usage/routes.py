"""/api/v1/usage."""

from aiohttp import web

from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.usage.model import UsagePage, UsageQuery
from gateway.usage.service import UsageService


class UsageRoutes:
    """Sums over usage."""

    def __init__(self, service: UsageService) -> None:
        self._service = service

    @operation(
        "GET",
        "/usage",
        permission=Permission.USAGE_OWN,
        query=UsageQuery,
        answers={200: UsagePage},
        errors=(404, 422),
        tag="usage",
        summary="Sum up usage",
    )
    async def get_usage(self, request: web.Request, query: UsageQuery) -> web.StreamResponse:
        """Answer with sums by day, team, key and model; exact, estimated and unknown numbers stay apart.

        Without the permission usage.read they are those of the own key.
        """
        return answer(await self._service.summarise(query, request[PRINCIPAL]))
