"""Find an endpoint that answers: the order of attempts, and what is sent.

Nothing here reads an answer's body. A retry goes to another endpoint, before any byte has gone to the caller, and only
when the body can be sent again (proxy_behaviour.md section 7, clients.md CL-7); `balance.py` decides, this module acts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from multidict import CIMultiDict

from gateway.access.balance import Balancer
from gateway.access.call import Call
from gateway.access.deadline import Deadline
from gateway.access.refusals import retry_after_s
from gateway.errors import GatewayError, Unavailable, UpstreamFailed, UpstreamTimeout
from gateway.registry.snapshot import EndpointRoute
from gateway.settings import TimeoutSettings
from gateway.upstream.transport import Transport, UpstreamRequest, UpstreamResponse
from gateway.vault.vault import Vault


@dataclass(slots=True)
class Outgoing:
    """What goes to whichever endpoint is chosen."""

    method: str
    suffix: str
    """Path below the endpoint's base_url, from the operations table."""
    query: str
    """Raw query string, passed as it came."""
    headers: CIMultiDict[str]
    """Already through the allow-list; the credential and Host are added per endpoint."""
    body_for: Callable[[EndpointRoute], bytes | AsyncIterator[bytes] | None]
    """The body as this endpoint must get it: its own model name spliced in."""
    content_length: int | None = None
    replayable: bool = True
    endpoints: tuple[EndpointRoute, ...] = field(default=())


class Dispatcher:
    """Sends a call to its endpoints in turn until one answers."""

    def __init__(self, transport: Transport, vault: Vault, balancer: Balancer, timeouts: TimeoutSettings) -> None:
        self._transport = transport
        self._vault = vault
        self._balancer = balancer
        self._timeouts = timeouts

    async def send(self, call: Call, outgoing: Outgoing, deadline: Deadline) -> UpstreamResponse:
        """Return the head of the first usable answer.

        Raises:
            GatewayError: every attempt failed; the last one's error.
        """
