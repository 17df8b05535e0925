"""Find an endpoint that answers: the order of attempts, and what is sent.

Nothing here reads an answer's body. A retry goes to another endpoint, before any byte has gone to the caller, and only
when the body can be sent again (proxy_behaviour.md section 7, clients.md CL-7); `balance.py` decides, this module acts.
"""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from multidict import CIMultiDict
from yarl import URL

from gateway.access.call import Call
from gateway.access.deadline import Deadline
from gateway.access.headers import without_account
from gateway.registry.snapshot import EndpointRoute
from gateway.settings import TimeoutSettings
from gateway.upstream.transport import Transport, UpstreamRequest, UpstreamResponse
from gateway.vault.vault import Vault

Body = bytes | AsyncIterator[bytes] | None


def _no_body(endpoint: EndpointRoute) -> Body:
    del endpoint
    return None


@dataclass(slots=True)
class Outgoing:
    """What goes to whichever endpoint is chosen. `headers` are through the allow-list already."""

    method: str
    suffix: str
    """Path below the endpoint's base_url, with its leading slash, from the operations table."""
    query: str
    """Raw query string, passed as it came."""
    headers: CIMultiDict[str]
    body_for: Callable[[EndpointRoute], Body] = _no_body
    """The body as this endpoint must get it: with its own name for the model."""
    replayable: bool = True
    """Whether the body can be sent a second time."""
    endpoints: tuple[EndpointRoute, ...] = field(default=())


class Dispatcher:
    """Sends a call to its endpoints in turn until one answers."""

    def __init__(self, transport: Transport, vault: Vault, timeouts: TimeoutSettings) -> None:
        self._transport = transport
        self._vault = vault
        self._timeouts = timeouts

    async def send(self, call: Call, outgoing: Outgoing, deadline: Deadline) -> UpstreamResponse:
        """Return the head of the first usable answer.

        Raises:
            GatewayError: every attempt failed; the last one's error.
        """
        if not call.stream:
            own = call.route.total_timeout_s if call.route is not None else None
            deadline.total(self._timeouts.total_s if own is None else own)
        endpoint = outgoing.endpoints[0]
        return await self._attempt(call, outgoing, endpoint, deadline)

    async def _attempt(
        self, call: Call, outgoing: Outgoing, endpoint: EndpointRoute, deadline: Deadline
    ) -> UpstreamResponse:
        call.endpoint = endpoint
        request = UpstreamRequest(
            method=outgoing.method,
            url=_url(endpoint, outgoing),
            headers=await self._headers(outgoing, endpoint),
            body=outgoing.body_for(endpoint),
            connect_timeout_s=self._timeouts.connect_s,
        )
        deadline.limit("first_byte", self._first_byte_s(call) + self._timeouts.connect_s)
        call.sent_at = time.perf_counter()
        response = await self._transport.send(request)
        call.head_at = time.perf_counter()
        call.connect_ms = response.connect_ms
        return response

    async def _headers(self, outgoing: Outgoing, endpoint: EndpointRoute) -> CIMultiDict[str]:
        headers = outgoing.headers.copy() if endpoint.organization_headers else without_account(outgoing.headers)
        if endpoint.credential is not None:
            secret = await self._vault.resolve(endpoint.credential, owner=endpoint.id)
            headers["Authorization"] = f"Bearer {secret.reveal()}"
        return headers

    def _first_byte_s(self, call: Call) -> float:
        own = call.route.first_byte_timeout_s if call.route is not None else None
        if own is not None:
            return own
        return self._timeouts.first_byte_stream_s if call.stream else self._timeouts.first_byte_s


def _url(endpoint: EndpointRoute, outgoing: Outgoing) -> URL:
    if outgoing.query:
        return endpoint.url_of(f"{outgoing.suffix}?{outgoing.query}")
    return endpoint.url_for(outgoing.suffix)
