"""Which endpoint takes a call, whether a failed call may try another one, and whether to ask anybody at all.

The rules of proxy_behaviour.md section 7. An endpoint that failed several times in a row is open: it gets one call per
interval, as a probe, until one succeeds (CMP-18), also when it is the model's only one. An endpoint that said when to
come back is left alone until then, as long as another one can answer. Pure: clock and chance are arguments; used by the
data plane only, from one event loop.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, Literal, Protocol, TypeVar

from msgspec import Struct

from gateway.errors import Unavailable

Outcome = int | Literal["connect_failed", "disconnected", "timeout"]
"""How an attempt ended: the status that the upstream answered, or what happened instead of an answer."""


class Endpoint(Protocol):
    """What has to be known about an endpoint: registry.snapshot.EndpointRoute has it."""

    @property
    def id(self) -> str:
        """Its id in the registry."""

    @property
    def weight(self) -> int:
        """Its share of the calls, compared with the others' weights."""

    @property
    def enabled(self) -> bool:
        """Whether it takes calls at all."""


E = TypeVar("E", bound=Endpoint)


class Rules(Struct, frozen=True):
    """The numbers of the breaker and of retries; the defaults are decisions, each can be set."""

    failures: int = 5
    """In a row, until an endpoint is open: more than one caller's bad luck, less than a second of an outage."""
    interval_s: float = 5.0
    """Between two probes of an open endpoint."""
    longest_wait_s: float = 120.0
    """Of an upstream's Retry-After at most so much is obeyed; SDKs give up beyond it as well."""
    retry_ratio: float = 0.2
    """Retries per call, over time: an outage must not multiply the traffic."""
    retry_reserve: float = 10.0
    """Retries that a quiet gateway has in hand."""
    attempts: int = 3
    """Of one call, the first included."""


DEFAULTS: Final = Rules()


