"""What an upstream still works on for a model that leaves is called off there (lifecycle.md section 4).

    give_up   notes an operation in the transaction of a deletion with `references=cascade`
    GiveUp    carries it out afterwards: one request for each object, with the key of the endpoint that made it

Batches and responses in the background are meant. What cannot be called off is told in the operation's items; the
model is deleted all the same.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from multidict import CIMultiDict

from gateway.errors import GatewayError
from gateway.lifecycle.case import Case
from gateway.lifecycle.rules import Operations
from gateway.operations.job import Cancelled, Job, Result
from gateway.operations.record import Item
from gateway.registry.routing import endpoint_route
from gateway.registry.service.change import Change
from gateway.registry.snapshot import EndpointRoute
from gateway.registry.store.tables import ENDPOINTS
from gateway.storage.engine import Database
from gateway.upstream.transport import Transport, UpstreamRequest
from gateway.vault.vault import Vault

GIVE_UP: Final = "call_off"
"""The kind of the operation."""
_SUFFIXES: Final[Mapping[str, str]] = {"batch": "/batches/{}/cancel", "response": "/responses/{}/cancel"}
_PATIENCE_S: Final = 30.0
_GOOD: Final = range(200, 300)


async def give_up(operations: Operations | None, change: Change, cases: Iterable[Case]) -> None:
    """Note that what the deletions give up is to be called off, if there is anything."""
    for case in cases:
        rows = [one.reference.row or {} for one in case.plan.effects if one.action == "given_up"]
        objects = [
            {"id": row["object_id"], "kind": row["kind"], "endpoint": row["endpoint_id"]}
            for row in rows
            if row.get("kind") in _SUFFIXES
        ]
        if objects and operations is not None:
            await operations.create(
                change.conn,
                GIVE_UP,
                target_name=case.model.name,
                team=case.team.name,
                parameters={"model": case.model.uid, "objects": objects},
                total=len(objects),
            )


class GiveUp:
    """Carries out operations of the kind `call_off`. Nobody is asked twice after a crash but for the last object."""

    def __init__(self, database: Database, transport: Transport, vault: Vault, *, connect_timeout_s: float) -> None:
        self._database = database
        self._transport = transport
        self._vault = vault
        self._connect_timeout_s = connect_timeout_s

    async def __call__(self, job: Job) -> Result:
        """Ask for the end of each object.

        Raises:
            Cancelled: that was asked for; the rest goes on at the upstream.
        """
        objects: list[Mapping[str, Any]] = job.record.parameters["objects"]
        for position in range(job.record.done, len(objects)):
            if job.cancel_requested:
                raise Cancelled
            job.check()
            one = objects[position]
            outcome, detail = await self._call_off(one)
            failed = job.record.failed + (outcome != "ok")
            item = Item(position, str(one["id"]), outcome, detail)
            await job.note(done=position + 1, failed=failed, items=[item])
        return {"called_off": job.record.done - job.record.failed, "failed": job.record.failed}

    async def _call_off(self, one: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        async with self._database.read() as conn:
            row = await ENDPOINTS.find(conn, str(one["endpoint"]))
        if row is None:
            return "endpoint_not_found", {"message": "its endpoint is gone"}
        try:
            async with asyncio.timeout(_PATIENCE_S):
                status = await self._ask(endpoint_route(row, ""), str(one["kind"]), str(one["id"]))
        except GatewayError as error:
            return error.code, {"message": error.message}
        except TimeoutError:
            return "upstream_timeout", {"message": f"no answer within {_PATIENCE_S:g} s"}
        return ("ok", {}) if status in _GOOD else ("upstream_refused", {"message": f"the upstream answered {status}"})

    async def _ask(self, endpoint: EndpointRoute, kind: str, object_id: str) -> int:
        headers = CIMultiDict[str]()
        if endpoint.credential is not None:
            key = await self._vault.resolve(endpoint.credential, owner=endpoint.id)
            headers["Authorization"] = f"Bearer {key.reveal()}"
        url = endpoint.url_of(_SUFFIXES[kind].format(quote(object_id, safe="")))
        request = UpstreamRequest("POST", url, headers, b"", self._connect_timeout_s)
        response = await self._transport.send(request)
        try:
            return response.status
        finally:
            response.close()
