"""If-Match, read strictly (lifecycle.md section 6)."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.api.etag import check, format_etag, is_current, read_if_match
from gateway.errors import InvalidRequest, PreconditionFailed

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "if_match.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_every_row_of_the_table(case: dict[str, Any]) -> None:
    """A malformed header is a 400, a good one that names another revision a 412."""
    refusals = {"bad": InvalidRequest, "fail": PreconditionFailed}
    if case["result"] == "pass":
        check(read_if_match(case["lines"]), case["current"])
    else:
        with pytest.raises(refusals[case["result"]]):
            check(read_if_match(case["lines"]), case["current"])


def test_a_mismatch_carries_the_current_etag() -> None:
    """The caller can go on without another read (lifecycle.md section 3)."""
    with pytest.raises(PreconditionFailed) as refusal:
        read_if_match(['"x.6"']).check('"x.7"')
    assert refusal.value.extra == {"etag": '"x.7"'}
    assert refusal.value.headers == {"ETag": '"x.7"'}


def test_the_etag_names_object_and_revision() -> None:
    """Two objects never share an ETag."""
    assert format_etag("mdl_a", 7) == '"mdl_a.7"'


@pytest.mark.parametrize(
    ("header", "current"),
    [('"x.7"', True), ('W/"x.7"', True), ('"a", "x.7"', True), ("*", True), ('"x.6"', False), ("x.7", False)],
)
def test_a_reader_that_has_the_current_copy(header: str, current: bool) -> None:
    """If-None-Match compares weakly; a malformed one saves nothing and harms nothing."""
    assert is_current([header], '"x.7"') is current
