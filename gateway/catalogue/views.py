"""What the catalogue's routes answer."""

from typing import Any, Literal

from gateway.api.page import Page
from gateway.described import Described

Origin = Literal["bundled", "hub", "static"]


class EntryView(Described):
    """An entry of the catalogue."""

    id: str
    entry: dict[str, Any]
    """What the hub says about it, whole (docs/explanation/catalogue.md). What is missing is unknown, never zero."""
    url: str | None
    """Where it is served, resolved for the origin that you used."""
    origin: Origin
    """Who says so: the list that came along, the hub, or the configuration."""
    pinned: bool
    """It is shown as it was when somebody pinned it."""
    gone: bool
    """The hub no longer has it; only the pin keeps it."""


class EntryPage(Page[EntryView]):
    """A page of the catalogue."""

    serial: int
    """Which list this is."""
    signed_at: str | None
    """When the hub signed it."""


class OneEntryView(EntryView):
    """An entry, and what is made of it here."""

    upstream_model: str
    """What the model is called where it is served, as far as its id tells."""
    standing: Literal["shown", "hidden", "quarantined", "suppressed"]
    """Why it is not in the list: hidden is for newer programs, quarantined is wrong, suppressed was not wanted."""
    reason: str | None
    """Why it is hidden or in quarantine, or was suppressed."""
    models: tuple[str, ...]
    """Your models that were made of it."""


class CountsView(Described):
    """How many entries there are of each kind; all but the first and the last two are not in the list."""

    entries: int
    hidden: int
    quarantined: int
    suppressed: int
    pinned: int
    orphaned: int
    """Models here whose entry is gone."""


class HeldView(Described):
    """A list that waits because it takes very much away."""

    serial: int
    removed: int
    """Entries that are gone from it, or retired."""
    limit: int


class ComparisonView(Described):
    """The configuration's list beside the hub's."""

    static: int
    """Entries of the configuration's list."""
    same: int
    differing: int
    missing: int
    """Those that the hub does not have."""
    refused: int
    """Those that cannot be used."""
    only_hub: int


class StatusView(Described):
    """How fresh the catalogue is, and what waits for somebody."""

    state: str
    """fresh, bundled, static, syncing, stale, expired, untrusted, held, clock_skew, disk-full, outdated-client or
    rebuilding."""
    mode: Literal["static", "hybrid", "dynamic"]
    hub: str | None
    serial: int | None
    origin: Origin | None
    age_s: int | None
    """Seconds since the hub was last found to say the same, or since the list was signed."""
    signed_at: str | None
    checked_at: str | None
    """When the hub last answered, and was believed."""
    next_at: str | None
    """When it is asked again."""
    last_error: str | None
    warnings: tuple[str, ...]
    counts: CountsView
    held: HeldView | None
    comparison: ComparisonView | None
    """In the modes static and hybrid."""
    proposals: int
    """Open ones, of your models."""


class DifferenceView(Described):
    """One entry that the configuration's list and the hub's do not have alike."""

    id: str
    kind: Literal["missing", "differing", "refused"]
    """missing: the hub does not have it. refused: the configuration's entry cannot be used."""
    fields: tuple[str, ...]
    """What differs."""
    reason: str | None


class ReasonView(Described):
    """An entry that is not shown, and why."""

    id: str
    standing: str
    reason: str


class PinView(Described):
    """An entry that stays as it is."""

    entry_id: str
    at: str
    by: str
    gone: bool
    """The hub no longer has it."""
    behind: bool
    """The hub says something else by now."""


class SuppressionView(Described):
    """An entry that is kept out of a list."""

    entry_id: str
    team: str | None
    """null: everybody's list."""
    reason: str
    at: str
    by: str
    until: str | None
    model_uid: str | None
    """The deleted model that it came with: when that is restored, the entry is back."""


class ProposalView(Described):
    """What the catalogue proposes about a model; a person decides."""

    id: str
    kind: Literal["deprecation", "successor", "removal"]
    state: Literal["open", "applied", "dismissed", "withdrawn"]
    model_uid: str
    model: str
    team: str
    entry_id: str
    details: dict[str, Any]
    """Such as sunset_at, successor (an entry), successor_model (a model of the team), reason."""
    at: str
    decided_at: str | None
    decided_by: str | None


class VerifiedView(Described):
    """What was found when every entry was hashed again."""

    verified: bool
    entries: int
    serial: int | None
    state_sha256: str | None
    problem: str | None
