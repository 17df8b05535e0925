"""What the routes of a model's life answer."""

from collections.abc import Iterable

from gateway.api.etag import format_etag
from gateway.api.page import Page
from gateway.described import Described
from gateway.lifecycle.plan import Blocker, Effect
from gateway.lifecycle.references import Kind, Reference
from gateway.registry.record import ModelRecord
from gateway.registry.views import ModelView
from gateway.storage.clock import rfc3339


class ReferenceView(Described):
    """Something that points at a model."""

    kind: Kind
    id: str
    name: str
    sole: bool
    """The only model that a key may call, or the last place where the owner of a fallback can be served."""
    declared_at: str | None
    """File and line, where a file declares it."""


class ReferencePage(Page[ReferenceView]):
    """Who points at a model."""

    counts: dict[str, int]
    """How many there are of each kind; `call` are calls under way."""
    total: int


class EffectView(Described):
    """What a deletion or a restore does to something that points at the model."""

    kind: str
    id: str
    name: str
    action: str
    """deleted, removed (from a list), moved (to the successor), cleared, closed (kept until the purge), given_up,
    suppressed (no longer in the catalogue's list); of a restore restored, or left (why is in `detail`)."""
    detail: str | None = None


class Confirmation(Described):
    """What somebody is asked before it is done."""

    phrase: str
    """What is to be typed."""
    needed: bool
    """Whether it is to be typed: something points at the model, or somebody used it in the last day."""
    lines: tuple[str, ...]
    """What would happen, in sentences."""


class RetiredView(Described):
    """A model that is deleted, or on its way."""

    uid: str | None
    """null: there never was one; see allow_missing."""
    name: str
    team: str | None
    state: str
    delete_time: str | None
    purge_time: str | None
    """Until then it can be restored."""
    reason: str
    successor: str | None
    """What callers are told to use instead."""
    rev: int | None
    etag: str | None
    """Of a dry run the present one, to be sent as If-Match."""
    effects: tuple[EffectView, ...]
    """Every row that was touched besides the model's own."""
    operation: str | None = None
    """What waits for the calls under way: see operations."""
    dry_run: bool = False
    """Whether this is only what would happen; then the following members say who would notice."""
    traffic_24h: int | None = None
    """Calls in the last 24 hours."""
    inflight: int | None = None
    """Calls under way."""
    last_used: str | None = None
    """When the last call was; of one that is older than a day only the day."""
    confirmation: Confirmation | None = None


class RestoredView(ModelView):
    """A model that is back."""

    effects: tuple[EffectView, ...]
    """What came back with it, and what did not."""


def reference_view(reference: Reference) -> ReferenceView:
    """Return the answer about one reference."""
    return ReferenceView(
        kind=reference.kind,
        id=reference.id,
        name=reference.name,
        sole=reference.sole,
        declared_at=reference.declared_at,
    )


def effect_views(effects: Iterable[Effect]) -> tuple[EffectView, ...]:
    """Return the answer about effects of a deletion."""
    return tuple(
        EffectView(kind=one.reference.kind, id=one.reference.id, name=one.reference.name, action=one.action)
        for one in effects
    )


def blocker_members(blockers: Iterable[Blocker]) -> list[dict[str, object]]:
    """Return the members of a refusal about what is in the way."""
    return [
        {
            "kind": one.reference.kind,
            "id": one.reference.id,
            "name": one.reference.name,
            "why": one.why,
            **({"declared_at": one.reference.declared_at} if one.reference.declared_at else {}),
        }
        for one in blockers
    ]


def times_of(model: ModelRecord) -> dict[str, str | None]:
    """Return when a model was deleted and goes for good."""
    return {
        "delete_time": None if model.deleted_at is None else rfc3339(model.deleted_at),
        "purge_time": None if model.purge_at is None else rfc3339(model.purge_at),
    }


def etag_of(model: ModelRecord) -> str:
    """Return the model's ETag."""
    return format_etag(model.uid, model.rev)
