import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.exit_codes import ExitCode, exit_code_of

ROWS = json.loads((Path(__file__).parents[1] / "vectors" / "exit_codes.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['status']}-{row['code']}")
def test_a_refusal_has_its_exit_code(row: dict[str, Any]) -> None:
    """One table decides for every command (friendliness.md section 2)."""
    assert exit_code_of(row["status"], row["code"]) == row["exit"], row["why"]


def test_numbers_never_change() -> None:
    """Scripts depend on them."""
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0,
        "UNEXPECTED": 1,
        "USAGE": 2,
        "NOT_FOUND": 3,
        "NOT_ALLOWED": 4,
        "REFERENCED": 5,
        "CHANGED": 6,
        "PROTECTED": 7,
        "DECLINED": 8,
        "PARTIAL": 9,
        "TIMED_OUT": 10,
        "UNREACHABLE": 11,
        "UNHEALTHY": 12,
        "NOT_FRESH": 20,
        "UNTRUSTED": 21,
        "HELD": 22,
        "INTERRUPTED": 130,
    }
