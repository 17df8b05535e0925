"""README.md names every attack, and every attack that it names is carried out."""

import re
from pathlib import Path

from tests.catalogue.trust import test_attacks_memory, test_attacks_signatures, test_attacks_transport

MODULES = (test_attacks_signatures, test_attacks_transport, test_attacks_memory)


def test_the_table_and_the_tests_name_the_same_28_cases() -> None:
    """Section 13 of catalogue.md: the 28 attacks are tests."""
    rows = re.findall(r"^\| (\d\d) \|", (Path(__file__).parent / "README.md").read_text(), re.MULTILINE)
    names = (name for module in MODULES for name, kind in vars(module).items() if callable(kind))
    found = {match[1] for name in names if (match := re.match(r"test_(\d\d)_", name))}
    assert rows == [f"{number:02}" for number in range(1, 29)]
    assert found == set(rows)
