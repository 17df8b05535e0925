"""When the number of models must be confirmed (lifecycle.md section 9)."""

import pytest

from gateway.errors import Conflict, PreconditionRequired
from gateway.lifecycle.brake import Load, check_brake


@pytest.mark.parametrize(
    ("load", "needed"),
    [
        (Load(20, 20, 0), False),
        (Load(21, 20, 0), True),
        (Load(21, 420, 0), False),
        (Load(22, 420, 0), True),
        (Load(1, 100_000, 1), True),
        (Load(5001, 100_000, 0), True),
        (Load(5000, 100_000, 0), False),
    ],
)
def test_the_number_is_asked_for_beyond_twenty_and_a_twentieth_or_with_traffic(load: Load, *, needed: bool) -> None:
    """LIF section 9: more than max(20, 5 %) of the active models, or any with calls in 24 hours."""
    assert load.needed is needed


def test_without_the_number_it_is_428_and_says_which_to_send() -> None:
    """The refusal is what a program needs to ask its user."""
    with pytest.raises(PreconditionRequired) as refused:
        check_brake(Load(300, 1000, 7), None)
    assert refused.value.code == "confirmation_required"
    assert refused.value.extra["confirm_count"] == 300
    assert "7 of 300 models were called within the last 24 hours" in refused.value.message


@pytest.mark.parametrize("load", [Load(300, 1000, 0), Load(2, 1000, 0)])
def test_a_wrong_number_is_refused_even_where_none_was_needed(load: Load) -> None:
    """Who sends a number means that many."""
    with pytest.raises(Conflict) as refused:
        check_brake(load, load.count + 1)
    assert refused.value.code == "confirmation_mismatch"
    assert refused.value.extra["confirm_count"] == load.count


def test_the_right_number_and_small_changes_pass() -> None:
    """Nothing is asked for that nobody needs."""
    check_brake(Load(300, 1000, 7), 300)
    check_brake(Load(3, 1000, 0), None)
