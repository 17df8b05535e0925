"""Lines out of a gzip file as they come: neither one line nor the whole can fill the memory. No other I/O."""

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, Final

from gateway.catalogue.canonical import MAX_LINE
from gateway.catalogue.store.errors import Unfit

_CHUNK: Final = 64 * 1024
_OUT: Final = 256 * 1024
"""Bytes that one step unpacks at most: 64 KiB of zeros are 64 MiB unpacked."""
_GZIP: Final = 31
"""zlib's word for: a gzip header, and the largest window."""
MAX_TOTAL: Final = 4 * 1024**3
"""Bytes of a list unpacked: forty times one of 100,000 entries."""


def lines_of(file: BinaryIO, *, max_total: int = MAX_TOTAL, max_line: int = MAX_LINE) -> Iterator[bytes]:
    """Yield each line that is not empty, without its end.

    Of a line that is longer than `max_line` only a part comes, which is longer than that as well: whoever judges it
    refuses it, and the others stand.

    Raises:
        Unfit: it is no gzip file, it ends too early, or it is longer unpacked than `max_total` bytes.
    """
    rest, total = b"", 0
    for piece in _unpacked(file):
        total += len(piece)
        if total > max_total:
            raise Unfit(f"a list is longer than {max_total} bytes unpacked", hint="tell the hub's owner")
        for line in BytesIO(rest + piece):  # finds line ends four times as fast as `split`
            rest = line
            if line.endswith(b"\n"):
                rest = b""
                if len(line) > 1:
                    yield line[:-1]
        if len(rest) > max_line:
            rest = rest[: max_line + 1]
    if rest:
        yield rest


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    unpack = zlib.decompressobj(_GZIP)
    try:
        while not unpack.eof and (chunk := file.read(_CHUNK)):
            while chunk and not unpack.eof:
                yield unpack.decompress(chunk, _OUT)
                chunk = unpack.unconsumed_tail
    except zlib.error as error:
        raise Unfit(f"a list is not gzip ({error})", hint="tell the hub's owner") from error
    if not unpack.eof:
        raise Unfit("a list ends too early", hint="tell the hub's owner")
    if unpack.unused_data or file.read(1):
        raise Unfit("something follows the end of a list", hint="tell the hub's owner")
