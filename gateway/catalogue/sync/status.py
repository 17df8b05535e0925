"""How fresh the list is: one word of section 7, and always its age (CAT-9). Pure."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from gateway.catalogue.store.read import Version
from gateway.catalogue.sync.situation import Situation, State, Waiting

FRESH_LOOKS: Final = 3
"""A list is fresh while its hub was believed within so many of its intervals, and an hour at least."""
LEAST_FRESH_MS: Final = 3_600_000
ADVICE_MS: Final = 7 * 86_400_000
"""What has been expired for a week recommends nothing any more; calls go on."""
OLD_MS: Final = 30 * 86_400_000


class Seen(Struct, frozen=True, kw_only=True):
    """What a status is made of."""

    version: Version | None
    situation: Situation
    now_ms: int
    every_s: float
    has_hub: bool
    is_syncing: bool = False
    is_broken: bool = False

    @property
    def age_ms(self) -> int | None:
        """How long ago the list was known to be what its hub says; None where there is no list."""
        if self.version is None:
            return None
        told = self.version.signed_at_ms if self.version.origin == "bundled" else self.situation.checked_at_ms
        return max(self.now_ms - (told or self.version.taken_at_ms), 0)


class Status(Struct, frozen=True):
    """What is shown of the list. Times are unix milliseconds."""

    state: State
    serial: int | None
    origin: str | None
    age_s: int | None
    """Seconds since the hub was last believed; of the bundled list, since it was signed. None: there is no list."""
    signed_at_ms: int | None
    checked_at_ms: int | None
    next_at_ms: int | None
    """Not before then is the hub looked at; None where nothing stands against it."""
    last_error: str | None
    hint: str | None
    held: Waiting | None
    warnings: tuple[str, ...]
    may_advise: bool
    """Recommendations and proposals may go by it."""


def status_of(seen: Seen) -> Status:
    """Return what is shown."""
    version, situation = seen.version, seen.situation
    failure, age_ms = situation.failure, seen.age_ms
    return Status(
        state=_state(seen),
        serial=None if version is None else version.serial,
        origin=None if version is None else version.origin,
        age_s=None if age_ms is None else age_ms // 1000,
        signed_at_ms=None if version is None else version.signed_at_ms,
        checked_at_ms=situation.checked_at_ms,
        next_at_ms=situation.not_before_ms or None,
        last_error=None if failure is None else failure.message,
        hint=None if failure is None else failure.hint,
        held=situation.held,
        warnings=tuple(_warnings(seen)),
        may_advise=failure is None or failure.state != "expired" or seen.now_ms - failure.since_ms <= ADVICE_MS,
    )


def _state(seen: Seen) -> State:  # noqa: PLR0911 - a table: the first that holds
    situation, age_ms = seen.situation, seen.age_ms
    failure = situation.failure
    if seen.is_broken:
        return "rebuilding"
    if seen.is_syncing:
        return "syncing"
    if failure is not None and failure.state != "stale":
        return failure.state
    if situation.held is not None:
        return "held"
    if seen.version is not None and seen.version.origin == "bundled":
        return "bundled"
    if failure is not None or age_ms is None:
        return "stale"
    if situation.clock_behind_ms:
        return "clock_skew"
    is_fresh = not seen.has_hub or age_ms <= max(FRESH_LOOKS * seen.every_s * 1000, LEAST_FRESH_MS)
    return "fresh" if is_fresh else "stale"


def _warnings(seen: Seen) -> Iterator[str]:
    if behind_ms := seen.situation.clock_behind_ms:
        yield f"this machine's clock is {behind_ms // 1000} s behind what the hub signed"
    if seen.has_hub and seen.age_ms is not None and seen.age_ms > OLD_MS:
        yield f"the hub was last believed {seen.age_ms // 86_400_000} days ago: is it gone for ever?"
