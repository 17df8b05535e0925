"""The table of rules and tests (tests/conformance/README.md) is complete, and names no test that does not exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = TESTS / "conformance" / "README.md"
RULES = [
    f"{kind}-{number}"
    for kind, last in (("PRX", 43), ("STR", 9), ("USE", 7), ("CMP", 33))
    for number in range(1, last + 1)
]
"""Every number of the specification."""
SENTENCES = 19
NAMED = re.compile(r"`(\S+\.py)::(test_\w+)`")
ROWS = [line for line in TABLE.read_text().splitlines() if line.startswith("| ") and line.count("|") == 3]


def _first(row: str) -> str:
    return row.split("|")[1].strip()


@cache
def _tests_in(path: Path) -> dict[str, str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name: ast.get_docstring(node) or "" for node in functions}


def test_every_rule_stands_in_the_table_once() -> None:
    """None is left out, and none is made up."""
    listed = [_first(row) for row in ROWS if re.fullmatch(r"[A-Z]{3}-\d+", _first(row))]
    assert sorted(listed) == sorted(RULES)


@pytest.mark.parametrize("row", [row for row in ROWS if "::" in row], ids=_first)
def test_every_named_test_exists(row: str) -> None:
    """A test that was renamed or dropped is missed here."""
    named = NAMED.findall(row)
    assert len(named) == row.count("::")
    for path, name in named:
        assert name in _tests_in(TESTS / path), f"{path} has no {name}"


def test_every_sentence_is_held() -> None:
    """The second table is as long as the description of the data plane."""
    assert len([row for row in ROWS if "::" in row and _first(row) not in RULES]) == SENTENCES


def test_a_rule_that_a_test_names_exists() -> None:
    """A docstring does not quote a number that the specification does not have."""
    quoted = {
        number
        for path in TESTS.rglob("test_*.py")
        for text in _tests_in(path).values()
        for number in re.findall(r"\b(?:PRX|STR|USE|CMP)-\d+", text)
    }
    assert quoted <= set(RULES)
