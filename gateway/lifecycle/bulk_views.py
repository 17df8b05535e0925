"""What the routes that change many models answer."""

from gateway.described import Described
from gateway.lifecycle.brake import Load
from gateway.lifecycle.bulk import BatchDone
from gateway.lifecycle.selection import Selection
from gateway.lifecycle.together import Gone
from gateway.lifecycle.views import EffectView, effect_views, etag_of, times_of
from gateway.operations.record import OperationRecord


class BatchItemView(Described):
    """A model of a batch that is deleted, or on its way."""

    uid: str
    name: str
    team: str
    state: str
    delete_time: str | None
    purge_time: str | None
    """Until then it can be restored."""
    rev: int
    etag: str
    effects: tuple[EffectView, ...]


class CountConfirmation(Described):
    """Whether the number of models must be sent along as `confirm_count`."""

    needed: bool
    confirm_count: int
    why: str


class BatchView(Described):
    """What became of a batch."""

    items: tuple[BatchItemView, ...]
    count: int
    operation: str | None
    """What waits for calls under way: see operations."""
    dry_run: bool
    confirmation: CountConfirmation


class ChosenView(Described):
    """A model that the filter means."""

    uid: str
    name: str
    team: str
    rev: int


class BulkView(Described):
    """What a filter means, or the operation that was begun with it."""

    filter: str
    """As it was understood."""
    count: int
    sample: tuple[ChosenView, ...]
    """Up to 100 of the models."""
    plan_token: str
    confirmation: CountConfirmation | None
    operation: str | None
    """What carries it out; null: nothing was begun."""


def batch_view(done: BatchDone) -> BatchView:
    """Return the answer about a batch."""
    return BatchView(
        items=tuple(map(_item, done.gone)),
        count=len(done.gone),
        operation=done.operation,
        dry_run=done.dry_run,
        confirmation=_confirmation(done.load),
    )


def plan_view(text: str, found: Selection) -> BulkView:
    """Return the answer about what a filter means."""
    return BulkView(
        filter=text,
        count=found.load.count,
        sample=tuple(ChosenView(uid=one.uid, name=one.name, team=one.team, rev=one.rev) for one in found.sample),
        plan_token=found.token,
        confirmation=_confirmation(found.load),
        operation=None,
    )


def begun_view(text: str, token: str, operation: OperationRecord) -> BulkView:
    """Return the answer about an operation that was begun."""
    return BulkView(
        filter=text,
        count=operation.total or 0,
        sample=(),
        plan_token=token,
        confirmation=None,
        operation=operation.id,
    )


def _confirmation(load: Load) -> CountConfirmation:
    return CountConfirmation(needed=load.needed, confirm_count=load.count, why=load.why())


def _item(gone: Gone) -> BatchItemView:
    model = gone.model
    return BatchItemView(
        uid=model.uid,
        name=model.name,
        team=gone.case.team.name,
        state=model.state,
        **times_of(model),
        rev=model.rev,
        etag=etag_of(model),
        effects=effect_views(gone.case.plan.effects),
    )
