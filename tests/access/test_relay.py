"""Which codings a caller takes (PRX-38, RFC 9110 12.5.3)."""

import pytest

from gateway.access.relay import accepts


@pytest.mark.parametrize(
    ("offer", "coding", "taken"),
    [
        ("", "gzip", False),
        ("gzip", "gzip", True),
        ("GZIP", "gzip", True),
        ("deflate, gzip;q=0.5", "gzip", True),
        ("deflate", "gzip", False),
        ("*", "br", True),
        ("*;q=0", "br", False),
        ("gzip;q=0, *", "gzip", False),
        ("gzip; q=0.000", "gzip", False),
        ("gzip;q=0.001", "gzip", True),
        ("identity", "gzip", False),
        ("x-gzip", "gzip", False),
    ],
)
def test_a_coding_is_taken_when_it_is_named_and_not_refused(offer: str, coding: str, *, taken: bool) -> None:
    """By its name before by the star, and never with a quality of zero."""
    assert accepts(offer, coding) is taken
