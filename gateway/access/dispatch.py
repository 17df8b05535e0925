"""Find an endpoint that answers: the order of attempts, and what is sent.

Nothing here reads an answer's body. A retry goes to another endpoint, before any byte has gone to the caller, and only
when the body can be sent again (proxy_behaviour.md section 7, clients.md CL-7); `balance.py` decides, this module acts.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus

import msgspec
from multidict import CIMultiDict
from yarl import URL

from gateway.access.admission import unreachable
from gateway.access.balance import Balancer, Outcome, is_retryable, retry_after_s
from gateway.access.call import Call
from gateway.access.deadline import Deadline
from gateway.access.fallback import Tier
from gateway.access.headers import without_account
from gateway.access.refusals import final, timed_out
from gateway.access.tokens import Tokens
from gateway.errors import ConnectFailed, EgressDenied, GatewayError, Unavailable, UpstreamFailed
from gateway.registry.snapshot import EndpointRoute, ModelRoute
from gateway.settings import TimeoutSettings
from gateway.upstream.transport import NothingSent, Transport, UpstreamRequest, UpstreamResponse
from gateway.vault.secret import Secret
from gateway.vault.vault import Vault

_REFUSED = int(HTTPStatus.BAD_REQUEST)  # a name of HTTPStatus takes 0.2 us to look up, each time
logger = logging.getLogger("modelport.access")

Body = bytes | AsyncIterator[bytes] | None


def _no_body(endpoint: EndpointRoute) -> Body:
    del endpoint
    return None


def _no_length(endpoint: EndpointRoute) -> int | None:
    del endpoint
    return None


def _always() -> bool:
    return True


def _never(route: ModelRoute) -> bool:
    del route
    return False


def _nothing() -> None:
    return None


class Outgoing(msgspec.Struct):
    """What goes to whichever endpoint is chosen. `headers` are through the allow-list already."""

    method: str
    suffix: str
    """Path below the endpoint's base_url, with its leading slash, from the operations table."""
    query: str
    """Raw query string, passed as it came."""
    headers: CIMultiDict[str]
    body_for: Callable[[EndpointRoute], Body] = _no_body
    """The body as this endpoint must get it: with its own name for the model."""
    length_for: Callable[[EndpointRoute], int | None] = _no_length
    """The length of a body that is no bytes, where it is known."""
    replayable: Callable[[], bool] = _always
    """Whether the body can still be sent from its beginning."""
    close: Callable[[], None] = _nothing
    """Give back what the body was kept in."""
    endpoints: tuple[EndpointRoute, ...] = ()
    fallbacks: Iterator[Tier] | None = None
    """The models that take over where none of these can answer; None for a model without any."""
    injects: Callable[[ModelRoute], bool] = _never
    """Whether we ask that model for the usage event that the caller did not ask for."""


