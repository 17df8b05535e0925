"""One digest of a whole list, kept up to date by rehashing only what changed (catalogue.md section 4). Pure.

Bucket b holds the ids whose sha256 begins with the byte b. A bucket's digest is the sha256 over, in the order of ids,
`id ‖ 0x00 ‖ sha256(canonical entry)`; the state is the sha256 of the 256 digests in their order.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.catalogue.canonical import Value, canonical

BUCKETS: Final = 256


def entry_sha(entry: Value | bytes) -> bytes:
    """Return the 32 bytes of an entry: of its value, or of its canonical form.

    Raises:
        NotCanonical: the value has no canonical form.
    """
    return hashlib.sha256(entry if isinstance(entry, bytes) else canonical(entry)).digest()


def bucket_of(id_: str) -> int:
    """Return where an id belongs, 0 to 255.

    >>> bucket_of("acme/coder-7b")
    182
    """
    return hashlib.sha256(id_.encode()).digest()[0]


def bucket_digest(rows: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the digest of one bucket's `(id, sha)` in any order."""
    digest = hashlib.sha256()
    for id_, sha in sorted(rows):
        digest.update(id_.encode() + b"\0" + sha)
    return digest.digest()


def state_of(digests: Sequence[bytes]) -> str:
    """Return the state as 64 hexadecimal digits; `digests` are those of all buckets in their order."""
    assert len(digests) == BUCKETS
    return hashlib.sha256(b"".join(digests)).hexdigest()


class StateHash:
    """The state of a list that is held in memory as `id -> sha`.

    >>> state = StateHash()
    >>> empty = state.hexdigest()
    >>> state.put("a", entry_sha({"id": "a"}))
    >>> state.hexdigest() == empty
    False
    >>> state.delete("a")
    >>> state.hexdigest() == empty
    True
    """

    def __init__(self, rows: Iterable[tuple[str, bytes]] = ()) -> None:
        self._buckets: list[dict[str, bytes]] = [{} for _ in range(BUCKETS)]
        self._digests = [_EMPTY] * BUCKETS
        self._touched: set[int] = set()
        for id_, sha in rows:
            self.put(id_, sha)

    def put(self, id_: str, sha: bytes) -> None:
        """Add an entry, or take its new form."""
        bucket = bucket_of(id_)
        if self._buckets[bucket].get(id_) != sha:
            self._buckets[bucket][id_] = sha
            self._touched.add(bucket)

    def delete(self, id_: str) -> None:
        """Take an entry away; one that is not there changes nothing."""
        bucket = bucket_of(id_)
        if self._buckets[bucket].pop(id_, None) is not None:
            self._touched.add(bucket)

    def get(self, id_: str) -> bytes | None:
        """Return the sha of an entry, None when it is not there."""
        return self._buckets[bucket_of(id_)].get(id_)

    def hexdigest(self) -> str:
        """Return the state; only buckets that changed since the last time are hashed."""
        for bucket in self._touched:
            self._digests[bucket] = bucket_digest(self._buckets[bucket].items())
        self._touched.clear()
        return state_of(self._digests)

    def __len__(self) -> int:
        return sum(map(len, self._buckets))


_EMPTY = bucket_digest(())
EMPTY_STATE: Final = state_of([_EMPTY] * BUCKETS)
"""The state of a list without entries."""
