"""Which state of a model follows which: the table, and nothing else. Pure.

                 activate              deprecate, again to change its dates
      draft ────────────────▶ active ────────────────▶ deprecated ◀─┐
        │                      ▲  │ ◀──────────────────  │       ▲  └┘
        │                      │  │      reactivate      │       │
        │                      │  │ disable              │       │
        │                      │  ▼                      │       │
        │          enable to … └─ disabled ◀─────────────┘       │
        │                           │  └─ enable to … ───────────┘
        │ delete                    │
        │            active, deprecated, disabled
        │               │ drain          │ delete
        │               ▼                │
        │            draining            │
        │               │  └ cancel: back to where it was
        │               │ drained        │
        ▼               ▼                ▼
      deleted ◀──────────────────────────┘
        │  └ undelete: disabled · revive: back to where it was
        ▼ purge
      purged: a tombstone

`drain` is a deletion that waits for calls under way, `delete` one that need not. `EARLIER` is where the model came
from: `state_before` of its row. An event that is not in the row of a state is a 409 that says what is (lifecycle.md
section 2).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

from gateway.errors import Conflict


class State(StrEnum):
    """How far a model is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    DEPRECATED = "deprecated"
    DISABLED = "disabled"
    DRAINING = "draining"
    DELETED = "deleted"
    PURGED = "purged"
    EARLIER = "earlier"
    """In the table alone: the state that the model was in before this one."""


class Event(StrEnum):
    """What may happen to a model."""

    ACTIVATE = "activate"
    DEPRECATE = "deprecate"
    REACTIVATE = "reactivate"
    DISABLE = "disable"
    ENABLE = "enable"
    DRAIN = "drain"
    DELETE = "delete"
    DRAINED = "drained"
    CANCEL = "cancel"
    UNDELETE = "undelete"
    REVIVE = "revive"
    PURGE = "purge"


STATES: Final[Mapping[State, Mapping[Event, State]]] = {
    State.DRAFT: {
        Event.ACTIVATE: State.ACTIVE,
        Event.DELETE: State.DELETED,
    },
    State.ACTIVE: {
        Event.DEPRECATE: State.DEPRECATED,
        Event.DISABLE: State.DISABLED,
        Event.DRAIN: State.DRAINING,
        Event.DELETE: State.DELETED,
    },
    State.DEPRECATED: {
        Event.DEPRECATE: State.DEPRECATED,
        Event.REACTIVATE: State.ACTIVE,
        Event.DISABLE: State.DISABLED,
        Event.DRAIN: State.DRAINING,
        Event.DELETE: State.DELETED,
    },
    State.DISABLED: {
        Event.ENABLE: State.EARLIER,
        Event.DRAIN: State.DRAINING,
        Event.DELETE: State.DELETED,
    },
    State.DRAINING: {
        Event.DRAINED: State.DELETED,
        Event.CANCEL: State.EARLIER,
    },
    State.DELETED: {
        Event.UNDELETE: State.DISABLED,
        Event.REVIVE: State.EARLIER,
        Event.PURGE: State.PURGED,
    },
    State.PURGED: {},
}
_REMEMBERING: Final = frozenset({Event.DISABLE, Event.DRAIN, Event.DELETE})
"""Events after which the row says where the model was."""
_ANNOUNCING_NOTHING: Final = {"deprecated_at": None, "sunset_at": None, "successor_uid": None}
_DOING: Final[Mapping[Event, str]] = {
    Event.ACTIVATE: "activated",
    Event.DEPRECATE: "deprecated",
    Event.REACTIVATE: "reactivated",
    Event.DISABLE: "disabled",
    Event.ENABLE: "enabled",
    Event.DRAIN: "deleted",
    Event.DELETE: "deleted",
    Event.DRAINED: "deleted",
    Event.CANCEL: "kept from being deleted",
    Event.UNDELETE: "restored",
    Event.REVIVE: "restored",
    Event.PURGE: "purged",
}


class Living(Protocol):
    """What the table needs of a model's row."""

    @property
    def name(self) -> str:
        """As callers know it."""
        ...

    @property
    def state(self) -> str:
        """One of `State`."""
        ...

    @property
    def state_before(self) -> str | None:
        """Where a disabled, draining or deleted one was."""
        ...

    @property
    def deprecated_at(self) -> int | None:
        """Since when it is deprecated, ms."""
        ...


def can(model: Living, event: Event) -> bool:
    """Whether the event may happen to the model now."""
    return event in STATES[State(model.state)]


def follow(model: Living, event: Event) -> dict[str, object]:
    """Return the columns that the event gives the model: `state`, `state_before`, and what a reactivation takes back.

    Raises:
        Conflict: the table has no such event for this state.
    """
    if not can(model, event):
        raise _refusal(model, event)
    state = STATES[State(model.state)][event]
    earlier = State(model.state_before) if model.state_before else _usual(model)
    if event is Event.REACTIVATE:
        return {"state": str(state), "state_before": None, **_ANNOUNCING_NOTHING}
    if event in _REMEMBERING:
        return {"state": str(state), "state_before": model.state}
    if event is Event.DRAINED:
        return {"state": str(state), "state_before": str(earlier)}
    if event is Event.UNDELETE:
        return {"state": str(state), "state_before": str(_usual(model) if earlier is State.DISABLED else earlier)}
    if event is Event.REVIVE and earlier is State.DISABLED:
        earlier = _usual(model)
    if state is not State.EARLIER:
        return {"state": str(state), "state_before": None}
    return {"state": str(earlier), "state_before": str(_usual(model)) if earlier is State.DISABLED else None}


def require_living(model: Living) -> None:
    """Raise Conflict for a model that is draining or deleted: nothing of it is changed any more."""
    if model.state in {State.DRAINING, State.DELETED}:
        raise Conflict(
            f"model {model.name!r} is {model.state} and cannot be changed",
            code="state_conflict",
            hint="restore it first: POST …/undelete" if model.state == State.DELETED else "cancel its operation first",
            state=model.state,
            possible=[str(one) for one in STATES[State(model.state)]],
        )


_LEADING: Final[Mapping[str, tuple[Event, ...]]] = {
    "active": (Event.ACTIVATE, Event.REACTIVATE, Event.ENABLE),
    "disabled": (Event.DISABLE,),
}


def towards(model: Living, wanted: str) -> Event | None:
    """Return the event that a patch to "active" or "disabled" means; None when the model is so already.

    Raises:
        Conflict: no event leads there from here.
    """
    if model.state == wanted:
        return None
    events = _LEADING[wanted]
    found = next((event for event in events if can(model, event)), None)
    if found is None:
        raise _refusal(model, events[-1])
    return found


def _usual(model: Living) -> State:
    return State.ACTIVE if model.deprecated_at is None else State.DEPRECATED


def _refusal(model: Living, event: Event) -> Conflict:
    possible = [str(one) for one in STATES[State(model.state)] if one not in {Event.DRAIN, Event.DRAINED}]
    what = f"what is possible: {', '.join(possible)}" if possible else "nothing can be done with it any more"
    return Conflict(
        f"model {model.name!r} is {model.state} and cannot be {_DOING[event]}",
        code="state_conflict",
        hint=what,
        state=model.state,
        possible=possible,
    )
