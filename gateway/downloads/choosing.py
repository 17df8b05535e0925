"""Which file of a catalogue entry is meant. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.downloads.artefact import Artefact
from gateway.errors import NotFound, Unprocessable

_HASH: Final = re.compile(rb"[0-9a-f]{64}")
_WEIGHTS: Final = "weights"
_SHOWN: Final = 20


def choose(
    entry_id: str, artifacts: Sequence[Mapping[str, Any]], quant: str | None = None, *, chunks: Sequence[str] = ()
) -> Artefact:
    """Return the weights of an entry with these `artifacts`; `quant` tells where there are several.

    `chunks` are the hashes of its chunks, where they are known.

    Raises:
        NotFound: it has none, or none of this quantisation.
        Unprocessable: there are several to choose from.
    """
    weights = [one for one in artifacts if one.get("role") == _WEIGHTS]
    if not weights:
        raise NotFound(
            f"{entry_id!r} has no files in the catalogue",
            code="download_no_files",
            hint="it is served by others alone: modelport catalogue show ID tells where",
        )
    found = [one for one in weights if quant is None or str(one.get("quant", "")).lower() == quant.lower()]
    offered = ", ".join(str(one.get("quant") or "?") for one in weights[:_SHOWN])
    if not found:
        raise NotFound(
            f"{entry_id!r} has no quantisation {quant!r}", code="download_no_quant", hint=f"it has: {offered}"
        )
    if len(found) > 1:
        raise Unprocessable(
            f"{entry_id!r} has {len(found)} files",
            code="download_several_files",
            hint=f"name one: --quant, of {offered}",
        )
    one = found[0]
    chunk = one.get("chunk") if chunks else None
    return Artefact(
        url=one["url"],
        size=one.get("size"),
        sha256=one.get("sha256"),
        chunk=chunk,
        chunks=tuple(chunks) if chunk is not None else (),
        mirrors=tuple(one.get("mirrors") or ()),
    )


def hashes_of(text: bytes, count: int) -> tuple[str, ...]:
    r"""Return the hashes in a list of chunks, one SHA-256 in hex on each line; none where it is no such list.

    >>> len(hashes_of(b"0" * 64 + b"\n" + b"1" * 64 + b"\n", 2)), hashes_of(b"x", 1)
    (2, ())
    """
    lines = text.split()
    if len(lines) != count or not all(_HASH.fullmatch(one) for one in lines):
        return ()
    return tuple(one.decode() for one in lines)
