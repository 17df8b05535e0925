"""Hard filters: what nobody knows does not fit, and each entry is left out for one reason."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from gateway.catalogue.entry import Entry
from gateway.catalogue.recommend.filters import FILTERS, checks_of, misfit
from gateway.catalogue.recommend.wanted import Wanted
from tests.catalogue.entries import entry

EVERYTHING = Wanted(
    task="chat",
    region="eu",
    residency="eu",
    licences=("mit", "Apache-2.0"),
    needs=("tools", "json_schema"),
    inputs=("text", "image"),
    outputs=("text",),
    open_weights=True,
    max_price_in=Decimal("0.25"),
    max_price_out=Decimal("1.00"),
    context=131_072,
    ram_bytes=16_000_000_000,
)
RAM = {"ram_bytes": 8_000_000_000}
PRICE = {"currency": "USD", "unit": "1M_tokens", "in": "0.25", "out": "1.00"}


def left_out(wanted: Wanted = EVERYTHING, **changes: Any) -> tuple[str, bool] | None:
    """Return why an entry that would fit does not with these changes, and whether nobody knows."""
    made = msgspec.convert(entry(0, **({"requires": RAM} | changes)), Entry)
    return misfit(made, wanted, checks_of(wanted))


def test_an_entry_that_says_everything_fits() -> None:
    """At the very limits of price, context and memory."""
    assert left_out() is None
    assert left_out(requires={"ram_bytes": 16_000_000_000}) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "retired"}, ("status", False)),
        ({"api": ["openai.embeddings"]}, ("task", False)),
        ({"api": []}, ("task", True)),
        ({"availability": {"residency": ["us"]}}, ("residency", False)),
        ({"availability": None}, ("residency", True)),
        ({"availability": {"regions": ["us"], "residency": ["eu"]}, "endpoint": None}, ("region", False)),
        ({"availability": {"residency": ["eu"]}, "endpoint": None}, ("region", True)),
        ({"availability": {"residency": ["eu"], "not_in": ["eu"]}, "endpoint": None}, ("region", False)),
        ({"availability": {"regions": ["eu"], "not_in": ["eu"], "residency": ["eu"]}}, ("region", False)),
        ({"license": "proprietary"}, ("licence", False)),
        ({"license": None}, ("licence", True)),
        ({"open_weights": False}, ("open_weights", False)),
        ({"open_weights": None}, ("open_weights", True)),
        ({"capabilities": {"tools": True, "json_schema": False}}, ("needs", False)),
        ({"capabilities": {"tools": True}}, ("needs", True)),
        ({"capabilities": {"tools": True, "json_schema": None}}, ("needs", True)),
        ({"capabilities": {"tools": None, "json_schema": False}}, ("needs", False)),
        ({"modalities": {"in": ["text"], "out": ["text"]}}, ("input", False)),
        ({"modalities": {"out": ["text"]}}, ("input", True)),
        ({"modalities": {"in": ["text", "image"], "out": ["audio"]}}, ("output", False)),
        ({"limits": {"context": 131_071}}, ("context", False)),
        ({"limits": {}}, ("context", True)),
        ({"limits": None}, ("context", True)),
        ({"price": PRICE | {"in": "0.250001"}}, ("max_price_in", False)),
        ({"price": PRICE | {"currency": "EUR"}}, ("max_price_in", True)),
        ({"price": PRICE | {"unit": "image"}}, ("max_price_in", True)),
        ({"price": {"currency": "USD", "unit": "1M_tokens", "in": "0"}}, ("max_price_out", True)),
        ({"price": PRICE | {"out": "9"}}, ("max_price_out", False)),
        ({"requires": {"ram_bytes": 16_000_000_001}}, ("ram", False)),
        ({"requires": None}, ("ram", True)),
    ],
)
def test_an_entry_is_left_out_for_the_first_reason(changes: dict[str, Any], reason: tuple[str, bool]) -> None:
    """True where nobody knows: missing is unknown, never zero and never no (CAT-8)."""
    assert left_out(**changes) == reason


def test_every_filter_leaves_something_out_in_the_table_above() -> None:
    """A filter that is added has its rows there."""
    marks = test_an_entry_is_left_out_for_the_first_reason.pytestmark
    assert {reason[0] for _, reason in marks[0].args[1]} == {*FILTERS}


def test_what_is_not_asked_for_is_not_looked_at() -> None:
    """An entry that says next to nothing fits a question that asks for nothing; a retired one never does."""
    bare = msgspec.convert({"schema": 1, "id": "a", "rev": 1, "kind": "model"}, Entry)
    nothing = Wanted()
    assert misfit(bare, nothing, checks_of(nothing)) is None
    assert [name for name, _ in checks_of(nothing)] == ["status"]
    retired = msgspec.structs.replace(bare, status="retired")
    assert misfit(retired, nothing, checks_of(nothing)) == ("status", False)


def test_an_endpoint_has_its_region_too() -> None:
    """Where it is served is where it may be used, unless that is denied."""
    assert left_out(availability={"residency": ["eu"]}) is None
