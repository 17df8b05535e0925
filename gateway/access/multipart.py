"""Uploads on their way through: the model is found in passing, everything else streams (PRX-36).

Parts keep their order and their bytes; only the model's name is replaced where the endpoint calls it otherwise. What
comes in front of the model's part must wait for it: a little in memory, the rest in a file that has no name. Used by
the data plane only; that file is all the I/O there is.
"""

from collections.abc import AsyncIterator, Iterator
from tempfile import SpooledTemporaryFile
from typing import Final

from gateway.access.form import FormScanner, boundary_of
from gateway.errors import GatewayError

MEMORY: Final = 1 << 20
"""Bytes of an upload kept in memory while its model is not known; more goes to disk."""
PIECE: Final = 65536
"""Bytes of the kept beginning that are sent at a time."""


class Upload:
    """A form whose model is known. `model` is None when it has none.

    The body may be asked for again as long as it is `replayable`: nothing but the kept beginning has been sent so far.
    """

    def __init__(
        self, scanner: FormScanner, kept: "SpooledTemporaryFile[bytes]", rest: AsyncIterator[bytes], *, whole: bool
    ) -> None:
        self.model = scanner.model
        self.fault: GatewayError | None = None
        """What the caller did wrong while the body was being sent; the body ends with it, whoever sends may wrap it."""
        self._scanner = scanner
        self._kept = kept
        self._rest = rest
        self._whole = whole
        self._size = kept.tell()
        self._flowing = False

    @property
    def replayable(self) -> bool:
        """Whether `body` can be asked for (again): not once the caller's further bytes have been passed on."""
        return not self._flowing

    def length(self, announced: int | None, *, model: str | None = None) -> int | None:
        """Return the Content-Length of `body(model=model)` for a form announced with that many bytes."""
        if announced is None or self._scanner.span is None or model is None:
            return announced
        start, end = self._scanner.span
        return announced - (end - start) + len(_plain(model))

    async def body(self, *, model: str | None = None) -> AsyncIterator[bytes]:
        """Yield the form, with `model` in place of the caller's name if that is another.

        Raises: InvalidRequest when what follows is no good form, and what its chunks raise (too large, too slow);
        nothing whole has been sent then.
        """
        for piece in self._beginning(model):
            yield piece
        if self._whole:
            return
        self._flowing = True
        self.close()
        try:
            async for chunk in self._rest:
                self._scanner.feed(chunk)
                yield chunk
            self._scanner.finish()
        except GatewayError as error:
            self.fault = error
            raise

    def close(self) -> None:
        """Give back the file. Safe at any time, and more than once."""
        self._kept.close()

    def _beginning(self, model: str | None) -> Iterator[bytes]:
        span = self._scanner.span
        if span is None or model is None or model == self.model:
            yield from self._pieces(0, self._size)
            return
        yield from self._pieces(0, span[0])
        yield _plain(model)
        yield from self._pieces(span[1], self._size)

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            self._kept.seek(start)  # each time: an abandoned earlier attempt may have moved it
            piece = self._kept.read(min(PIECE, end - start))
            start += len(piece)
            yield piece


async def read_head(chunks: AsyncIterator[bytes], content_type: str) -> Upload:
    """Read `chunks` until the model's part has ended, or to the end, and return the upload; the caller closes it.

    Raises: InvalidRequest (invalid_multipart, invalid_type, duplicate_key), UnsupportedMedia when it is no form, and
    whatever `chunks` raises.
    """
    scanner = FormScanner(boundary_of(content_type))
    kept: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(MEMORY)  # noqa: SIM115  # the upload closes it
    whole = False
    try:
        while scanner.span is None and not whole:
            chunk = await anext(chunks, None)
            if chunk is None:
                scanner.finish()
                whole = True
            else:
                scanner.feed(chunk)
                kept.write(chunk)
    except BaseException:  # cancelled as well: the file must not outlive the call
        kept.close()
        raise
    return Upload(scanner, kept, chunks, whole=whole)


def _plain(model: str) -> bytes:
    """Return the name as a part's content; registered names hold nothing that could end the part."""
    assert "\n" not in model
    return model.encode()