class Dispatcher:
    """Sends a call to its endpoints in turn until one answers. `retried` is told of each attempt that is given up."""

    def __init__(
        self,
        transport: Transport,
        vault: Vault,
        balancer: Balancer,
        timeouts: TimeoutSettings,
        *,
        retried: Callable[[Call], object],
    ) -> None:
        self._transport = transport
        self._vault = vault
        self._balancer = balancer
        self._timeouts = timeouts
        self._retried = retried

    def adopt(self, timeouts: TimeoutSettings) -> None:
        """Go by these limits from the next phase of each call on."""
        self._timeouts = timeouts

    async def send(self, call: Call, outgoing: Outgoing, deadline: Deadline) -> UpstreamResponse:
        """Return the head of the first usable answer, or of the last refusal.

        Raises:
            GatewayError: no attempt came to an answer; the last one's error.
        """
        if not call.stream:
            own = call.route.total_timeout_s if call.route is not None else None
            deadline.total(self._timeouts.total_s if own is None else own)
        if outgoing.fallbacks is None:
            endpoint = self._balancer.choose(outgoing.endpoints)
        else:
            endpoint = self._first_ready(call, outgoing, outgoing.fallbacks)
        tried: list[str] = []
        while True:
            tried.append(endpoint.id)
            response, error, outcome = await self._attempt(call, outgoing, endpoint, deadline)
            self._balancer.record(endpoint.id, outcome, retry_after_s=_wait(response))
            if response is not None and response.status < _REFUSED:
                return response
            following, tier = self._following(outgoing, tried, outcome)
            if following is None or call.left:
                break
            self._give_up(call, response, error, outcome)
            endpoint, pause_s = following, self._balancer.pause_s(len(tried))
            if tier is not None:
                tried = []
                _enter(call, outgoing, tier)
            deadline.again()  # the pause belongs to no attempt: a limit that has passed must not pass once more
            await asyncio.sleep(pause_s)
        if error is not None:
            # Where nothing was sent to the only endpoint, the caller may well ask again.
            if call.attempts or not isinstance(error, ConnectFailed):
                final(error.headers)
            try:
                raise error
            finally:
                del error  # its trace holds this frame, and the frame the whole body
        assert response is not None
        return response

    def _first_ready(self, call: Call, outgoing: Outgoing, fallbacks: Iterator[Tier]) -> EndpointRoute:
        """Return an endpoint that can be asked now, of the first model that has one.

        Where nobody has one, the call's own model is asked as if there were no others.
        """
        endpoint = self._balancer.ready(outgoing.endpoints)
        if endpoint is not None:
            return endpoint
        for tier in fallbacks:
            endpoint = self._balancer.another(tier.endpoints)
            if endpoint is not None:
                _enter(call, outgoing, tier)
                return endpoint
        if not outgoing.endpoints:
            raise unreachable(call.model or "")
        return self._balancer.last_resort(outgoing.endpoints)

    def _following(
        self, outgoing: Outgoing, tried: list[str], outcome: Outcome
    ) -> tuple[EndpointRoute | None, Tier | None]:
        """Return the endpoint of the next attempt, with its model where another one takes over; None ends the call."""
        replayable = outgoing.replayable()
        endpoint = self._balancer.again(
            outgoing.endpoints, tried=tried, outcome=outcome, begun=False, replayable=replayable
        )
        if endpoint is not None or outgoing.fallbacks is None or not is_retryable(outcome):
            return endpoint, None
        for tier in outgoing.fallbacks:
            endpoint = self._balancer.again(
                tier.endpoints, tried=(), outcome=outcome, begun=False, replayable=replayable
            )
            if endpoint is not None:
                return endpoint, tier
        return None, None

    async def _attempt(
        self, call: Call, outgoing: Outgoing, endpoint: EndpointRoute, deadline: Deadline
    ) -> tuple[UpstreamResponse | None, GatewayError | None, Outcome]:
        """Try one endpoint: the answer's head or an error, and what the balancer learns from it."""
        call.endpoint, call.head_at = endpoint, None
        credential, key = endpoint.credential, None
        try:
            if credential is not None:
                key = await self._vault.resolve(credential, owner=endpoint.id)
        except Unavailable as error:  # it cannot be read: nothing was sent
            return None, error, "connect_failed"
        request = self._request(outgoing, endpoint, key, deadline)
        deadline.limit("first_byte", self._first_byte_s(call))
        call.sent_at = time.perf_counter()
        try:
            response = await self._transport.send(request)
        except EgressDenied as error:
            logger.warning("endpoint %s: %s: %s", endpoint.id, error.message, error.hint)
            error.hint = None  # it names the address, which is the operator's business and not the caller's
            return None, error, "connect_failed"
        except ConnectFailed as error:
            return None, error, "connect_failed"
        except UpstreamFailed as error:
            return None, error, "disconnected"
        except asyncio.CancelledError as cancelled:
            if isinstance(cancelled, NothingSent):  # section 4: name look-up, connect, TLS
                call.tokens = Tokens()
            name = deadline.took()
            if name != "first_byte":
                if name is not None:
                    raise timed_out(name, call.farewell) from None
                raise
            return None, timed_out(name), "timeout"
        call.head_at = time.perf_counter()
        call.connect_ms = response.connect_ms
        return response, None, response.status

    def _request(
        self, outgoing: Outgoing, endpoint: EndpointRoute, key: Secret | None, deadline: Deadline
    ) -> UpstreamRequest:
        headers = outgoing.headers.copy() if endpoint.organization_headers else without_account(outgoing.headers)
        if key is not None:
            headers["Authorization"] = f"Bearer {key.reveal()}"
        body = outgoing.body_for(endpoint)
        if body is not None and not isinstance(body, bytes):
            body = _moving(body, deadline)
            if (length := outgoing.length_for(endpoint)) is not None:
                headers["Content-Length"] = str(length)
        return UpstreamRequest(outgoing.method, _url(endpoint, outgoing), headers, body, self._timeouts.connect_s)

    def _give_up(
        self, call: Call, response: UpstreamResponse | None, error: GatewayError | None, outcome: Outcome
    ) -> None:
        if response is not None:
            call.status = response.status
            response.close()
        if error is not None:
            call.status, call.error_code = error.status, error.code
        assert call.endpoint is not None
        call.attempts.append(f"{call.endpoint.id}: {outcome}")
        self._retried(call)
        call.status, call.error_code = 0, None

    def _first_byte_s(self, call: Call) -> float:
        own = call.route.first_byte_timeout_s if call.route is not None else None
        if own is not None:
            return own
        return self._timeouts.first_byte_stream_s if call.stream else self._timeouts.first_byte_s


def _enter(call: Call, outgoing: Outgoing, tier: Tier) -> None:
    """Go on with another model: its limits count from here on, and what is used is its usage."""
    call.attempts.append(f"fallback {tier.route.name}")
    call.route, outgoing.endpoints = tier.route, tier.endpoints
    call.injected_usage = outgoing.injects(tier.route)
    call.notice = call.notice or {}  # of the model that was called, and of no other


async def _moving(body: AsyncIterator[bytes], deadline: Deadline) -> AsyncIterator[bytes]:
    """Yield the body; the wait for the first byte of the answer begins anew with each of its chunks."""
    async for chunk in body:
        deadline.again()
        yield chunk


def _wait(response: UpstreamResponse | None) -> float | None:
    if response is None or response.status < _REFUSED:
        return None
    return retry_after_s(response.headers, now_s=time.time())


def _url(endpoint: EndpointRoute, outgoing: Outgoing) -> URL:
    if outgoing.query:
        return endpoint.url_of(f"{outgoing.suffix}?{outgoing.query}")
    return endpoint.url_for(outgoing.suffix)
