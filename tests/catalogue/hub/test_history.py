"""Which deltas a hub keeps, without a hub."""

import pytest

from gateway.catalogue.hub import history
from gateway.catalogue.index import CatalogueIndex, Delta, Snapshot, delta_path, find_path

_NEWEST = 734


def _delta(start: int, to: int) -> Delta:
    return Delta(delta_path(start, to), start, to, to - start, 1, None, "0" * 64)


@pytest.fixture(scope="module")
def deltas() -> list[Delta]:
    """Give what a hub keeps after 734 publications."""
    kept: list[Delta] = []
    for serial in range(2, _NEWEST + 1):
        kept.append(_delta(serial - 1, serial))
        for start, step in history.due(serial):
            if history.parts(kept, start, serial, step) is not None:
                kept.append(_delta(start, serial))
        kept = history.kept(kept, serial)
    return kept


def test_sixty_singles_ten_tens_and_five_hundreds_are_kept(deltas: list[Delta]) -> None:
    """Each hundred is made of tens that are still there when it is due."""
    spans = [(one.start, one.to) for one in deltas]
    assert [to for start, to in spans if to - start == 1] == list(range(675, 735))
    assert [to for start, to in spans if to - start == 10] == list(range(640, 731, 10))
    assert [to for start, to in spans if to - start == 100] == [300, 400, 500, 600, 700]


def test_every_serial_since_the_oldest_hundred_has_a_way(deltas: list[Delta]) -> None:
    """A client that was away for 500 publications fetches at most a dozen files."""
    index = CatalogueIndex(_NEWEST, Snapshot("catalog/734.jsonl.gz", 10**9, 1, "0" * 64), tuple(deltas))
    for serial in range(200, _NEWEST):
        way = find_path(index, serial)
        assert isinstance(way, tuple), serial
        assert len(way) <= 16, serial
        here = serial
        for one in way:
            assert one.start <= here < one.to
            here = one.to
        assert here == _NEWEST
    assert isinstance(find_path(index, 199), Snapshot)


def test_the_newest_ten_are_named_beside_the_index(deltas: list[Delta]) -> None:
    """What follows the hub fetches no names of others."""
    assert [one.to for one in deltas if history.is_near(one, _NEWEST)] == list(range(725, 735))
