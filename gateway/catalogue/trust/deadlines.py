"""How long a hub may take: totals, which no trickle of bytes extends (catalogue.md section 7)."""

from msgspec import Struct


class Deadlines(Struct, frozen=True, kw_only=True):
    """Seconds, and a rate."""

    metadata_s: float = 10.0
    """For one file of metadata, the connect included."""
    refresh_s: float = 60.0
    """For all files of one refresh: 256 new roots at a round trip of 0.2 s."""
    file_bytes_per_s: float = 20_000.0
    """A target may take its length divided by this, and at least as long as metadata."""
    lock_s: float = 5.0
    """For another process to leave the directory."""

    def for_file(self, length: int) -> float:
        """Return the seconds for a target of this length."""
        return max(self.metadata_s, length / self.file_bytes_per_s)
