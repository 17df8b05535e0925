"""A file in parts, and which of them are here. Pure.

Where a list of chunk hashes exists, a part is a whole number of chunks: then a bad byte costs one part.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

PART: Final = 8 * 1024 * 1024
"""Bytes of a part: what is fetched twice at worst, and what four connections share evenly (catalogue.md section 11)."""


class Part(Struct, frozen=True):
    """Bytes from `start` to `stop`, which does not belong to it."""

    number: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.stop - self.start


def part_size(chunk: int | None, least: int = PART) -> int:
    """Return the bytes of a part for chunks of so many bytes: `least`, or as many whole chunks as hold these.

    >>> part_size(None) == PART, part_size(3_000_000), part_size(20_000_000)
    (True, 9000000, 20000000)
    """
    return least if chunk is None else chunk * max(1, -(-least // chunk))


class Parts(Struct):
    """The parts of a file of `size` bytes. `written` is how much of a part lies on the disk that is not all there."""

    size: int
    part: int = PART
    done: set[int] = field(default_factory=set)
    written: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many there are."""
        return (self.size + self.part - 1) // self.part

    def __getitem__(self, number: int) -> Part:
        """Return one part."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        return Part(number, number * self.part, min((number + 1) * self.part, self.size))

    @property
    def complete(self) -> bool:
        """Whether every part is here."""
        return len(self.done) == len(self)

    @property
    def here(self) -> int:
        """How many bytes are here."""
        whole = len(self.done) * self.part
        if self.done and len(self) - 1 in self.done:
            whole -= len(self) * self.part - self.size
        return whole + sum(self.written.values())

    @property
    def prefix(self) -> int:
        """How many bytes are here without a gap, from the beginning on; a part counts when it is done."""
        return self.prefix_from(0)

    def prefix_from(self, known: int) -> int:
        """Return the same, where so many bytes are known to be here."""
        number = known // self.part
        while number in self.done:
            number += 1
        return min(number * self.part, self.size) if number else 0

    def missing(self) -> Iterator[Part]:
        """Yield what is not all here, in order."""
        return (self[number] for number in range(len(self)) if number not in self.done)

    def note(self, part: Part, written: int) -> None:
        """Note how much of a part is on the disk; all of it is not yet `finish`: it may be checked first."""
        self.written[part.number] = written

    def finish(self, part: Part) -> None:
        """Note that a part is here, and right as far as anybody can tell."""
        self.written.pop(part.number, None)
        self.done.add(part.number)

    def forget(self, part: Part) -> None:
        """Note that a part is not here after all."""
        self.written.pop(part.number, None)
        self.done.discard(part.number)

    def clear(self) -> None:
        """Begin anew."""
        self.done.clear()
        self.written.clear()


def written_map(parts: Parts) -> str:
    """Return which parts are done, as hex digits: the first part is the lowest bit.

    >>> written_map(Parts(50, 10, {0, 1, 4}))
    '13'
    """
    bits = bytearray(-(-len(parts) // 8))
    for number in parts.done:
        bits[number // 8] |= 1 << number % 8
    return f"{int.from_bytes(bits, 'little'):x}"


def read_map(text: str, count: int) -> set[int]:
    """Return the numbers of the parts that are done, of so many.

    >>> sorted(read_map("13", 5))
    [0, 1, 4]

    Raises:
        ValueError: it is no such text.
    """
    bits = int(text, 16)
    if bits < 0 or bits >> count:
        raise ValueError("more parts are done than there are")
    digits = bits.to_bytes(-(-count // 8), "little")
    return {number for number in range(count) if digits[number // 8] >> number % 8 & 1}
