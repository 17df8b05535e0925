"""Tables of sentences: what makes one incomplete is noticed."""

from pathlib import Path

from tests.sentences import missing

HERE = "`test_sentences.py::test_a_whole_table_lacks_nothing`"
GOOD = f"| A-1 | one | {HERE} |"


def wrong(folder: Path, *rows: str) -> list[str]:
    """Return what is wrong with a table that should have A-1, A-2 and B-7."""
    readme = folder / "README.md"
    readme.write_text("\n".join(("| id | the sentence in short | held by |", "|---|---|---|", *rows)))
    return missing(readme, {"A": 2}, ["B-7"])


def test_a_whole_table_lacks_nothing(tmp_path: Path) -> None:
    """Several tests in a row, and words beside them, are as good as one test."""
    assert wrong(tmp_path, GOOD, f"| A-2 | two | {HERE} {HERE} |", f"| B-7 | seven | {HERE} |") == []


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    """An id that lacks, is there twice or belongs nowhere; a promise; a test or a file that is not there."""
    assert wrong(
        tmp_path,
        GOOD,
        GOOD,
        f"| C-1 | whose | {HERE} |",
        "| A-2 | two | soon |",
        "| B-7 | seven | `test_sentences.py::test_nothing` `nowhere.py::test_nothing` |",
    ) == [
        "A-1 is there 2 times, and 1 are right",
        "A-2 is there 0 times, and 1 are right",
        "C-1 is there 1 times, and 0 are right",
        "this row names no test: | A-2 | two | soon |",
        "nowhere.py has no test_nothing",
        "test_sentences.py has no test_nothing",
    ]
