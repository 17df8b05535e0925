"""What an operation can be, and what leads from one to the other. Pure.

                 take                   finish
    pending ────────────▶ running ─────────────────▶ done
       ▲                  │  ▲  │       fail
       │     release      │  │  ├─────────────────▶ failed
       └──────────────────┘  │  │       cancel
                  take ──────┘  └─────────────────▶ cancelled

`take` in the state running is another process' after the lease of the first one ran out. A wish to cancel is no event:
whoever carries the operation out hears of it, puts back what it can, and then the state changes.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from gateway.errors import Conflict

State: TypeAlias = Literal["pending", "running", "done", "failed", "cancelled"]
Event: TypeAlias = Literal["take", "release", "finish", "fail", "cancel"]

STATES: Final[Mapping[State, Mapping[Event, State]]] = {
    "pending": {"take": "running"},
    "running": {
        "take": "running",
        "release": "pending",
        "finish": "done",
        "fail": "failed",
        "cancel": "cancelled",
    },
    "done": {},
    "failed": {},
    "cancelled": {},
}


def after(state: State, event: Event) -> State:
    """Return the state that the event leads to.

    Raises:
        Conflict: it leads nowhere from this state.
    """
    following = STATES[state].get(event)
    if following is None:
        raise Conflict(f"an operation that is {state} cannot {event}", code="state_conflict", state=state)
    return following


def is_over(state: State) -> bool:
    """Whether nothing happens any more."""
    return not STATES[state]
