"""What is kept of a call when it has ended, however it ended: numbers, one log line, one usage row, one object's place.

Everything here only appends to bounded queues, so it needs no await and a caller that left cannot interrupt it
(proxy_behaviour.md section 8, USE-7).
"""

import time
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from gateway.access.call import Call, Outcome
from gateway.access.refusals import RETIRED
from gateway.access.tokens import Tokens, estimate
from gateway.access.unfinished import LONGEST_S, WORKING_KINDS
from gateway.api.request import PEER
from gateway.errors import GatewayError
from gateway.observe.access_log import AccessLog, RequestLine
from gateway.observe.metrics import FinishedCall, Metrics, StreamEnd
from gateway.observe.server_timing import server_timing
from gateway.registry.objects import StoredObjects
from gateway.storage.clock import Clock
from gateway.usage.model import RETRIED, Source, UsageRecord

CLIENT_LEFT = 499
"""What nginx calls a request whose caller left: no status was sent, but the books need one."""
_WITHOUT_ANSWER = frozenset({"upstream_timeout", "upstream_idle_timeout", "upstream_disconnected", RETIRED})
_STREAM_ENDS: dict[Outcome, StreamEnd] = {
    Outcome.COMPLETE: "complete",
    Outcome.INCOMPLETE: "incomplete",
    Outcome.BROKEN: "broken",
    Outcome.FAILED: "broken",
    Outcome.CANCELLED: "cancelled",
}


class Account:
    """Keeps the books of the data plane. One for the process; `log` is None when request lines are switched off."""

    def __init__(
        self,
        metrics: Metrics,
        usage: Callable[[UsageRecord], object],
        objects: StoredObjects,
        clock: Clock,
        *,
        log: AccessLog | None,
    ) -> None:
        self._metrics = metrics
        self._usage = usage
        self._objects = objects
        self._clock = clock
        self._log = log

    def write_lines(self, log: AccessLog | None) -> None:
        """Write a line of each call that ends from now on to this log; None writes none."""
        self._log = log

    def open(self) -> None:
        """Count a call as running, until `close`."""
        self._metrics.in_flight.value += 1

    def attempt_given_up(self, call: Call) -> None:
        """Note an attempt that another one follows: a row of its own, no request of its own (USE-6)."""
        row = _usage_row(call, self._clock.now_ms(), time.perf_counter())
        row.outcome = RETRIED
        self._usage(row)

    def object_made(self, call: Call, object_id: str, in_background: bool) -> None:
        """Note where the object lives that a stream has begun to make; in the background it is made to its end."""
        assert call.endpoint is not None
        kind = call.operation.answer_ids[0][1]
        unfinished_s = LONGEST_S if in_background else None
        self._objects.remember(call.team, object_id, kind, call.endpoint.id, unfinished_s=unfinished_s)

    def close(self, request: web.Request, call: Call) -> None:
        """Close the books of a call that ended, however it did."""
        self._metrics.in_flight.value -= 1
        ended, now_ms = time.perf_counter(), self._clock.now_ms()
        if call.status == 0 and call.outcome is Outcome.CANCELLED:
            call.status = CLIENT_LEFT
        elif call.status == 0:  # a fault of ours, which the middleware answers
            call.status, call.error_code = HTTPStatus.INTERNAL_SERVER_ERROR, GatewayError.default_code
        if call.operation.model == "none":
            call.tokens = None  # what it reads was counted when it was made
        self._metrics.call_finished(_finished(call))
        if call.sent_at is not None:
            self._usage(_usage_row(call, now_ms, ended))
        if call.created and call.status < HTTPStatus.BAD_REQUEST and call.endpoint is not None:
            for kind, object_id in call.created:
                unfinished_s = call.unfinished_s if kind in WORKING_KINDS else None
                self._objects.remember(call.team, object_id, kind, call.endpoint.id, unfinished_s=unfinished_s)
        if self._log is not None:
            self._log.add(_line(request, call, now_ms, ended))


