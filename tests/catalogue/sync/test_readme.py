"""README.md has every row of the failure matrix, and every test that it names exists."""

import re
from pathlib import Path
from typing import get_args

from gateway.catalogue.sync.situation import State
from tests.catalogue.sync import test_matrix_file, test_matrix_hub

MODULES = {"test_matrix_hub.py": test_matrix_hub, "test_matrix_file.py": test_matrix_file}
ROWS = 20


def matrix_rows() -> dict[str, tuple[str, str]]:
    """Return the state shown and the tests of each failure."""
    text = (Path(__file__).parent / "README.md").read_text()
    rows = re.findall(r"^\| (?!failure|---)([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    return {failure: (shown, tests) for failure, shown, tests in rows}


def test_every_row_has_its_tests() -> None:
    """Section 7 of catalogue.md has twenty rows; each state it shows is one that a status can show."""
    rows = matrix_rows()
    assert len(rows) == ROWS
    for failure, (shown, tests) in rows.items():
        named = re.findall(r"`([a-z_]+\.py)::(test_\w+)`", tests)
        assert named, failure
        for module, test in named:
            assert callable(getattr(MODULES[module], test, None)), f"{failure}: {test}"
        states = set(re.findall(r"`([a-z_-]+)", shown))
        assert states <= set(get_args(State)), failure


def test_every_test_of_the_matrix_is_named() -> None:
    """Two more belong to no row."""
    text = (Path(__file__).parent / "README.md").read_text()
    tests = {name for module in MODULES.values() for name in vars(module) if name.startswith("test_")}
    besides = {"test_a_page_instead_of_a_list_is_refused", "test_verify_heals"}
    assert tests - besides == {name for _, name in re.findall(r"`([a-z_]+\.py)::(test_\w+)`", text)}
