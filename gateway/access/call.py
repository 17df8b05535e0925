"""One call on its way through the data plane: what was asked, where it went, how it ended.

A mutable record that `routes.py` begins, `dispatch.py` and `relay.py` fill in, and `account.py` closes. Times are
seconds of time.perf_counter(): the event loop's own clock moves in milliseconds.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from gateway.access.operations import Operation
from gateway.access.tokens import Tokens
from gateway.api.principal import Principal
from gateway.errors import GatewayError
from gateway.registry.snapshot import EndpointRoute, ModelRoute


class Outcome(StrEnum):
    """How a call ended, seen from the caller."""

    __hash__ = str.__hash__  # an enum's own is written in Python, and outcomes are labels of every call

    COMPLETE = "complete"
    """A whole answer, whatever its status."""
    INCOMPLETE = "incomplete"
    """The upstream ended cleanly, but without the terminal that its stream should have (PRX-5)."""
    BROKEN = "broken"
    """The upstream broke inside the answer; the caller was told (PRX-4)."""
    FAILED = "failed"
    """An error object inside a stream (PRX-6)."""
    CANCELLED = "cancelled"
    """The caller left (section 4)."""
    REFUSED = "refused"
    """An error of ours, before any byte of an answer."""


class Call(msgspec.Struct, gc=False):
    """Everything known about one call. A msgspec Struct: a dataclass takes 1 us longer to make."""

    request_id: str
    principal: Principal
    operation: Operation
    team: str
    started: float
    model: str | None = None
    """As the caller wrote it."""
    object_id: str | None = None
    stream: bool = False
    route: ModelRoute | None = None
    endpoint: EndpointRoute | None = None
    injected_usage: bool = False
    """We asked the upstream for the usage event, so the caller must not see it (USE-3)."""
    notice: dict[str, str] | None = None
    """What a deprecated model's answers announce, as headers."""
    attempts: list[str] = []
    """Why earlier attempts failed, for the log and one response header."""
    sent_at: float | None = None
    """When the request went to the upstream for the last time."""
    head_at: float | None = None
    """When the upstream's answer began."""
    first_byte_at: float | None = None
    connect_ms: float | None = None
    status: int = 0
    outcome: Outcome = Outcome.REFUSED
    error_code: str | None = None
    stored: bool = False
    """Whether ids in the answer name objects that now live at the endpoint."""
    tokens: Tokens | None = None
    """As the upstream told them."""
    events: int = 0
    """Events of a stream so far."""
    created: tuple[tuple[str, str], ...] = ()
    """(kind, id) of the objects that the answer named."""
    unfinished_s: float | None = None
    """For how long one of them may still be worked on; 0: it is over; None: nothing was said."""
    bytes_in: int = 0
    bytes_out: int = 0
    reads_on: bool = False
    """When the caller leaves, the answer is read on for its usage (read_on.py)."""
    left: bool = False
    """The caller has left, and the answer is read on."""
    farewell: Callable[[], GatewayError] | None = None
    """Makes the error with which the call is ended because its model leaves; a maker, for an error holds frames."""
    begun: bool = False
    """The answer's head is out: no retry, no second status line (STR-4)."""

    @property
    def retryable_elsewhere(self) -> bool:
        """Whether the model has another endpoint that could be tried."""
        return self.route is not None and len(self.route.endpoints) > 1
