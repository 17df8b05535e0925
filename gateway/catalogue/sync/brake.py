"""A list that takes very much away is held until somebody accepts it (catalogue.md section 5, step 5). Pure."""

from collections.abc import Callable
from typing import Final

from gateway.catalogue.store.change import Change
from gateway.catalogue.sync.situation import Accepted
from gateway.errors import Conflict

LEAST: Final = 20
PERCENT: Final = 5


class Held(Conflict):
    """The list would lose more than a hub usually takes away."""

    default_code = "catalogue_held"

    def __init__(self, change: Change, limit: int) -> None:
        super().__init__(
            f"serial {change.to} of the hub's list takes {change.leaving} of {change.live} entries away, "
            f"and more than {limit} wait for somebody",
            hint=f"look at `modelport catalogue diff`; `modelport catalogue accept {change.to}` takes it",
        )
        self.serial = change.to
        self.removed = change.leaving
        self.limit = limit


def limit_of(live: int) -> int:
    """Return how many entries a list of so many may lose at once.

    >>> limit_of(10), limit_of(400), limit_of(100_000)
    (20, 20, 5000)
    """
    return max(LEAST, live * PERCENT // 100)


def brake(accepted: Accepted | None) -> Callable[[Change], None]:
    """Return the policy that raises `Held`.

    What somebody accepted is taken, and also a later serial that takes no more than the limit besides: a hub that
    publishes every hour would be held for ever otherwise.
    """

    def look(change: Change) -> None:
        if change.start is None or not change.is_same_hub:
            return  # nothing was taken away: this list says what another hub has
        limit = limit_of(change.live)
        known = accepted.removed if accepted is not None and change.to >= accepted.serial else 0
        if change.leaving > known + limit and not (accepted is not None and change.to == accepted.serial):
            raise Held(change, limit)

    return look
