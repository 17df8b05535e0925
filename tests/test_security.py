"""Every security requirement within the server's reach has a test, named in SECURITY.md; some of them stand here."""

import ast
import re
import site
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = (HERE / "SECURITY.md").read_text(encoding="utf-8")
COUNTS = {"EGR": 8, "RES": 6, "KEY": 10, "SEC": 5, "ACL": 5, "HDR": 3, "SRV": 11}
FURTHER = {"WEB-4", "SUP-4"}
ROW = re.compile(r"^\| (?P<rule>[^|]+) \|(?: (?P<words>[^|]+) \|)? (?P<tests>`[^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_requirement_is_in_the_table() -> None:
    """The ids are those of the requirements; each one once."""
    expected = {f"{group}-{number}" for group, count in COUNTS.items() for number in range(1, count + 1)} | FURTHER
    rules = [row["rule"] for row in ROW.finditer(TABLE) if row["words"]]
    assert sorted(rules) == sorted(expected)


def test_every_row_names_tests() -> None:
    """A row without any would be a promise."""
    rows = [line for line in TABLE.splitlines() if line.startswith("| ") and "held by" not in line]
    assert [line for line in rows if not NAMED.search(line)] == []
    assert len(rows) == len(ROW.findall(TABLE))


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED.findall(TABLE)}))
def test_every_named_test_exists(file: str) -> None:
    """A test that was renamed or removed is noticed here."""
    named = {name for found, name in NAMED.findall(TABLE) if found == file}
    assert named <= _tests(file)


def test_the_documentation_asks_for_a_firewall() -> None:
    """EGR-8: the guard is one layer."""
    security = (HERE.parent / "README.md").read_text(encoding="utf-8").partition("Security")[2]
    assert "firewall" in security


def test_aiohttp_is_above_its_floor() -> None:
    """SRV-1: what is older has known holes in its parser."""
    assert tuple(int(part) for part in version("aiohttp").split(".")[:3]) >= (3, 14, 4)


def test_nothing_runs_at_every_start_of_python() -> None:
    """SUP-4: a .pth file with code is how stolen credentials left; editable installs alone may have one."""
    known = re.compile(r"__editable__.*|_virtualenv|distutils-precedence|.*[-_]editable.*|a1_coverage|coloredlogs")
    lines = {
        path.stem: [
            line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(("import ", "import\t"))
        ]
        for folder in site.getsitepackages()
        for path in Path(folder).glob("*.pth")
    }
    assert [name for name, code in lines.items() if code and not known.fullmatch(name)] == []


@cache
def _tests(file: str) -> frozenset[str]:
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
