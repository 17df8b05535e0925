"""The table of states, walked."""

import re
from typing import get_args

import pytest

from gateway.errors import Conflict
from gateway.operations import states
from gateway.operations.states import STATES, Event, State, after, is_over

ENDS = {"done", "failed", "cancelled"}


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("event", get_args(Event))
def test_every_event_in_every_state(state: State, event: Event) -> None:
    """What is in the table leads on, everything else is refused with the state."""
    if event in STATES[state]:
        assert after(state, event) in STATES
        return
    with pytest.raises(Conflict) as refused:
        after(state, event)
    assert (refused.value.code, refused.value.extra) == ("state_conflict", {"state": state})


def test_three_states_are_ends() -> None:
    """And every other state leads to each of them."""
    assert {state for state in STATES if is_over(state)} == ENDS
    reached, todo = set[str](), ["pending"]
    while todo:
        following = set(STATES[todo.pop()].values()) - reached  # type: ignore[index]  # names of states
        reached |= following
        todo += following
    assert reached == set(STATES)


def test_the_drawing_shows_every_state_and_event() -> None:
    """It stands above the table, so it must not grow old."""
    drawn = set(re.findall(r"[a-z]+", (states.__doc__ or "").partition("`take`")[0]))
    assert set(STATES) | {event for events in STATES.values() for event in events} <= drawn
