"""Whether an answer tells of something that is still worked on, and until when it may be."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.access.unfinished import LONGEST_S, unfinished_s


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired", "incomplete"])
def test_a_final_status_is_the_end(status: str) -> None:
    """Whatever window the object had."""
    assert unfinished_s({"status": status, "completion_window": "24h"}) == 0.0


@pytest.mark.parametrize("status", ["validating", "in_progress", "finalizing", "cancelling", "queued", "something new"])
def test_any_other_status_is_not(status: str) -> None:
    """A word that nobody knows yet counts as unfinished: what is lost otherwise is somebody's work."""
    assert unfinished_s({"status": status}) == LONGEST_S


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"completion_window": "2d"}, 172_800.0),
        ({"completion_window": "30m"}, 1800.0),
        ({"created_at": 1000, "expires_at": 4600, "completion_window": "24h"}, 3600.0),
        ({"created_at": 4600, "expires_at": 1000}, LONGEST_S),
        ({"created_at": 0, "expires_at": 10**12}, LONGEST_S),
        ({"completion_window": "soon"}, LONGEST_S),
        ({"completion_window": ""}, LONGEST_S),
        ({"completion_window": "999999999d"}, 30 * 86_400.0),
    ],
)
def test_the_window_bounds_it(answer: Mapping[str, Any], expected: float) -> None:
    """An object whose end nobody asks for must not keep its model for ever."""
    assert unfinished_s({"status": "in_progress", **answer}) == expected


@pytest.mark.parametrize("answer", [{}, {"status": None}, {"status": 3}, {"object": "file"}])
def test_without_a_status_nothing_is_said(answer: Mapping[str, Any]) -> None:
    """What was noted before stays."""
    assert unfinished_s(answer) is None
