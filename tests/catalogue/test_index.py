"""Which files a client fetches."""

import json
from typing import Any

import pytest

from gateway.catalogue.index import (
    BadIndex,
    CatalogueIndex,
    Delta,
    Snapshot,
    delta_path,
    find_path,
    read_index,
    snapshot_path,
)


def _state(serial: int) -> str:
    return f"{serial:064x}"


def _delta(start: int, to: int, size: int = 100) -> Delta:
    return Delta(delta_path(start, to), start, to, size, 3, _state(start), _state(to))


def _index(serial: int, *deltas: Delta, size: int = 100_000) -> CatalogueIndex:
    return CatalogueIndex(serial, Snapshot(snapshot_path(serial), size, 1000, _state(serial)), deltas)


def test_an_index_is_read_as_it_was_written() -> None:
    """Paths and repeated states are left out on the way, and are there again."""
    index = _index(5, *(_delta(one, one + 1) for one in range(1, 5)), _delta(1, 5), _delta(3, 5))
    custom = json.loads(json.dumps(index.custom()))
    assert read_index(custom) == index
    assert len(json.dumps(custom)) < 1200


def test_the_way_with_the_fewest_bytes_is_taken() -> None:
    """A merged delta counts when it is smaller than those that it replaces with their requests."""
    index = _index(4, _delta(1, 2), _delta(2, 3), _delta(3, 4), _delta(1, 4, 1250))
    assert find_path(index, 1) == (_delta(1, 4, 1250),)
    large = _index(4, _delta(1, 2), _delta(2, 3), _delta(3, 4), _delta(1, 4, 1350))
    assert find_path(large, 1) == large.deltas[:3]
    assert find_path(index, 2) == (_delta(2, 3), _delta(3, 4))
    assert find_path(index, 4) == ()


def test_a_merged_delta_leads_from_within_its_span() -> None:
    """Whole entries: what leads from 10 to 20 leads there from 13 as well."""
    index = _index(21, _delta(10, 20), _delta(20, 21))
    assert find_path(index, 13) == (_delta(10, 20), _delta(20, 21))
    assert isinstance(find_path(index, 9), Snapshot)


@pytest.mark.parametrize("serial", [None, 3, 99])
def test_without_a_way_it_is_the_snapshot(serial: int | None) -> None:
    """No list yet, older than what is kept, or from another hub."""
    index = _index(8, _delta(6, 7), _delta(7, 8))
    assert find_path(index, serial) == index.snapshot


def test_a_delta_that_broke_its_promise_is_not_taken_again() -> None:
    """Section 5, step 4."""
    index = _index(2, _delta(1, 2))
    assert find_path(index, 1, bad={delta_path(1, 2)}) == index.snapshot


def test_deltas_of_forty_percent_are_no_gain() -> None:
    """Section 5, step 3: below 40 % the deltas, from there on the snapshot."""
    assert find_path(_index(2, _delta(1, 2, 399), size=1000), 1) == (_delta(1, 2, 399),)
    index = _index(2, _delta(1, 2, 400), size=1000)
    assert find_path(index, 1) == index.snapshot


def test_a_long_chain_is_found_quickly() -> None:
    """A thousand deltas, the most that an index may hold, that all overlap."""
    index = _index(1000, *(_delta(one, one + 1, 10) for one in range(1000)), size=10**9)
    path = find_path(index, 0)
    assert isinstance(path, tuple)
    assert len(path) == 1000


@pytest.mark.parametrize(
    "changes",
    [
        {"serial": "5"},
        {"serial": None},
        {"snapshot": None},
        {"deltas": [{"from": 1, "to": 2}]},
        {"deltas": [{"from": 1, "to": 2, "size": 1, "ops": 1, "path": "../../etc/passwd"}]},
        {"snapshot": {"path": "catalog/x/../y.jsonl.gz", "size": 1, "count": 1, "state_sha256": "0" * 64}},
    ],
)
def test_an_index_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    """Signed or not: a path leads nowhere else."""
    with pytest.raises(BadIndex) as caught:
        read_index(_index(5).custom() | changes)
    assert not caught.value.needs_upgrade


def test_a_later_index_asks_for_a_later_program() -> None:
    """Section 7, schema too new: the list stays, and the state says upgrade."""
    with pytest.raises(BadIndex) as caught:
        read_index({"schema": 2, "anything": 1})
    assert caught.value.needs_upgrade


def test_deltas_that_lead_nowhere_are_left_out() -> None:
    """Backwards, beyond the serial, or to a state that is not told."""
    custom = _index(5, _delta(4, 5)).custom()
    said = {"size": 1, "ops": 1}
    custom["deltas"] += [{"from": 5, "to": 4, **said}, {"from": 5, "to": 9, **said}, {"from": 1, "to": 2, **said}]
    assert read_index(custom).deltas == (_delta(4, 5),)