def overhead_s(call: Call) -> float | None:
    """Return what the gateway itself added up to the first byte, in seconds; None when nothing went upstream."""
    if call.sent_at is None or call.head_at is None or call.first_byte_at is None:
        return None
    return (call.sent_at - call.started) + (call.first_byte_at - call.head_at)


def timing(call: Call) -> str:
    """Return the call's part of the `Server-Timing` header: connect, first byte, our own share."""
    sent, first = call.sent_at, call.first_byte_at
    return server_timing(
        connect_s=None if call.connect_ms is None else call.connect_ms / 1000,
        first_byte_s=None if sent is None or first is None else first - sent,
        overhead_s=overhead_s(call),
    )


def _finished(call: Call) -> FinishedCall:
    tokens = call.tokens
    return FinishedCall(
        operation=call.operation.name,
        status=call.status,
        outcome=call.outcome,
        error_code=call.error_code,
        first_byte_s=None if call.first_byte_at is None else call.first_byte_at - call.started,
        overhead_s=overhead_s(call),
        stream_end=_STREAM_ENDS.get(call.outcome) if call.stream and call.begun else None,
        model=call.route.name if call.route is not None else None,
        tokens=(None,) * 4 if tokens is None else (tokens.input, tokens.output, tokens.cached, tokens.reasoning),
    )


def _usage_row(call: Call, now_ms: int, ended: float) -> UsageRecord:
    source, tokens = counted(call)
    route = call.route
    return UsageRecord(
        at=now_ms,
        team=call.team,
        key_id=call.principal.key_id or "",
        model_uid=route.uid if route is not None else "",
        model=route.name if route is not None else "",
        endpoint_id=call.endpoint.id if call.endpoint is not None else None,
        operation=call.operation.name,
        status=call.status,
        outcome=call.outcome,
        source=source,
        input_tokens=tokens.input if tokens is not None else None,
        output_tokens=tokens.output if tokens is not None else None,
        cached_tokens=tokens.cached if tokens is not None else None,
        reasoning_tokens=tokens.reasoning if tokens is not None else None,
        duration_ms=(ended - call.started) * 1000,
        ttfb_ms=None if call.first_byte_at is None else (call.first_byte_at - call.started) * 1000,
        bytes_in=call.bytes_in,
        bytes_out=call.bytes_out,
        request_id=call.request_id,
    )


def counted(call: Call) -> tuple[Source, Tokens | None]:
    """Return the call's tokens and how sure they are (USE-1, USE-5, USE-6).

    The upstream's own numbers are exact. An operation that generates nothing costs nothing, nor does a refusal without
    numbers; an upstream that gave no answer may have worked all the same. Of a stream without numbers the events are
    counted. Anything else is unknown: a half-received plain answer says nothing of what was generated, nor a batch.
    """
    if call.operation.model == "none" and not call.operation.hides_models:
        return "exact", Tokens()
    if call.tokens is not None:
        return "exact", call.tokens
    if call.status >= HTTPStatus.BAD_REQUEST and call.status != CLIENT_LEFT and call.error_code not in _WITHOUT_ANSWER:
        return "estimated", Tokens()
    if call.events:
        return "estimated", estimate(bytes_in=call.bytes_in, events=call.events)
    return "unknown", None


def _line(request: web.Request, call: Call, now_ms: int, ended: float) -> RequestLine:
    return RequestLine(
        at_ms=now_ms,
        method=request.method,
        path=request.rel_url.raw_path,
        status=call.status,
        duration_ms=(ended - call.started) * 1000,
        request_id=call.request_id,
        peer=request[PEER],
        key_id=call.principal.key_id,
        team=call.team,
        model=call.route.name if call.route is not None else None,
        operation=call.operation.name,
        endpoint_id=call.endpoint.id if call.endpoint is not None else None,
        outcome=call.outcome,
        error_code=call.error_code,
        attempts=", ".join(call.attempts) if call.attempts else None,
        first_byte_ms=None if call.first_byte_at is None else (call.first_byte_at - call.started) * 1000,
        bytes_in=call.bytes_in,
        bytes_out=call.bytes_out,
    )
