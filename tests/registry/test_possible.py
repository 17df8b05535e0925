"""What a caller is offered of a model: by its role, the model's state, protection and owner."""

import pytest

from gateway.api.permissions import Role
from gateway.lifecycle.states import STATES, Event, State
from gateway.registry.possible import possible
from tests.registry.api import Api, principal
from tests.registry.records import model

ADMIN = principal(Role.ADMIN)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.VIEWER, set()),
        (Role.DEVELOPER, set()),
        (Role.PUBLISHER, {"change", "deprecate"}),
        (Role.OPERATOR, {"change", "deprecate", "disable", "delete", "protect"}),
        (Role.ADMIN, {"change", "deprecate", "disable", "delete", "delete_with_references", "protect"}),
    ],
)
def test_a_role_is_offered_what_it_may_do(role: Role, expected: set[str]) -> None:
    """MLflow showed readers a button to delete (PR #24733)."""
    assert set(possible(principal(role), model())) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("draft", {"change", "activate", "delete", "delete_with_references", "protect"}),
        ("deprecated", {"change", "deprecate", "reactivate", "disable", "delete", "delete_with_references", "protect"}),
        ("disabled", {"change", "enable", "delete", "delete_with_references", "protect"}),
        ("draining", {"undelete"}),
        ("deleted", {"undelete", "purge"}),
    ],
)
def test_a_state_offers_what_its_events_are(state: str, expected: set[str]) -> None:
    """By the very table that the services go by."""
    assert set(possible(ADMIN, model(state=state))) == expected


def test_whatever_the_table_knows_is_offered_somewhere() -> None:
    """A new event needs a word here; those that only a process brings about do not."""
    by_itself = {Event.DRAIN, Event.DRAINED, Event.REVIVE, Event.CANCEL}
    offered = {
        deed for state in set(State) - {State.PURGED, State.EARLIER} for deed in possible(ADMIN, model(state=state))
    }
    assert {str(event) for row in STATES.values() for event in row if event not in by_itself} <= offered


def test_a_protected_model_is_not_offered_for_deletion() -> None:
    """Until somebody takes the protection off; which is another's permission."""
    kept = model(protected=True)
    assert {"delete", "delete_with_references", "protect"}.isdisjoint(possible(ADMIN, kept))
    assert "unprotect" in possible(ADMIN, kept)
    assert "unprotect" not in possible(principal(Role.OPERATOR), kept)


def test_of_a_declared_model_nothing_is_offered() -> None:
    """Its file is changed instead."""
    assert possible(ADMIN, model(managed_by="file", managed_at="m.yaml:3")) == ()


async def test_the_answer_about_a_model_says_so(api: Api) -> None:
    """And how far the model is in its life."""
    made = await api.make("/models", name="a")
    assert made["permissions"][0] == "change"
    assert (made["deprecation"], made["protected"], made["delete_time"], made["purge_time"]) == (
        None,
        False,
        None,
        None,
    )
    seen = await api.get(f"/models/{made['uid']}", by=principal(Role.VIEWER))
    assert seen.json["permissions"] == []
