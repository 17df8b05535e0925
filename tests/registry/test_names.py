"""Names: what may be registered, and what somebody meant."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Unprocessable
from gateway.registry.names import check_gateway_name, check_model_name, check_team_name, nearest

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "names.json").read_text(encoding="utf-8"))
CHECKS = {"model": check_model_name, "team": check_team_name, "gateway": check_gateway_name}


@pytest.mark.parametrize("row", VECTORS["accepted"], ids=lambda row: f"{row['kind']}-{row['name'][:30]}")
def test_a_good_name_is_returned_unchanged(row: dict[str, Any]) -> None:
    """Names are kept as they were written."""
    name = row["name"] * row.get("times", 1)
    assert CHECKS[row["kind"]](name) == name


@pytest.mark.parametrize("row", VECTORS["refused"], ids=lambda row: f"{row['kind']}-{row['why'][:30]}")
def test_a_bad_name_is_refused_with_its_reason(row: dict[str, Any]) -> None:
    """Each refusal is a 422 that quotes the name and says what is allowed."""
    with pytest.raises(Unprocessable) as refusal:
        CHECKS[row["kind"]](row["name"] * row.get("times", 1))
    assert (refusal.value.code, refusal.value.param) == ("invalid_name", "name")
    assert len(refusal.value.message) < 400


@pytest.mark.parametrize("row", VECTORS["nearest"], ids=lambda row: row["why"][:40])
def test_the_nearest_names_are_suggested(row: dict[str, Any]) -> None:
    """A typo, another spelling or a missing publisher leads to the name that exists."""
    assert nearest(row["name"], row["names"]) == row["expected"]


def test_an_unknown_name_among_many_is_cheap() -> None:
    """Likeness is judged for a bounded number of names: a wrong name is no way to keep the server busy."""
    assert nearest("x" * 200, [f"model-{number}" for number in range(20_000)]) == []
