"""JSON that means one thing only."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.api.strict_json import check_json
from gateway.errors import InvalidRequest

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "strict_json.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_every_row_of_the_table(case: dict[str, Any]) -> None:
    """What two parsers could read in two ways is refused, and the message says what and where."""
    raw = case["body"].encode()
    if case["ok"]:
        assert check_json(raw) == json.loads(raw)
    else:
        with pytest.raises(InvalidRequest, match=case["says"]) as refusal:
            check_json(raw)
        assert refusal.value.code == "invalid_json"


@pytest.mark.parametrize(
    ("raw", "says"),
    [(b'{"a": "\xff"}', "byte 7 is 0xff"), (b"[" * 100_000, "too deep"), (b"9" * 5000, "too long")],
)
def test_bytes_that_a_table_cannot_hold(raw: bytes, says: str) -> None:
    """Broken UTF-8, bottomless nesting and endless numbers are the caller's fault too, never a 500."""
    with pytest.raises(InvalidRequest, match=says):
        check_json(raw)
