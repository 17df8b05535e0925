"""Identifiers."""

import re

from gateway.storage.clock import SystemClock
from gateway.storage.ids import new_id


def test_an_id_is_a_prefix_and_a_hundred_random_bits() -> None:
    """It needs no quoting in a URL, a shell or a file name."""
    assert re.fullmatch(r"mdl_[a-z2-7]{20}", new_id("mdl"))


def test_ids_do_not_repeat() -> None:
    """Nor do any two share a long beginning."""
    made = [new_id("key") for _ in range(5000)]
    assert len({one[:14] for one in made}) == 5000


def test_the_clock_counts_milliseconds() -> None:
    """Between 2025 and 2100, and never backwards."""
    clock = SystemClock()
    assert 1_735_689_600_000 < clock.now_ms() < 4_102_444_800_000
    assert clock.monotonic() <= clock.monotonic()
