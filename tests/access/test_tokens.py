"""Usage objects in every shape, whole or at the end of a text whose start is gone."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.tokens import Tokens, estimate, read_usage, usage_at_end, usage_of

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).parents[1].joinpath("vectors/usage.json").read_text("utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_usage_is_read_in_every_shape(row: dict[str, Any]) -> None:
    """USE-2: cached and reasoning tokens are separate; nonsense is as good as nothing."""
    expected = None if row["tokens"] is None else Tokens(*row["tokens"])
    assert read_usage(row["answer"]) == expected
    assert usage_of(json.dumps(row["answer"]).encode()) == expected


@pytest.mark.parametrize("row", [row for row in ROWS if "usage" in row["answer"]], ids=lambda row: row["why"])
def test_usage_is_found_at_the_end_of_a_large_answer(row: dict[str, Any]) -> None:
    """Nothing large is kept for it: the last kilobytes do."""
    text = json.dumps({"content": 'say "usage": {"prompt_tokens": 1}', **row["answer"], "user": None}, indent=1)
    assert usage_at_end(text.encode()[-len(text) + 5 :]) == read_usage(row["answer"])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'"usage"',
        b'"usage":',
        b'"usage":{',
        b'"usage": "x"',
        b'"usage" {"prompt_tokens":1}',
        b'"usage":' + b"[" * 9000,
        b'"a \\"usage":{"prompt_tokens":1}',
        b'"usage":{"prompt_tokens":\xff}',
    ],
)
def test_half_a_usage_is_none(text: bytes) -> None:
    """STR-7: a parse failure is silent."""
    assert usage_at_end(text) is None


def test_the_last_usage_that_can_be_read_counts() -> None:
    """A key of that name may follow in metadata."""
    assert usage_at_end(b'"usage":{"prompt_tokens":1},"metadata":{"usage":"x"}}') == Tokens(1)
    assert usage_at_end(b'"usage":{"prompt_tokens":1},"usage" : {"prompt_tokens":2}') == Tokens(2)


@pytest.mark.parametrize("document", [b"", b"{", b"\xff", b'{"usage":{"\xff":1}}', b"[" * 100_000, b"null"])
def test_a_broken_answer_has_no_usage(document: bytes) -> None:
    """STR-7: whatever the upstream writes, it passes; here it only says nothing."""
    assert usage_of(document) is None


def test_an_estimate_counts_bytes_or_events() -> None:
    """USE-1: four bytes a token, rounded up; of a stream a token for each event."""
    assert estimate(bytes_in=5, bytes_out=8) == Tokens(2, 2)
    assert estimate(bytes_in=0, bytes_out=10_000, events=7) == Tokens(0, 7)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["usage", "response", "meta", "tokens", "prompt_tokens", "prompt_tokens_details", "cached_tokens"]
                ),
                inner,
            )
        ),
    )
)
def test_any_value_is_answered(value: Any) -> None:
    """Whatever the shape, the result is None or plausible counts."""
    tokens = read_usage(value)
    assert tokens is None or min(tokens.input, tokens.output, tokens.cached, tokens.reasoning) >= 0
