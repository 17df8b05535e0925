"""What is counted of a call, and how sure that is (USE-1, USE-5, USE-6)."""

from typing import Any

import pytest

from gateway.access.account import counted, overhead_s, timing
from gateway.access.tokens import Tokens
from tests.access.calls import call

SEEN = Tokens(3, 4, 1, 2)
ROWS: dict[str, tuple[str, dict[str, Any], str, bool]] = {
    "the upstream's numbers": ("chat.completions", {"status": 200, "tokens": SEEN}, "exact", True),
    "numbers beside a refusal": ("chat.completions", {"status": 400, "tokens": SEEN}, "exact", True),
    "a refusal": ("chat.completions", {"status": 429}, "estimated", True),
    "a refusal of ours": ("chat.completions", {"status": 502, "error_code": "upstream_error"}, "estimated", True),
    "no answer in time": ("chat.completions", {"status": 504, "error_code": "upstream_timeout"}, "unknown", False),
    "a hang-up": ("chat.completions", {"status": 502, "error_code": "upstream_disconnected"}, "unknown", False),
    "a stream without numbers": ("chat.completions", {"status": 200, "events": 7, "bytes_in": 80}, "estimated", True),
    "a caller who left a stream": ("chat.completions", {"status": 499, "events": 7}, "estimated", True),
    "a caller who left before": ("chat.completions", {"status": 499}, "unknown", False),
    "an answer without numbers": ("audio.speech", {"status": 200}, "unknown", False),
    "a stored object": ("responses.get", {"status": 200}, "exact", True),
    "a stored stream": ("responses.get", {"status": 200, "events": 9}, "exact", True),
    "an upload": ("files", {"status": 200, "bytes_in": 5000}, "exact", True),
    "a batch": ("batches", {"status": 200}, "unknown", False),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_count_says_how_sure_it_is(row: str) -> None:
    """Exact, estimated or unknown; where nothing is known, nothing is counted."""
    name, fields, source, has_tokens = ROWS[row]
    told, tokens = counted(call(name, **fields))
    assert (told, tokens is not None) == (source, has_tokens)
    if "tokens" in fields:
        assert tokens == SEEN


@pytest.mark.parametrize("row", ["a refusal", "a stored object", "an upload"])
def test_what_cost_nothing_is_zero(row: str) -> None:
    """Not unknown: the sums stay clean."""
    name, fields, _, _ = ROWS[row]
    assert counted(call(name, **fields))[1] == Tokens()


def test_an_estimate_comes_from_what_was_observed() -> None:
    """One token for each event, a quarter of the bytes that came in."""
    _, tokens = counted(call(status=200, events=7, bytes_in=80))
    assert tokens is not None
    assert (tokens.input, tokens.output) == (20, 7)


def test_the_gateways_share_is_what_is_left() -> None:
    """Before the request went out, and from the answer's head to its first byte; nothing where nothing went out."""
    one = call(sent_at=100.002, head_at=100.5, first_byte_at=100.501)
    assert overhead_s(one) == pytest.approx(0.003)
    assert overhead_s(call()) is None
    assert "gateway;dur=3.00" in timing(one)
    assert timing(call()) == ""
