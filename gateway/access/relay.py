"""Carry one call: the way up is `dispatch.py`, the way back `passage.py`; here they meet, with time and cancellation.

When the caller leaves, aiohttp cancels the handler and with it whatever this waits for; closing the upstream's answer
drops its connection (proxy_behaviour.md section 4). No clean-up here ever awaits the upstream.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from aiohttp import web

from gateway.access.answer import pass_whole, whole_limit
from gateway.access.call import Call, Outcome
from gateway.access.deadline import Deadline, Deadlines
from gateway.access.dispatch import Dispatcher, Outgoing
from gateway.access.passage import Passage, idle_s
from gateway.access.refusals import RETIRED, final, refusal, timed_out
from gateway.errors import BadUpstreamResponse, GatewayError, NotFound
from gateway.settings import TimeoutSettings
from gateway.upstream.transport import UpstreamResponse


class Relay:
    """Carries calls. One for the process. `made` is told the id of an object as soon as a stream has created it.

    `farewell` gives what makes the error of a call that is ended because its model leaves; it must not hold the call.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        timeouts: TimeoutSettings,
        *,
        made: Callable[[Call, str, bool], object],
        farewell: Callable[[Call], Callable[[], GatewayError]],
        keepalive_s: float | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._timeouts = timeouts
        self._made = made
        self._farewell = farewell
        self._keepalive_s = keepalive_s
        self._deadlines = Deadlines()

    def adopt(self, timeouts: TimeoutSettings) -> None:
        """Go by these limits with the next answers."""
        self._timeouts = timeouts
        self._dispatcher.adopt(timeouts)

    def __len__(self) -> int:
        """How many calls are under way."""
        return len(self._deadlines)

    def end_all(self) -> None:
        """End every running call with an error event: the drain is over (PRX-40)."""
        self._deadlines.expire_all("shutting_down")

    def running(self, uid: str) -> int:
        """Return how many calls of the model are under way."""
        return sum(_uid(deadline) == uid for deadline in self._deadlines.open())

    def running_by_model(self) -> dict[str, int]:
        """Return how many calls are under way of each model that has any, by its uid."""
        counts: dict[str, int] = {}
        for deadline in self._deadlines.open():
            if uid := _uid(deadline):
                counts[uid] = counts.get(uid, 0) + 1
        return counts

    def end(self, uid: str, *, message: str | None = None) -> int:
        """End the model's running calls and return how many: streams by an error event, others by a 404.

        The words are those that a new call to the model gets, unless they are given.
        """
        ended = 0
        for deadline in self._deadlines.open():
            if deadline.call is None or _uid(deadline) != uid:
                continue
            words = None if message is None else partial(_retired, message)
            deadline.call.farewell = words or self._farewell(deadline.call)
            deadline.expire(RETIRED)
            ended += 1
        return ended

    async def carry(self, request: web.Request, call: Call, outgoing: Outgoing) -> web.StreamResponse:
        """Send the call upstream and its answer to the caller; return the answer.

        Raises:
            GatewayError: nothing has gone to the caller yet; later troubles end the answer itself.
        """
        with Deadline(self._deadlines, call) as deadline:
            try:
                upstream = await self._dispatcher.send(call, outgoing, deadline)
                try:
                    return await self._pass_on(request, call, upstream, deadline)
                finally:
                    upstream.close()
            except asyncio.CancelledError:
                name = deadline.took()
                if name is None:
                    call.outcome = Outcome.CANCELLED
                    raise
                raise timed_out(name, call.farewell) from None

    async def _pass_on(
        self, request: web.Request, call: Call, upstream: UpstreamResponse, deadline: Deadline
    ) -> web.StreamResponse:
        refused = refusal(upstream.status, upstream.headers)
        if refused is not None:
            if call.attempts:
                final(refused.headers)
            try:
                raise refused
            finally:
                del refused  # its trace holds this frame
        _check_coding(request, upstream)
        limit = whole_limit(call, upstream)
        if limit is None:
            way = Passage(
                request, call, upstream, deadline, self._timeouts, made=self._made, keepalive_s=self._keepalive_s
            )
            return await way.run()
        deadline.limit("idle", idle_s(call, self._timeouts))
        return await pass_whole(request, call, upstream, limit)


def _uid(deadline: Deadline) -> str:
    call = deadline.call
    return call.route.uid if call is not None and call.route is not None else ""


def _retired(message: str) -> GatewayError:
    return NotFound(message, code="model_retired", param="model", headers={"x-should-retry": "false"})


def _check_coding(request: web.Request, upstream: UpstreamResponse) -> None:
    """Refuse a coding that the caller cannot read; bytes and `Content-Encoding` travel together (PRX-38)."""
    if "Content-Encoding" not in upstream.headers:
        return
    coding = upstream.headers["Content-Encoding"].strip().lower()
    if coding in {"", "identity"} or accepts(request.headers.get("Accept-Encoding", ""), coding):
        return
    raise BadUpstreamResponse(
        f"the upstream answered in the coding {coding!r}, which neither the caller nor this gateway asked for"
    )


def accepts(accept_encoding: str, coding: str) -> bool:
    """Whether a caller takes the coding: named or by `*`, and not with a quality of zero (RFC 9110 12.5.3).

    >>> accepts("gzip;q=0, *", "gzip"), accepts("deflate, *;q=0.5", "gzip")
    (False, True)
    """
    offers: dict[str, bool] = {}
    for offer in accept_encoding.lower().split(","):
        name, _, quality = offer.partition(";")
        offers[name.strip()] = quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return offers.get(coding, offers.get("*", False))
