"""The lists that count, entry by entry, in pages; each decoded in a thread, so that the loop goes on meanwhile."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

import msgspec

from gateway.catalogue.entry import Entry
from gateway.catalogue.modes import Lists

_PAGE: Final = 500
"""Bodies at once: 5 ms of work between two looks of the loop."""
_DECODER: Final = msgspec.json.Decoder(Entry)


async def pages_of(lists: Lists) -> AsyncIterator[Sequence[bytes]]:
    """Yield the bodies of everything that is shown; of an entry that two lists have, the first one's."""
    first, after = lists.first, ""
    while page := await first.bodies(after=after, limit=_PAGE):
        yield [one.body for one in page]
        after = page[-1].id
    second = lists.static
    if second is None or second is first:
        return
    after = ""
    while page := await second.bodies(after=after, limit=_PAGE):
        yield [one.body for one in page if await first.get(one.id) is None]
        after = page[-1].id


def entries_of(bodies: Sequence[bytes]) -> Iterator[Entry]:
    """Yield the entries. They were judged when they came; one that is none by now is left out."""
    for body in bodies:
        try:
            yield _DECODER.decode(body)
        except msgspec.ValidationError:
            continue
