"""python-tuf's updater, judged by our floor of time and held to our marks: all it does beside its own checks.

The order matters: which root is trusted decides which marks count, and both are known before anything dated is read. So
`_load_timestamp` is the place, a private name of tuf 7.0.1; pyproject.toml pins the major version, and the tests of
attacks notice when it is no longer called.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from tuf.api.exceptions import RepositoryError
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.updater import Updater

from gateway.catalogue.trust.bridge import Bridge
from gateway.catalogue.trust.floor import Reference, TimeFloor
from gateway.catalogue.trust.high_water import Mark, Marks

MAX_NEW_ROOTS: Final = 256
"""Roots that one refresh follows beyond those it knows already: the bound is on work, not on the age of a hub."""
SIGNED_AT: Final = "x-modelport-signed-at"
"""A member of timestamp.json: when it was signed, in RFC 3339. TUF itself dates only the end."""


class RolledBack(RepositoryError):
    """Properly signed, and older than what was seen before."""


class HubUpdater(Updater):
    """One refresh and the targets after it; python-tuf wants a new object for each refresh."""

    def __init__(  # noqa: PLR0913 - keyword-only, each a part of what is believed
        self,
        metadata_dir: Path,
        url: str,
        *,
        bridge: Bridge,
        bootstrap: bytes,
        floor: TimeFloor,
        marks: Marks,
        max_new_roots: int = MAX_NEW_ROOTS,
    ) -> None:
        config = UpdaterConfig(max_root_rotations=max_new_roots)
        super().__init__(
            str(metadata_dir), f"{url}metadata/", None, f"{url}targets/", bridge, config, bootstrap=bootstrap
        )
        config.max_root_rotations += self._roots_here(metadata_dir)
        self._floor = floor
        self._marks = marks
        self.reference: Reference = floor.reference()

    @property
    def mark(self) -> Mark:
        """What this refresh has seen, but for the serial of the list."""
        trusted = self._trusted_set
        return Mark(self.root_version, 0, trusted.timestamp.version, self._signed_at_ms())

    @property
    def root_version(self) -> int:
        """Of the root that is trusted now."""
        return self._trusted_set.root.version

    @property
    def delegated(self) -> tuple[str, ...]:
        """The roles that the hub's owner has handed something to."""
        delegations = self._trusted_set.targets.delegations
        return () if delegations is None else tuple(delegations.roles or ())

    @property
    def expires_ms(self) -> int:
        """When the first of what is loaded runs out, unix milliseconds."""
        return min(_ms(role.expires) for role in self._trusted_set)

    @property
    def signed_at_ms(self) -> int | None:
        """When the timestamp says it was signed; None where it does not."""
        return self._signed_at_ms() or None

    def check_serial(self, serial: int) -> Mark:
        """Return the mark with this serial of the list.

        Raises:
            RolledBack: a higher one was seen under this root.
        """
        known = self._marks.get(self.root_version)
        if known is not None and serial < known.serial:
            raise RolledBack(f"the hub's list has serial {serial}, and {known.serial} was seen before")
        mark = self.mark
        return Mark(mark.root_version, serial, mark.timestamp_version, mark.signed_at_ms)

    def _load_timestamp(self) -> None:
        newest, known = max(self._marks, default=0), self._marks.get(self.root_version)
        if self.root_version < newest:
            raise RolledBack(f"the hub ends at root {self.root_version}, and root {newest} was seen before")
        self.reference = self._floor.reference(signed_at_ms=known.signed_at_ms if known else 0)
        self._trusted_set.reference_time = self.reference.moment
        super()._load_timestamp()
        seen = self._trusted_set.timestamp.version
        if known is not None and seen < known.timestamp_version:
            raise RolledBack(f"the hub's timestamp has version {seen}, and {known.timestamp_version} was seen before")

    def _roots_here(self, metadata_dir: Path) -> int:
        """How many roots after the first lie in the cache: they cost no request, so they do not count."""
        versions = (path.name.partition(".")[0] for path in (metadata_dir / "root_history").glob("*.root.json"))
        return sum(version.isdecimal() and int(version) > self.root_version for version in versions)

    def _signed_at_ms(self) -> int:
        """0 where nothing is said, or something that cannot be: later than its own end."""
        timestamp = self._trusted_set.timestamp
        told = timestamp.unrecognized_fields.get(SIGNED_AT)
        try:
            moment = datetime.fromisoformat(told) if isinstance(told, str) else None
        except ValueError:
            return 0
        if moment is None or moment.tzinfo is None or moment >= timestamp.expires:
            return 0
        return _ms(moment)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
