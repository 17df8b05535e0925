"""The address rule against its vectors: every code, every warning, byte for byte."""

import json
from pathlib import Path
from typing import Any

import pytest

from resolver import ResolveError, resolve

VECTORS = Path(__file__).parents[1] / "vectors"


def rows(name: str) -> list[Any]:
    """Return the rows of a vector file as pytest parameters, each under its own id."""
    document = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    return [pytest.param(row, id=row["id"]) for row in document["vectors"]]


@pytest.mark.parametrize("row", [*rows("resolve.json"), *rows("resolve_more.json")])
def test_each_vector_resolves_as_it_says(row: dict[str, Any]) -> None:
    """R1-R9: url, kind and warnings, or the code of the first rule that fails."""
    try:
        resolved = resolve(row["value"], server=row["server"])
    except ResolveError as error:
        outcome: dict[str, Any] = {"error": error.code}
    else:
        outcome = {"url": str(resolved), "kind": resolved.kind}
        outcome |= {"warnings": list(resolved.warnings)} if resolved.warnings else {}
    assert outcome == row["expect"], row["why"]
