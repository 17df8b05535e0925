"""Many models over HTTP: `/api/v1/models:batchDelete`, `:delete` and `:purge`."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from msgspec.structs import replace

from gateway.api.acting import act_as, acting
from gateway.api.etag import UNGUARDED, IfMatch, read_if_match
from gateway.api.idempotency import once_of
from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.errors import InvalidRequest
from gateway.lifecycle.bulk import Batch, BatchDone, Bulk
from gateway.lifecycle.bulk_inputs import BatchDelete, BulkDelete, BulkPurge
from gateway.lifecycle.bulk_views import BatchView, BulkView, batch_view, begun_view, plan_view
from gateway.lifecycle.filter import Filter, parse
from gateway.lifecycle.inputs import TeamQuery, seconds_of
from gateway.lifecycle.mass import Mass, MassService
from gateway.operations.record import OperationRecord

_RETRY = {"Retry-After": "1"}


class BulkRoutes:
    """How many models leave at once."""

    def __init__(self, bulk: Bulk, mass: MassService) -> None:
        self._bulk = bulk
        self._mass = mass

    @operation(
        "POST",
        "/models:batchDelete",
        permission=Permission.MODELS_DELETE,
        body=BatchDelete,
        answers={200: BatchView, 202: BatchView},
        errors=(400, 403, 404, 409, 422, 428),
        idempotent=True,
        tag="models",
        summary="Delete up to 1000 models together",
    )
    async def delete_models(self, request: web.Request, body: BatchDelete) -> web.StreamResponse:
        """All of them or none: a 409 lists every model that may not go, each with its own reasons.

        200: nothing waits. 202: calls under way may end first; `Location` is the operation that waits for them.
        """
        batch = Batch(
            items=[(one.uid, _guard(one.etag, number)) for number, one in enumerate(body.items)],
            references=body.references,
            successor=body.successor,
            drain_s=None if body.drain is None else seconds_of(body.drain),
            dry_run=body.dry_run,
            confirm_count=body.confirm_count,
        )
        with _because(body.reason):
            done = await self._bulk.delete(request[PRINCIPAL], batch, once=once_of(request, _batch_answer))
        return _batch_answer(done)

    @operation(
        "POST",
        "/models:delete",
        permission=Permission.MODELS_FORCE,
        query=TeamQuery,
        body=BulkDelete,
        answers={200: BulkView, 202: BulkView},
        errors=(400, 403, 404, 409, 422, 428, 503),
        idempotent=True,
        tag="models",
        summary="Delete models by a filter",
    )
    async def delete_filtered_models(
        self, request: web.Request, body: BulkDelete, query: TeamQuery
    ) -> web.StreamResponse:
        """Without `force` only what the filter means: the number, a sample and a token.

        With `force` and the token it begins, as an operation that goes on in chunks while others write.
        """
        mass = Mass(
            verb="delete",
            filter=_filter(body.filter, query.team),
            references=body.references,
            successor=body.successor,
            drain_s=None if body.drain is None else seconds_of(body.drain),
            plan_token=body.plan_token,
            confirm_count=body.confirm_count,
        )
        return await self._carry_out(request, mass, body)

    @operation(
        "POST",
        "/models:purge",
        permission=Permission.MODELS_PURGE,
        query=TeamQuery,
        body=BulkPurge,
        answers={200: BulkView, 202: BulkView},
        errors=(400, 403, 404, 409, 422, 428, 503),
        idempotent=True,
        tag="models",
        summary="Purge deleted models by a filter",
    )
    async def purge_models(self, request: web.Request, body: BulkPurge, query: TeamQuery) -> web.StreamResponse:
        """Deleted models go for good, before their time: rows, endpoints and stored keys. In two steps, as a deletion.

        What stays is a tombstone of each, usage, and the record of changes. The names rest for
        lifecycle.quarantine_days.
        """
        mass = Mass(
            verb="purge",
            filter=_filter(body.filter, query.team),
            plan_token=body.plan_token,
            confirm_count=body.confirm_count,
        )
        return await self._carry_out(request, mass, body)

    async def _carry_out(self, request: web.Request, mass: Mass, body: BulkPurge) -> web.StreamResponse:
        text = mass.filter.text
        if not body.force:
            return answer(plan_view(text, await self._mass.plan(request[PRINCIPAL], mass)))

        def render(begun: OperationRecord) -> web.Response:
            headers = {**_RETRY, "Location": f"operations/{begun.id}"}
            return answer(begun_view(text, mass.plan_token or "", begun), status=202, headers=headers)

        with _because(body.reason):
            return render(await self._mass.start(request[PRINCIPAL], mass, once=once_of(request, render)))


def _batch_answer(done: BatchDone) -> web.Response:
    headers = dict(_RETRY) if done.drains else {}
    if done.operation is not None:
        headers["Location"] = f"operations/{done.operation}"
    return answer(batch_view(done), status=202 if done.drains else 200, headers=headers)


def _guard(etag: str | None, number: int) -> IfMatch:
    """Return the condition of an item; raise InvalidRequest when its ETag is none."""
    if etag is None:
        return UNGUARDED
    try:
        return read_if_match([etag])
    except InvalidRequest as error:
        field = f"items.{number}.etag"
        raise InvalidRequest(f"{field} is no ETag: {etag[:64]!r}", param=field, hint=error.hint) from error


def _filter(text: str, team: str | None) -> Filter:
    """Return the filter, narrowed to the team that the call is about."""
    found = parse(text)
    return found if team is None or "team" in found.terms else Filter({**found.terms, "team": team})


@contextmanager
def _because(reason: str | None) -> Iterator[None]:
    """Have what is inside stand on the record with the body's reason."""
    with act_as(acting() if not reason else replace(acting(), reason=reason)):
        yield
