"""The server-timing header."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.observe.server_timing import server_timing


@pytest.mark.parametrize(
    ("seconds", "value"),
    [
        ({}, ""),
        ({"queue_s": 0.0, "connect_s": None, "first_byte_s": 0.1234, "overhead_s": 0.00031},
         "queue;dur=0.00, ttfb;dur=123.40, gateway;dur=0.31"),
        ({"connect_s": 0.012}, "connect;dur=12.00"),
        ({"queue_s": -0.001}, "queue;dur=0.00"),
    ],
)  # fmt: skip
def test_known_durations_are_shown_in_milliseconds(seconds: dict[str, float | None], value: str) -> None:
    """What did not happen is left out; a clock that went back counts as 0."""
    assert server_timing(**seconds) == value


@given(st.floats(0, 1e6))
def test_any_duration_gives_a_header(seconds: float) -> None:
    """RFC 8941 numbers, no exponents."""
    assert re.fullmatch(r"ttfb;dur=\d+(\.\d{1,2})?", server_timing(first_byte_s=seconds))
