"""Failures by address."""

import pytest

from gateway.keys.backoff import WINDOW_MS, Backoff


def test_many_failures_in_a_minute_have_to_wait() -> None:
    """KEY-10: the first ones hear what is wrong, then the caller is told for how long to be silent."""
    backoff = Backoff(failures=50)
    waits = [backoff.failed("192.0.2.7", now) for now in range(0, 60_000, 1000)]
    assert waits[:50] == [0] * 50
    assert waits[50:] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_a_minute_later_it_begins_anew() -> None:
    """A window of one minute."""
    backoff = Backoff(failures=1)
    assert [backoff.failed("192.0.2.7", now) for now in (0, 1, WINDOW_MS, WINDOW_MS + 1)] == [0, 60, 0, 60]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("192.0.2.8", False),
        ("::ffff:192.0.2.7", True),
        ("127.0.0.1", False),
        (None, False),
    ],
)
def test_each_address_is_counted_by_itself(other: str | None, same: bool) -> None:
    """One script must not slow down its neighbours; loopback is an address like any other."""
    backoff = Backoff(failures=1)
    backoff.failed("192.0.2.7", 0)
    assert (backoff.failed(other, 0) > 0) is same
    assert backoff.failed(other, 0) > 0


def test_an_ipv6_customer_is_one_address() -> None:
    """Whoever has 2**64 addresses does not have as many tries; a scope id changes nothing."""
    backoff = Backoff(failures=1)
    backoff.failed("2001:db8::1", 0)
    assert backoff.failed("2001:db8::ffff%eth0", 0) > 0
    assert backoff.failed("2001:db8:0:1::1", 0) == 0


def test_the_table_cannot_be_grown_from_outside() -> None:
    """The longest unseen address is forgotten."""
    backoff = Backoff(failures=1, addresses=3)
    for number in range(10):
        backoff.failed(f"192.0.2.{number}", 0)
    assert len(backoff) == 3
    assert backoff.failed("192.0.2.9", 0) > 0
    assert backoff.failed("192.0.2.0", 0) == 0
