"""Tables in README.md of a folder: which test holds which sentence. Complete when nothing here is missing."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
ROW = re.compile(r"^\| (?P<id>[A-Z]+-\d+) \| (?P<words>[^|]+) \| (?P<tests>`[^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def missing(readme: Path, counts: Mapping[str, int], more: Iterable[str] = ()) -> list[str]:
    """Return what is wrong with the tables: ids that lack or are one too many, rows without a test, tests that are not.

    `counts` says how many ids there are of each group; they count from 1. `more` are ids besides.
    """
    table = readme.read_text(encoding="utf-8")
    expected = [*more, *(f"{group}-{number}" for group, count in counts.items() for number in range(1, count + 1))]
    return [*_odd_ids(table, expected), *_promises(table), *_unknown_tests(table)]


def _odd_ids(table: str, expected: list[str]) -> Iterator[str]:
    found = [row["id"] for row in ROW.finditer(table)]
    for id_ in sorted({*expected, *found}):
        if found.count(id_) != expected.count(id_):
            yield f"{id_} is there {found.count(id_)} times, and {expected.count(id_)} are right"


def _promises(table: str) -> Iterator[str]:
    for line in table.splitlines():
        if re.match(r"\| [A-Z]+-\d", line) and not (ROW.match(line) and NAMED.search(line)):
            yield f"this row names no test: {line}"


def _unknown_tests(table: str) -> Iterator[str]:
    for file, name in sorted(set(NAMED.findall(table))):
        if name not in _tests(file):
            yield f"{file} has no {name}"


@cache
def _tests(file: str) -> frozenset[str]:
    if not (TESTS / file).is_file():
        return frozenset()
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
