"""The collector is told when to look, in parts."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from gateway.garbage import Sweep


class _Ring:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _only_when_told() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_a_look_frees_what_is_new_and_of_no_use() -> None:
    """Without waiting for the collector's own time."""
    left = weakref.ref(_Ring())
    assert left() is not None
    Sweep().look()
    assert left() is None


def test_what_stays_in_use_is_left_alone_after_sixteen_looks() -> None:
    """Else each look would go through all that was made since the first one."""
    kept, sweep = _Ring(), Sweep()
    for _ in range(15):
        sweep.look()
    assert any(one is kept for one in gc.get_objects(generation=1))
    sweep.look()
    assert any(one is kept for one in gc.get_objects(generation=2))
