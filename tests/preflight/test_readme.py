"""README.md of this folder is complete: every sentence and row has a test, and every test that it names exists."""

from pathlib import Path

from tests.sentences import missing

COUNTS = {
    "I": 24, "S": 5, "R": 14, "K": 8, "PUB": 13, "X": 11, "REG": 6, "N": 8, "T": 9, "W": 14,
}  # fmt: skip
"""How many sentences the issue has, and how many rows each table of the specification."""


def test_every_sentence_has_a_test() -> None:
    """Each id once, and no other."""
    assert missing(Path(__file__).with_name("README.md"), COUNTS) == []
