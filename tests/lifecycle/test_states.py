"""The table of states: every state with every event, and what a patch means."""

from dataclasses import dataclass
from itertools import product

import pytest

from gateway.errors import Conflict
from gateway.lifecycle.states import STATES, Event, State, can, follow, require_living, towards

REAL = [state for state in State if state is not State.EARLIER]
LEADS = {  # lifecycle.md section 2, written down a second time on purpose
    ("draft", "activate"): "active",
    ("draft", "delete"): "deleted",
    ("active", "deprecate"): "deprecated",
    ("active", "disable"): "disabled",
    ("active", "drain"): "draining",
    ("active", "delete"): "deleted",
    ("deprecated", "deprecate"): "deprecated",
    ("deprecated", "reactivate"): "active",
    ("deprecated", "disable"): "disabled",
    ("deprecated", "drain"): "draining",
    ("deprecated", "delete"): "deleted",
    ("disabled", "enable"): "earlier",
    ("disabled", "drain"): "draining",
    ("disabled", "delete"): "deleted",
    ("draining", "drained"): "deleted",
    ("draining", "cancel"): "earlier",
    ("deleted", "undelete"): "disabled",
    ("deleted", "revive"): "earlier",
    ("deleted", "purge"): "purged",
}


@dataclass(frozen=True)
class Row:
    """What the table needs of a model's row."""

    state: str
    state_before: str | None = None
    deprecated_at: int | None = None
    name: str = "a"


@pytest.mark.parametrize(("state", "event"), list(product(REAL, Event)))
def test_every_event_leads_where_the_specification_says_or_nowhere(state: State, event: Event) -> None:
    """What is not in the table is a 409 that names the present state and what is possible."""
    row = Row(state, "deprecated", 1)
    wanted = LEADS.get((state, event))
    assert can(row, event) == (wanted is not None)
    if wanted is None:
        with pytest.raises(Conflict) as refusal:
            follow(row, event)
        assert refusal.value.code == "state_conflict"
        assert state in refusal.value.message
        assert refusal.value.extra["possible"] == [one for one in STATES[state] if one not in {"drain", "drained"}]
    else:
        assert follow(row, event)["state"] == ("deprecated" if wanted == "earlier" else wanted)


def test_the_picture_names_every_state_and_event() -> None:
    """Whoever changes the table draws it anew."""
    drawn = __import__("gateway.lifecycle.states", fromlist=["__doc__"]).__doc__ or ""
    assert all(state in drawn for state in REAL)
    assert all(event in drawn for event in Event)


@pytest.mark.parametrize(
    ("row", "event", "state", "before"),
    [
        (Row("active"), Event.DISABLE, "disabled", "active"),
        (Row("disabled", "active"), Event.DRAIN, "draining", "disabled"),
        (Row("draining", "disabled"), Event.CANCEL, "disabled", "active"),
        (Row("draining", "disabled", 5), Event.CANCEL, "disabled", "deprecated"),
        (Row("draining", "active"), Event.CANCEL, "active", None),
        (Row("draining", "active"), Event.DRAINED, "deleted", "active"),
        (Row("draining", "disabled"), Event.DRAINED, "deleted", "disabled"),
        (Row("deleted", "active"), Event.UNDELETE, "disabled", "active"),
        (Row("deleted", "disabled"), Event.UNDELETE, "disabled", "active"),
        (Row("deleted", "draft"), Event.UNDELETE, "disabled", "draft"),
        (Row("deleted", "deprecated", 5), Event.REVIVE, "deprecated", None),
        (Row("deleted", "disabled"), Event.REVIVE, "active", None),
        (Row("disabled"), Event.ENABLE, "active", None),
        (Row("disabled", "deprecated", 5), Event.ENABLE, "deprecated", None),
    ],
)
def test_where_a_model_was_is_not_forgotten(row: Row, event: Event, state: str, before: str | None) -> None:
    """Through disabling, draining and deletion: the way back leads where it came from."""
    assert follow(row, event) == {"state": state, "state_before": before}


def test_reactivating_announces_nothing_any_more() -> None:
    """Neither time nor successor."""
    gone = {"deprecated_at": None, "sunset_at": None, "successor_uid": None}
    assert follow(Row("deprecated", None, 5), Event.REACTIVATE) == {"state": "active", "state_before": None, **gone}


@pytest.mark.parametrize(
    ("state", "wanted", "event"),
    [
        ("active", "active", None),
        ("draft", "active", Event.ACTIVATE),
        ("deprecated", "active", Event.REACTIVATE),
        ("disabled", "active", Event.ENABLE),
        ("active", "disabled", Event.DISABLE),
        ("deprecated", "disabled", Event.DISABLE),
        ("disabled", "disabled", None),
    ],
)
def test_a_patch_of_the_state_is_an_event(state: str, wanted: str, event: Event | None) -> None:
    """The same table behind it."""
    assert towards(Row(state), wanted) is event


@pytest.mark.parametrize("state", ["draining", "deleted"])
def test_nothing_of_a_leaving_model_is_changed(state: str) -> None:
    """Neither its state by a patch nor anything else."""
    for wanted in ("active", "disabled"):
        with pytest.raises(Conflict):
            towards(Row(state), wanted)
    with pytest.raises(Conflict, match=state):
        require_living(Row(state))
    require_living(Row("disabled"))