class Balancer:
    """Chooses among endpoints and learns from how attempts ended.

    `clock` gives seconds that never go back, `random` numbers in [0, 1).
    """

    def __init__(self, clock: Callable[[], float], random: Callable[[], float], rules: Rules = DEFAULTS) -> None:
        self._clock = clock
        self._random = random
        self._rules = rules
        self._troubles: dict[str, _Trouble] = {}  # only of endpoints that are not well
        self._retries = rules.retry_reserve

    def choose(self, endpoints: Sequence[E]) -> E:
        """Return the endpoint for a new call, by weight among those that can be asked now.

        Raises: Unavailable with `Retry-After` when every one is open and none is due for a probe.
        """
        self._retries = min(self._rules.retry_reserve, self._retries + self._rules.retry_ratio)
        if not self._troubles and len(endpoints) == 1 and endpoints[0].enabled:
            return endpoints[0]
        usable = [endpoint for endpoint in endpoints if endpoint.enabled]
        return self._pick(usable) or self.last_resort(usable)

    def ready(self, endpoints: Sequence[E]) -> E | None:
        """Return the endpoint for a new call among those that can be asked now; None when a fallback is asked first."""
        self._retries = min(self._rules.retry_reserve, self._retries + self._rules.retry_ratio)
        return self.another(endpoints)

    def another(self, endpoints: Sequence[E]) -> E | None:
        """Return one that can be asked now, for a call that has been counted as a new one."""
        return self._pick([endpoint for endpoint in endpoints if endpoint.enabled])

    def last_resort(self, endpoints: Sequence[E]) -> E:
        """Return the endpoint that is to be left alone for the shortest time; raise Unavailable as `choose`."""
        usable = [endpoint for endpoint in endpoints if endpoint.enabled]
        chosen = self._least_cooling(usable)
        if chosen is None:
            raise Unavailable(
                "every endpoint of this model has failed several times in a row",
                hint="one call every few seconds finds out whether they are back",
                headers={"Retry-After": str(self._wait_s(usable))},
            )
        return chosen

    def again(
        self, endpoints: Sequence[E], *, tried: Collection[str], outcome: Outcome, begun: bool, replayable: bool
    ) -> E | None:
        """Return another endpoint for a call whose last attempt ended as `outcome`, or None when that is final.

        `tried` are the ids asked so far, `begun` says that bytes have gone to the caller, `replayable` that the body
        can be sent once more. Only to another endpoint (CL-7), only within the budget.
        """
        if begun or not replayable or not is_retryable(outcome) or len(tried) >= self._rules.attempts:
            return None
        if self._retries < 1:
            return None
        chosen = self._pick([one for one in endpoints if one.enabled and one.id not in tried])
        if chosen is not None:
            self._retries -= 1
        return chosen

    def record(self, endpoint_id: str, outcome: Outcome, *, retry_after_s: float | None = None) -> None:
        """Learn from an attempt; `retry_after_s` is what the upstream's Retry-After said.

        An attempt whose caller left says nothing and is not recorded.
        """
        if outcome == _TOO_MANY:
            self._cool(endpoint_id, retry_after_s)
        elif outcome in _FAILURES:
            self._failed(endpoint_id, retry_after_s)
        elif self._troubles and outcome not in _NO_VERDICT:
            self._succeeded(endpoint_id)

    def pause_s(self, tried: int) -> float:
        """Return how long to wait before the next attempt: random, so that callers do not come back together."""
        return self._random() * 0.05 * 2.0**tried

    def retain(self, endpoint_ids: Collection[str]) -> None:
        """Forget endpoints that no longer exist."""
        self._troubles = {key: trouble for key, trouble in self._troubles.items() if key in endpoint_ids}

    def open_endpoints(self) -> tuple[str, ...]:
        """Return the ids of the endpoints that get probes only."""
        return tuple(key for key, trouble in self._troubles.items() if trouble.probe_at is not None)

    def _pick(self, endpoints: Sequence[E]) -> E | None:
        """Choose by weight among those that are well or due for a probe, and note the probe."""
        now = self._clock()
        troubles = self._troubles
        ready = (
            [one for one in endpoints if (t := troubles.get(one.id)) is None or t.askable(now)]
            if troubles
            else endpoints
        )
        if not ready:
            return None
        chosen = _weighted(ready, self._random) if len(ready) > 1 else ready[0]
        trouble = troubles.get(chosen.id)
        if trouble is not None and trouble.probe_at is not None:
            trouble.probe_at = now + self._rules.interval_s
        return chosen

    def _least_cooling(self, endpoints: Sequence[E]) -> E | None:
        """Where nobody else can answer, the upstream may refuse once more: the words are its own (PRX-12)."""
        cooling = [one for one in endpoints if (t := self._troubles.get(one.id)) is not None and t.probe_at is None]
        return min(cooling, key=lambda one: self._troubles[one.id].cool_until, default=None)

    def _wait_s(self, endpoints: Sequence[Endpoint]) -> int:
        times = [
            t.probe_at for one in endpoints if (t := self._troubles.get(one.id)) is not None and t.probe_at is not None
        ]
        if not times:
            return math.ceil(self._rules.interval_s)
        return max(1, math.ceil(round(min(times) - self._clock(), 6)))  # 120 s later is 120.00000000000001 s away

    def _succeeded(self, endpoint_id: str) -> None:
        trouble = self._troubles.get(endpoint_id)
        if trouble is None:
            return
        trouble.failures, trouble.probe_at = 0, None
        if trouble.cool_until <= self._clock():
            del self._troubles[endpoint_id]

    def _failed(self, endpoint_id: str, retry_after_s: float | None) -> None:
        now, rules = self._clock(), self._rules
        trouble = self._troubles.setdefault(endpoint_id, _Trouble())
        trouble.failures += 1
        trouble.cool_until = max(trouble.cool_until, now + min(retry_after_s or 0.0, rules.longest_wait_s))
        if trouble.probe_at is not None:
            trouble.probe_at = max(trouble.probe_at, trouble.cool_until)
        elif trouble.failures >= rules.failures:
            trouble.probe_at = max(now + rules.interval_s, trouble.cool_until)

    def _cool(self, endpoint_id: str, retry_after_s: float | None) -> None:
        wait_s = min(_SHORT_WAIT_S if retry_after_s is None else retry_after_s, self._rules.longest_wait_s)
        trouble = self._troubles.setdefault(endpoint_id, _Trouble())
        trouble.failures, trouble.probe_at = 0, None  # it answers
        trouble.cool_until = max(trouble.cool_until, self._clock() + wait_s)


def is_retryable(outcome: Outcome) -> bool:
    """Whether another endpoint may answer better: no connection, overload, or an intermediary's failure.

    A connection that broke inside the call is not among them: the upstream may have done the work.
    """
    return outcome in _RETRYABLE


def retry_after_s(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Return the seconds that an upstream asks to wait, from `retry-after-ms` or `Retry-After` (seconds or a date).

    `now_s` is Unix time. None when neither is there or can be read.
    """
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("Retry-After")
    seconds = _seconds(text)
    if seconds is not None or text is None:
        return seconds
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now_s)


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


def _weighted(endpoints: Sequence[E], random: Callable[[], float]) -> E:
    left = random() * sum(max(0, endpoint.weight) for endpoint in endpoints)
    for endpoint in endpoints:
        left -= max(0, endpoint.weight)
        if left < 0:
            return endpoint
    return endpoints[int(random() * len(endpoints))]  # no weight at all


class _Trouble(Struct):
    """What is wrong with one endpoint. `probe_at` is None as long as it is not open."""

    failures: int = 0
    probe_at: float | None = None
    cool_until: float = 0.0

    def askable(self, now: float) -> bool:
        return self.cool_until <= now and (self.probe_at is None or self.probe_at <= now)


_TOO_MANY: Final = 429
_SHORT_WAIT_S: Final = 1.0  # after a 429 that does not say how long
_FAILURES: Final = frozenset({"connect_failed", "disconnected", "timeout", 502, 503, 504})
_RETRYABLE: Final = frozenset({"connect_failed", "timeout", 429, 502, 503, 504})
_NO_VERDICT: Final = frozenset({500, 401, 403})  # it lives, but that is no reason to trust it again
