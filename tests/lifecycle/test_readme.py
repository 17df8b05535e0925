"""README.md of this folder is complete: every sentence and row has a test, and every test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = (HERE / "README.md").read_text(encoding="utf-8")
COUNTS = {"I": 39, "S": 5, "ST": 8, "E": 9, "R": 8, "C": 6, "X": 4}
"""How many sentences the issue has, and how many rows each table of the specification."""
RULES = [f"LIF-{number}" for number in (*range(1, 9), *range(20, 25))]
ROW = re.compile(r"^\| (?P<id>[A-Z]+-\d+) \| (?P<words>[^|]+) \| (?P<tests>`[^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_sentence_is_in_the_table() -> None:
    """Each id once, and no other."""
    expected = [f"{group}-{number}" for group, count in COUNTS.items() for number in range(1, count + 1)]
    assert sorted(row["id"] for row in ROW.finditer(TABLE)) == sorted([*expected, *RULES])


def test_every_row_names_a_test() -> None:
    """A row without any would be a promise."""
    lines = [line for line in TABLE.splitlines() if re.match(r"\| [A-Z]+-\d", line)]
    assert [line for line in lines if not ROW.match(line) or not NAMED.search(line)] == []


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED.findall(TABLE)}))
def test_every_named_test_exists(file: str) -> None:
    """A test that was renamed or removed is noticed here."""
    assert {name for found, name in NAMED.findall(TABLE) if found == file} <= _tests(file)


@cache
def _tests(file: str) -> frozenset[str]:
    tree = ast.parse((HERE.parent / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
