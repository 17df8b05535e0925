"""README.md of this folder is complete: every sentence and row has a test, and every test that it names exists."""

from pathlib import Path

from tests.sentences import missing

COUNTS = {"I": 61, "S": 8, "T": 8, "F": 4, "Y": 8, "L": 4, "D": 18, "V": 7}
"""How many sentences the issue has, and how many rows each section of the specification."""
RULES = [f"CAT-{number}" for number in (*range(1, 11), *range(20, 26), *range(30, 34), *range(40, 44))]


def test_every_sentence_has_a_test() -> None:
    """Each id once, and no other."""
    assert missing(Path(__file__).with_name("README.md"), COUNTS, RULES) == []
