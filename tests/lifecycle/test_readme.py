"""README.md of this folder is complete: every sentence and row has a test, and every test that it names exists."""

from pathlib import Path

from tests.sentences import missing

COUNTS = {"I": 39, "S": 5, "ST": 8, "E": 9, "R": 8, "C": 6, "X": 4}
"""How many sentences the issue has, and how many rows each table of the specification."""
RULES = [f"LIF-{number}" for number in (*range(1, 9), *range(20, 25))]


def test_every_sentence_has_a_test() -> None:
    """Each id once, and no other."""
    assert missing(Path(__file__).with_name("README.md"), COUNTS, RULES) == []
