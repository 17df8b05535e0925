"""An operation as the store hands it out. Times are unix milliseconds (UTC)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from gateway.api.acting import Acting
from gateway.api.etag import format_etag
from gateway.operations.states import State, is_over


class Item(NamedTuple):
    """What became of one thing that an operation was about; `outcome` is "ok" or a code of errors.py."""

    position: int
    item: str
    outcome: str
    detail: Mapping[str, Any]


class OperationRecord(Struct, frozen=True, kw_only=True):
    """One operation. `cursor` is where it stands, for whoever goes on with it; `blockers` in it is shown.

    `due_at` is a time that its kind gives a meaning to: of a drain the end of the grace. `lease_owner` is the process
    that carries it out, until `lease_until` unless it renews that. `by` says who began it, as `api.acting` has it.
    """

    id: str
    kind: str
    state: State
    team: str | None
    actor: str
    target: str | None
    target_name: str | None
    parameters: Mapping[str, Any]
    cursor: Mapping[str, Any]
    done: int
    total: int | None
    failed: int
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    cancel_requested: bool
    lease_owner: str | None
    lease_until: int | None
    due_at: int | None
    finished_at: int | None
    rev: int
    created_at: int
    updated_at: int
    by: Mapping[str, Any]

    @property
    def acting(self) -> Acting:
        """In whose name it is carried out: of who began it, which the record of changes names with the operation."""
        return Acting(**{**self.by, "operation_id": self.id})

    @property
    def over(self) -> bool:
        """Whether nothing happens any more."""
        return is_over(self.state)

    @property
    def etag(self) -> str:
        """The ETag of this revision."""
        return format_etag(self.id, self.rev)

    @property
    def blockers(self) -> Sequence[Mapping[str, Any]]:
        """What it waits for, as whoever carries it out last noted."""
        found = self.cursor.get("blockers", ())
        return () if self.over else tuple(found)
