"""Bodies on their way out: a large one in slices, a streamed one that remembers why it broke."""

from collections.abc import AsyncIterator, Callable

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

# Below, the body leaves in one write together with the head. Above, aiohttp would copy it whole twice.
SLICE_BYTES = 128 * 1024


class SlicedBody(Payload):
    """Bytes that are written slice by slice, each when the one before has left: no copy of the whole is made."""

    _value: bytes

    def __init__(self, value: bytes) -> None:
        super().__init__(value)
        self._size = len(value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the text (aiohttp's interface; not used here)."""
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write everything."""
        view = memoryview(self._value)
        for start in range(0, len(view), SLICE_BYTES):
            await writer.write(view[start : start + SLICE_BYTES])


class Upload:
    """A streamed body: yields what the source yields, and keeps the source's own failure apart from the upstream's."""

    __slots__ = ("_source", "failure", "on_failure")

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self.failure: Exception | None = None
        self.on_failure: Callable[[], None] | None = None  # called once, when the answer's head is already here

    def __aiter__(self) -> "Upload":
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._source)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.failure = error
            if self.on_failure is not None:
                self.on_failure()
            raise


def payload(body: bytes | None) -> bytes | SlicedBody | None:
    """Return what aiohttp shall send for a body that can be sent again."""
    if body is None or len(body) <= SLICE_BYTES:
        return body
    return SlicedBody(body)
