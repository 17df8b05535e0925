"""`/api/v1/catalogue` for who looks after it: syncs, held lists, pins, suppressions, proposals."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from gateway.api.operation import Later, answer, operation
from gateway.api.page import Page, PageQuery, page_of
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.catalogue.decided import EVERYBODY, Suppression
from gateway.catalogue.inputs import Accept, PinCreate, ProposalQuery, SuppressionCreate, TeamsQuery
from gateway.catalogue.proposing import Proposing
from gateway.catalogue.service import CatalogueService
from gateway.catalogue.syncing import Syncing
from gateway.operations.service import RETRY_AFTER
from gateway.operations.views import OperationView, operation_view
from gateway.storage.clock import rfc3339

if TYPE_CHECKING:
    from gateway.catalogue.views import SuppressionView

_VIEWS: Final = "gateway.catalogue.views"


class CatalogueDeeds:
    """The catalogue for who looks after it."""

    def __init__(self, service: CatalogueService, syncing: Syncing, proposing: Proposing) -> None:
        self._service = service
        self._syncing = syncing
        self._proposing = proposing

    @operation(
        "POST",
        "/catalogue:sync",
        permission=Permission.CATALOGUE_OPERATE,
        answers={202: OperationView},
        errors=(409,),
        tag="catalogue",
        summary="Ask the hub now",
        action="catalogue.sync",
    )
    async def sync_catalogue(self, request: web.Request) -> web.StreamResponse:
        """As an operation: its result says what was taken; its error's code why nothing was."""
        view = operation_view(await self._syncing.begin(request[PRINCIPAL]))
        headers = {"Location": f"operations/{view.id}", **RETRY_AFTER}
        return answer(view, status=HTTPStatus.ACCEPTED, headers=headers)

    @operation(
        "POST",
        "/catalogue:verify",
        permission=Permission.CATALOGUE_OPERATE,
        answers={200: Later(_VIEWS, "VerifiedView")},
        errors=(503,),
        tag="catalogue",
        summary="Hash every entry again",
        action="catalogue.verify",
    )
    async def verify_catalogue(self, request: web.Request) -> web.StreamResponse:
        """Whether the file holds what was stored; one that does not is built again by itself."""
        del request
        return answer(await self._syncing.verify())

    @operation(
        "POST",
        "/catalogue:accept",
        permission=Permission.CATALOGUE_OPERATE,
        body=Accept,
        answers={202: OperationView},
        errors=(409, 422, 503),
        tag="catalogue",
        summary="Take a list that is held",
        action="catalogue.accept",
    )
    async def accept_catalogue(self, request: web.Request, body: Accept) -> web.StreamResponse:
        """One that takes very much away waits for this; the operation is the look at the hub that takes it."""
        view = operation_view(await self._syncing.accept(request[PRINCIPAL], body.serial))
        headers = {"Location": f"operations/{view.id}", **RETRY_AFTER}
        return answer(view, status=HTTPStatus.ACCEPTED, headers=headers)

    @operation(
        "GET",
        "/catalogue/pins",
        permission=Permission.REGISTRY_READ,
        query=PageQuery,
        answers={200: Later(_VIEWS, "PinView", paged=True)},
        errors=(400, 422, 503),
        tag="catalogue",
        summary="List pinned entries",
    )
    async def list_pins(self, request: web.Request, query: PageQuery) -> web.StreamResponse:
        """They are shown as they were when somebody pinned them."""
        del request
        # Inner imports: they load the list's own part.
        from gateway.catalogue.rendering import pin_view
        from gateway.catalogue.views import PinView

        rows, after = page_of(await self._service.pins(), query, lambda one: (one.id,))
        return answer(Page[PinView](items=tuple(map(pin_view, rows)), next_cursor=after))

    @operation(
        "POST",
        "/catalogue/pins",
        permission=Permission.CATALOGUE_OPERATE,
        body=PinCreate,
        answers={201: Later(_VIEWS, "PinView")},
        errors=(404, 422, 503),
        tag="catalogue",
        summary="Pin an entry",
        action="pin.create",
    )
    async def create_pin(self, request: web.Request, body: PinCreate) -> web.StreamResponse:
        """From now on it is shown as it is, whatever the hub says; also when the hub has it no longer."""
        del request
        # Inner import: it loads the list's own part.
        from gateway.catalogue.rendering import pin_view

        return answer(pin_view(await self._service.pin(body.entry_id)), status=HTTPStatus.CREATED)

    @operation(
        "DELETE",
        "/catalogue/pins/{id:[A-Za-z0-9_.:@+~/%-]+}",
        permission=Permission.CATALOGUE_OPERATE,
        answers={204: None},
        errors=(404, 503),
        tag="catalogue",
        summary="Unpin an entry",
        action="pin.delete",
    )
    async def delete_pin(self, request: web.Request) -> web.StreamResponse:
        """It is shown as the hub has it again."""
        await self._service.unpin(request.match_info["id"])
        return web.Response(status=HTTPStatus.NO_CONTENT)

    @operation(
        "GET",
        "/catalogue/suppressions",
        permission=Permission.REGISTRY_READ,
        query=PageQuery,
        answers={200: Later(_VIEWS, "SuppressionView", paged=True)},
        errors=(400, 422),
        tag="catalogue",
        summary="List suppressed entries",
    )
    async def list_suppressions(self, request: web.Request, query: PageQuery) -> web.StreamResponse:
        """What is kept out of your lists, by whom and why."""
        # Inner import: models of answers take memory that an idle process need not have.
        from gateway.catalogue.views import SuppressionView

        found = await self._service.suppressions(request[PRINCIPAL])
        rows, after = page_of(found, query, lambda one: (one.entry_id, one.team), parts=2)
        return answer(Page[SuppressionView](items=tuple(map(suppression_view, rows)), next_cursor=after))

    @operation(
        "POST",
        "/catalogue/suppressions",
        permission=Permission.CATALOGUE_OPERATE,
        body=SuppressionCreate,
        answers={201: Later(_VIEWS, "SuppressionView")},
        errors=(404, 422),
        tag="catalogue",
        summary="Suppress an entry",
        action="suppression.create",
    )
    async def create_suppression(self, request: web.Request, body: SuppressionCreate) -> web.StreamResponse:
        """It is in no list of the team from now on. An id that the catalogue does not have (yet) may be given."""
        made = await self._service.suppress(
            request[PRINCIPAL], body.entry_id, team=body.team, reason=body.reason, days=body.days
        )
        return answer(suppression_view(made), status=HTTPStatus.CREATED)

    @operation(
        "DELETE",
        "/catalogue/suppressions/{id:[A-Za-z0-9_.:@+~/%-]+}",
        permission=Permission.CATALOGUE_OPERATE,
        query=TeamsQuery,
        answers={204: None},
        errors=(404, 422),
        tag="catalogue",
        summary="Offer an entry again",
        action="suppression.delete",
    )
    async def delete_suppression(self, request: web.Request, query: TeamsQuery) -> web.StreamResponse:
        """`team` as it was suppressed: left out, the key's own, and of a key without one everybody's."""
        await self._service.unsuppress(request[PRINCIPAL], request.match_info["id"], team=query.team)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    @operation(
        "GET",
        "/catalogue/proposals",
        permission=Permission.REGISTRY_READ,
        query=ProposalQuery,
        answers={200: Later(_VIEWS, "ProposalView", paged=True)},
        errors=(400, 404, 422),
        tag="catalogue",
        summary="List what the catalogue proposes",
    )
    async def list_proposals(self, request: web.Request, query: ProposalQuery) -> web.StreamResponse:
        """Deprecations, successors and removals of entries that your models were made of. Nothing happens by itself."""
        return answer(await self._proposing.list(request[PRINCIPAL], query))

    @operation(
        "POST",
        "/catalogue/proposals/{id}/apply",
        permission=Permission.MODELS_DEPRECATE,
        answers={200: Later(_VIEWS, "ProposalView")},
        errors=(403, 404, 409, 422),
        tag="catalogue",
        summary="Do what is proposed",
        action="proposal.apply",
    )
    async def apply_proposal(self, request: web.Request) -> web.StreamResponse:
        """Callers are told of a deprecation or a successor; a removal deletes the model, if nothing points at it."""
        return answer(await self._proposing.apply(request[PRINCIPAL], request.match_info["id"]))

    @operation(
        "POST",
        "/catalogue/proposals/{id}/dismiss",
        permission=Permission.MODELS_DEPRECATE,
        answers={200: Later(_VIEWS, "ProposalView")},
        errors=(403, 404, 409),
        tag="catalogue",
        summary="Leave it as it is",
        action="proposal.dismiss",
    )
    async def dismiss_proposal(self, request: web.Request) -> web.StreamResponse:
        """It is not proposed again in the same words."""
        return answer(await self._proposing.dismiss(request[PRINCIPAL], request.match_info["id"]))


def suppression_view(one: Suppression) -> "SuppressionView":
    """Return the answer about a suppression."""
    # Inner import: as above.
    from gateway.catalogue.views import SuppressionView

    return SuppressionView(
        entry_id=one.entry_id,
        team=None if one.team == EVERYBODY else one.team,
        reason=one.reason,
        at=rfc3339(one.at),
        by=one.by,
        until=None if one.until is None else rfc3339(one.until),
        model_uid=one.model_uid,
    )
