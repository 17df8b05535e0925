"""What a publication changes, without a hub."""

from typing import Any

import pytest

from gateway.catalogue.canonical import canonical
from gateway.catalogue.hub.plan import plan
from gateway.catalogue.operation import Del, Put
from tests.catalogue.entries import entry


def _list(count: int, **changes: Any) -> dict[str, bytes]:
    return {f"acme/coder-{number}": canonical(entry(number, **changes)) for number in range(count)}


def test_a_plan_counts_what_it_changes() -> None:
    """In the order of ids; a deletion has the reason that was given."""
    wanted = _list(3) | {
        "acme/coder-1": canonical(entry(1, family="other")),
        "acme/new": canonical(entry(id="acme/new")),
    }
    del wanted["acme/coder-2"]
    gone = Del("acme/coder-2", "withdrawn")
    made = plan(7, _list(3), wanted, {"acme/coder-2": gone})
    assert (made.serial, made.added, made.changed, made.removed) == (
        8,
        ("acme/new",),
        ("acme/coder-1",),
        ("acme/coder-2",),
    )
    assert made.operations == (Put(entry(1, family="other", rev=2)), gone, Put(entry(id="acme/new")))
    assert list(made.forms) == ["acme/coder-0", "acme/coder-1", "acme/new"]


@pytest.mark.parametrize(
    ("count", "gone", "brakes"), [(50, 20, False), (50, 21, True), (1000, 50, False), (1000, 51, True)]
)
def test_a_plan_says_when_clients_will_hold_it(count: int, gone: int, brakes: bool) -> None:
    """Section 5, step 5: more than 20 entries and more than 5 % removed, or retired."""
    published = _list(count)
    fewer = dict(list(published.items())[gone:])
    assert plan(1, published, fewer, {}).brakes is brakes
    retired = published | _list(gone, status="retired")
    assert plan(1, published, retired, {}).brakes is brakes
    assert not plan(1, {}, published, {}).brakes


def test_nothing_new_is_no_new_serial() -> None:
    """But a hub's first publication has one, empty or not."""
    assert plan(7, _list(3), _list(3), {}).serial == 7
    assert plan(0, {}, {}, {}, is_new=True).serial == 1
