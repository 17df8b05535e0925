"""What one run of a download is given."""

from collections.abc import Callable

from msgspec import Struct

from gateway.downloads.artefact import Artefact
from gateway.downloads.opening import Opener
from gateway.downloads.progress import Meter
from gateway.downloads.sources import Rules, Sources


class Plan(Struct, frozen=True, kw_only=True):
    """What is wanted and how. `now` is a monotonic clock, `chance` gives 0 to 1."""

    artefact: Artefact
    opener: Opener
    rules: Rules
    meter: Meter
    now: Callable[[], float]
    chance: Callable[[], float]

    def sources(self) -> Sources:
        """Return the servers, none of which has been asked yet."""
        place = self.opener.place
        return Sources(self.artefact.urls, self.rules, place=place, now=self.now, chance=self.chance)
