"""Lines out of a file that may be hostile."""

import gzip
import io
import tracemalloc

import pytest

from gateway.catalogue.store.errors import Unfit
from gateway.catalogue.store.lines import lines_of


def test_lines_come_whole_whatever_the_pieces() -> None:
    """Short and long ones, empty ones left out, and the last one without its end."""
    lines = [b"x" * size for size in (1, 10, 65_000, 300, 64_000)] * 20
    data = b"\n\n".join(lines)
    assert list(lines_of(io.BytesIO(gzip.compress(data)))) == lines


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no gzip", "not gzip"),
        (b"", "too early"),
        (gzip.compress(b"a\nb\n")[:-9], "too early"),
        (gzip.compress(b"a\n") + b"more", "follows the end"),
        (gzip.compress(b"a\n") + gzip.compress(b"b\n"), "follows the end"),
    ],
    ids=["no gzip", "empty", "cut", "text after it", "another after it"],
)
def test_what_is_no_list_is_refused(data: bytes, says: str) -> None:
    """In a word that says what it is instead."""
    with pytest.raises(Unfit, match=says):
        list(lines_of(io.BytesIO(data)))


def test_a_bomb_fills_no_memory() -> None:
    """64 MB of one line, then of many: bounded at each step, and in all."""
    bomb = gzip.compress(b"x" * 64_000_000 + b"\n" + b"y\n")
    tracemalloc.start()
    first, second = lines_of(io.BytesIO(bomb))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(first) > 65_536, second, peak < 4_000_000) == (True, b"y", True)
    with pytest.raises(Unfit, match="longer than 1000000 bytes"):
        list(lines_of(io.BytesIO(bomb), max_total=1_000_000))
