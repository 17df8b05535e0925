"""What never stands in a line."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys.format import mint
from gateway.observe.masking import mask, neutral, neutral_lines

ROWS = json.loads((Path(__file__).parents[1] / "vectors" / "masking.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_credentials_are_masked_and_nothing_else(row: dict[str, str]) -> None:
    """SEC-5's last guard: forms of keys that upstreams and we use."""
    assert mask(row["line"]) == row["masked"]


def test_every_key_of_ours_is_masked() -> None:
    """KEY-4: at most the first characters of the key id stay, whatever the secret's characters are."""
    for _ in range(200):
        minted = mint("live")
        line = mask(f'{{"error":"{minted.text.reveal()}"}} {minted.text.reveal()}')
        assert minted.secret.reveal() not in line
        assert line.count("***") == 2


@given(st.text(max_size=200))
def test_a_neutral_value_is_one_quiet_line(value: str) -> None:
    """Threat 23: no CR, LF, escape sequence or reordering mark; printable text stays as it is."""
    quiet = neutral(value)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]", quiet)
    assert len(quiet.splitlines()) <= 1
    if value.isprintable():
        assert quiet == value


def test_a_trace_keeps_its_lines() -> None:
    """But obeys no terminal."""
    assert neutral_lines("Traceback\n\tfile\r\n\x1b[31mred") == "Traceback\n\tfile\\x0d\n\\x1b[31mred"
