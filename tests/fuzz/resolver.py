"""The address rule under 200,000 inputs: nothing but ResolveError comes out, and no result leaves its origin.

Hypothesis draws bytes, a whole batch at once, since drawing texts costs ten times more than resolving them. Each byte
stands for one piece of an address, so a finding still shrinks to few and simple pieces.
"""

from collections.abc import Iterator

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.resolver import addresses

INPUTS = 200_000
BATCH = 100
WIDTH = 10  # bytes of one input: server and beginning, length, and at most eight pieces

PIECES = (*addresses.PIECES, *addresses.HOST_PIECES, *map(chr, range(0x20, 0x7F)))
BEGINNINGS = ("", "/", "http://", "https://")


def inputs(data: bytes) -> Iterator[tuple[str, str]]:
    """Read value and server, again and again, out of `data`."""
    for start in range(0, len(data) - WIDTH + 1, WIDTH):
        choice, length, *rest = data[start : start + WIDTH]
        pieces = (PIECES[byte % len(PIECES)] for byte in rest[: length % len(rest) + 1])
        text = BEGINNINGS[choice % len(BEGINNINGS)] + "".join(pieces)
        turn = choice // len(BEGINNINGS) % (len(addresses.GOOD_SERVERS) + 1)
        yield (text, addresses.GOOD_SERVERS[turn - 1]) if turn else ("/v1", text)


def run() -> int:
    """Try the inputs; return their number."""
    tried = 0

    @given(st.binary(min_size=BATCH * WIDTH, max_size=BATCH * WIDTH))
    @settings(
        max_examples=INPUTS // BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    def batches(data: bytes) -> None:
        nonlocal tried
        for value, server in inputs(data):
            tried += 1
            addresses.check(value, server)

    while tried < INPUTS:
        batches()
    return tried
