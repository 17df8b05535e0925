"""How the endpoints of this process are: what the last check of each found. In memory, and never on the way of a call.

Filled by checks (`gateway.preflight`), read by the registry's views and by the list of models.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from gateway.registry.verdict import StageView, Verdict


class HealthState(StrEnum):
    """How an endpoint is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """It answers, and something is odd: its list does not name the model, it wants a key."""
    LOADING = "loading"
    UNHEALTHY = "unhealthy"
    UNPROVED = "unproved"
    """Not checked since this process started."""


class Health(Struct, frozen=True):
    """The last check. `last_error` is its message word for word; `checked_at` in milliseconds."""

    state: HealthState = HealthState.UNPROVED
    last_error: str | None = None
    checked_at: int | None = None


UNPROVED = Health()
_STATES = {
    Verdict.PASS: HealthState.HEALTHY,
    Verdict.WARN: HealthState.DEGRADED,
    Verdict.FAIL: HealthState.UNHEALTHY,
    Verdict.UNPROVED: HealthState.DEGRADED,
    Verdict.SKIPPED: HealthState.UNPROVED,
}
_HARMLESS = frozenset({"duplicate", "path_cut", "no_trial"})
"""Findings about the registration, not about the server."""
_BEST_FIRST = (
    HealthState.HEALTHY, HealthState.DEGRADED, HealthState.LOADING, HealthState.UNPROVED, HealthState.UNHEALTHY,
)  # fmt: skip


def health_of(stages: Sequence[StageView], *, now_ms: int) -> Health:
    """Return what a check says of an endpoint's health: its worst stage, word for word."""
    told = [one for one in stages if one.code not in _HARMLESS and one.verdict is not Verdict.SKIPPED]
    if all(one.stage == "address" and one.verdict is not Verdict.FAIL for one in stages):
        return UNPROVED
    for verdict in (Verdict.FAIL, Verdict.WARN, Verdict.UNPROVED):
        for one in told:
            if one.verdict is verdict:
                loading = one.code in {"loading", "still_loading"}
                state = HealthState.LOADING if loading else _STATES[verdict]
                return Health(state, one.message, now_ms)
    return Health(HealthState.HEALTHY, None, now_ms)


class HealthBook:
    """The health of endpoints by id, each for the address that was checked: another one is unproved."""

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[str, Health]] = {}
        self._refused: dict[str, tuple[str, str | None]] = {}
        """By endpoint the address and the error of a call that failed: no look takes it back, another call does."""

    def put(self, endpoint_id: str, base_url: str, health: Health) -> None:
        """Note a look that called nobody: what a call has shown stays true beside it."""
        checked, error = self._refused.get(endpoint_id, ("", None))
        if health.state is HealthState.HEALTHY and checked == base_url:
            health = Health(HealthState.DEGRADED, error, health.checked_at)
        self._by_id[endpoint_id] = (base_url, health)

    def note(self, endpoint_id: str, base_url: str, stages: Sequence[StageView], *, now_ms: int) -> None:
        """Note a check with its stages."""
        trial = next((one for one in stages if one.stage == "trial"), None)
        if trial is not None and trial.verdict is Verdict.FAIL:
            self._refused[endpoint_id] = (base_url, trial.message)
        elif trial is not None and trial.verdict in {Verdict.PASS, Verdict.WARN}:
            self._refused.pop(endpoint_id, None)
        self._by_id[endpoint_id] = (base_url, health_of(stages, now_ms=now_ms))

    def of(self, endpoint_id: str, base_url: str) -> Health:
        """Return an endpoint's health."""
        checked, health = self._by_id.get(endpoint_id, ("", UNPROVED))
        return health if checked == base_url else UNPROVED

    def retain(self, ids: Mapping[str, object]) -> None:
        """Forget endpoints that are no more."""
        for gone in self._by_id.keys() - ids.keys():
            del self._by_id[gone]
            self._refused.pop(gone, None)


def together(each: Iterable[Health]) -> Health:
    """Return a model's health from that of the endpoints that are switched on: as good as the best of them.

    The error is the worst one's, so that a model which still answers shows what is wrong beside it.
    """
    all_of_them = list(each)
    if not all_of_them:
        return UNPROVED
    best = min(all_of_them, key=lambda one: _BEST_FIRST.index(one.state))
    worst = max(all_of_them, key=lambda one: _BEST_FIRST.index(one.state))
    state = best.state
    if state is HealthState.HEALTHY and worst.state is HealthState.UNHEALTHY:
        state = HealthState.DEGRADED
    times = [one.checked_at for one in all_of_them if one.checked_at is not None]
    return Health(
        state,
        next((one.last_error for one in (worst, *all_of_them) if one.last_error), None),
        min(times) if times else None,
    )
