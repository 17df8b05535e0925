"""`/api/v1/catalogue/recommendations` and `/api/v1/catalogue/experiments`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.catalogue.recommend.views import (
    ExperimentsView,
    ForgetQuery,
    ForgottenView,
    RecommendationsView,
    RecommendQuery,
)

if TYPE_CHECKING:
    from gateway.catalogue.recommend.service import RecommendService


class RecommendRoutes:
    """What to take. `service` is made at the first question: a server that nobody asks does not load it."""

    def __init__(self, service: "Callable[[], RecommendService]") -> None:
        self._service = service

    @operation(
        "GET",
        "/catalogue/recommendations",
        permission=Permission.REGISTRY_READ,
        query=RecommendQuery,
        answers={200: RecommendationsView},
        errors=(404, 422, 503),
        tag="catalogue",
        summary="Recommend entries of the catalogue",
    )
    async def list_recommendations(self, request: web.Request, query: RecommendQuery) -> web.StreamResponse:
        """The best first: by facts, by the hub's signed rules, and by the team's own experience, which stays here.

        `left_out` says how many did not fit or are not known to, `explain` what the others have their points for.
        """
        return answer(await self._service().recommend(request[PRINCIPAL], query))

    @operation(
        "DELETE",
        "/catalogue/recommendations",
        permission=Permission.REGISTRY_WRITE,
        query=ForgetQuery,
        answers={200: ForgottenView},
        errors=(404, 422, 503),
        tag="catalogue",
        summary="Forget a team's experience",
        action="recommendations.forget",
    )
    async def forget_recommendations(self, request: web.Request, query: ForgetQuery) -> web.StreamResponse:
        """What the team did up to now counts for nothing from now on. Its usage itself stays on the books."""
        return answer(await self._service().forget(request[PRINCIPAL], query.team))

    @operation(
        "GET",
        "/catalogue/experiments",
        permission=Permission.REGISTRY_READ,
        answers={200: ExperimentsView},
        errors=(503,),
        tag="catalogue",
        summary="List the hub's experiments",
    )
    async def list_experiments(self, request: web.Request) -> web.StreamResponse:
        """Which orders are tried out, until when, and how many were shown each: numbers from 20 on.

        They reorder and propose. What a name resolves to is none of their business.
        """
        del request
        return answer(await self._service().experiments())
