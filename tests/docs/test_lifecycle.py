"""The page about a model's life says what the table of states says."""

import re

from gateway.lifecycle import states
from gateway.lifecycle.states import STATES
from tests.docs.pages import text_of

PAGE = text_of("explanation/lifecycle.md")
_ROW = re.compile(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", re.MULTILINE)


def _drawing(text: str) -> list[str]:
    """Return the lines of the first indented block with an arrow in it, moved to the left."""
    for part in text.split("\n\n"):
        lines = [line for line in part.splitlines() if line.strip()]
        if "▶" in part and all(line.startswith("    ") for line in lines):
            common = min(len(line) - len(line.lstrip()) for line in lines)
            return [line[common:].rstrip() for line in lines]
    raise AssertionError("no drawing")


def test_the_drawing_is_that_of_the_table() -> None:
    """Line by line as in lifecycle/states.py."""
    assert _drawing(PAGE) == _drawing(states.__doc__ or "")


def test_every_state_stands_there_with_every_event() -> None:
    """No event more, none less, each with the state that it leads to."""
    rows = {state: set(re.findall(r"(\w+) → (\w+)", cell)) for state, cell in _ROW.findall(PAGE)}
    assert rows == {str(state): {(str(event), str(to)) for event, to in row.items()} for state, row in STATES.items()}
