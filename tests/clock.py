"""A clock that stands still until a test moves it."""

from dataclasses import dataclass


@dataclass(slots=True)
class ManualClock:
    """Both times move together, by `advance` only."""

    at_ms: int = 1_800_000_000_000  # 2027-01-15T08:00:00Z

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        return self.at_ms

    def monotonic(self) -> float:
        """Return seconds since 1970: any start will do."""
        return self.at_ms / 1000

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.at_ms += round(seconds * 1000)
