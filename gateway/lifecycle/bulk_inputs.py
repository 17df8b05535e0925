"""What callers send to the routes that change many models."""

from typing import Literal

from pydantic import Field

from gateway.lifecycle.filter import MAX_FILTER
from gateway.lifecycle.inputs import Duration, Reason
from gateway.registry.inputs import Input, Name

_ETAG = r'^(W/)?"[^"]*"$'


class BatchItem(Input):
    """One model of a batch."""

    uid: Name
    etag: str | None = Field(default=None, max_length=300, json_schema_extra={"pattern": _ETAG})
    """The model's ETag in its double quotes: then it only goes if nobody changed it meanwhile."""


class BatchDelete(Input):
    """Models that are deleted together: all or none."""

    items: tuple[BatchItem, ...]
    """1 to 1000, each model once."""
    references: Literal["restrict", "cascade", "repoint"] = "restrict"
    """As for one model; what points from one of them at another stands against neither."""
    successor: Name | None = None
    """Uid or name of the model that takes the references over: all are of its team then."""
    drain: Duration | None = None
    """How long calls under way may go on; left out: the setting."""
    dry_run: bool = False
    """Answer what the call would, with everything it would touch, and change nothing."""
    confirm_count: int | None = Field(default=None, ge=0)
    """How many models it is, where that is asked for: more than 20 and 5 % of the active ones, or any that was called
    within 24 hours."""
    reason: Reason | None = None
    """Why, for the record; as the header X-Reason."""


class BulkPurge(Input):
    """Deleted models that go for good."""

    filter: str = Field(max_length=MAX_FILTER + 1000, examples=["team=acme and name=old-* and older_than=90d"])
    """`field=value`, joined by `and`. Fields: team, task, state, name (`*` stands for any characters), older_than (90d
    or 12h: deleted, else deprecated, else made so long ago). Every model is `name=*`."""
    force: bool = False
    """false: count them, show some, give a token. true: do it, with that token."""
    plan_token: str | None = Field(default=None, max_length=100)
    """Stands for exactly the models that the plan showed: when one comes, goes or changes, it is a 409."""
    confirm_count: int | None = Field(default=None, ge=0)
    """How many models it is, where that is asked for."""
    reason: Reason | None = None
    """Why, for the record; as the header X-Reason."""


class BulkDelete(BulkPurge):
    """Models that are deleted by a filter, however many."""

    references: Literal["restrict", "cascade", "repoint"] = "restrict"
    """As for one model; one that may not go stays, and the operation's items say why."""
    successor: Name | None = None
    """Uid or name of the model that takes the references over."""
    drain: Duration | None = None
    """How long calls under way may go on; left out: the setting."""
