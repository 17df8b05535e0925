"""Every criterion has its test, or says what it waits for."""

import ast
import re
from pathlib import Path

FOLDER = Path(__file__).parent
ALL = {f"UX-{number}" for number in range(1, 21)}


def _tested() -> set[str]:
    names = [
        node.name
        for path in FOLDER.glob("test_ux_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return {f"UX-{int(found[1])}" for name in names if (found := re.match(r"test_ux_(\d\d)_", name))}


def _listed(heading: str) -> set[str]:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| (UX-\d+) \|", section, re.MULTILINE))


def test_every_id_is_tested_or_waits() -> None:
    """None is forgotten, and none that has a test is said to wait whole."""
    waiting = _listed("Waiting, whole")
    assert _tested() | waiting == ALL
    assert not _tested() & waiting


def test_what_waits_in_part_is_tested_in_part() -> None:
    """The other part has its test."""
    assert _listed("Waiting, in part") <= _tested()
