"""Operations and processes as the API shows them, and what may be asked for. Pure. Times are RFC 3339 in UTC."""

import re
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from gateway.api.page import PageQuery
from gateway.described import Described
from gateway.operations.record import OperationRecord
from gateway.operations.states import State
from gateway.operations.workers import Worker
from gateway.storage.clock import rfc3339

MAX_WAIT_S: Final = 60
_WAIT: Final = re.compile(r"(\d{1,2})s?")


class Blocker(Described):
    """A process that an operation waits for."""

    worker: str
    inflight: int
    """Calls of the model that run in it."""
    behind: bool = False
    """Whether it still serves a registry from before the change."""
    host: str = ""


class OperationError(Described):
    """Why an operation failed, or what stood in its way when it was last tried."""

    status: int
    code: str
    message: str
    hint: str | None = None


class OperationView(Described):
    """Long work with its progress."""

    id: str
    kind: str
    """`drain`: a model's running calls end; others as the call that began it says."""
    state: State
    team: str | None
    """null: it is about more than one team."""
    target: str | None
    """Id of what it is about."""
    target_name: str | None
    """Its name at that time."""
    actor: str
    """Who began it: key:, local:, cli:, file: or system: and which."""
    done: int
    total: int | None
    """How much there is to do, where that is known."""
    failed: int
    """How many of those done were refused; `items` says why."""
    blockers: tuple[Blocker, ...]
    """What it waits for."""
    cancel_requested: bool
    worker: str | None
    """The process that carries it out now."""
    result: dict[str, Any] | None
    error: OperationError | None
    etag: str
    due_at: str | None
    """Of a drain: when running calls are ended."""
    created_at: str
    updated_at: str
    finished_at: str | None


class OperationQuery(PageQuery):
    """Filters of the list of operations."""

    state: State | None = None
    kind: str | None = Field(default=None, max_length=100)
    target: str | None = Field(default=None, max_length=200, description="Id of what they are about.")
    team: str | None = Field(default=None, max_length=200)


class WaitQuery(Described):
    """How long to wait for a change."""

    wait: str | None = Field(default=None, json_schema_extra={"pattern": r"^\d{1,2}s?$"})
    """Up to so many seconds, at most 60: `30s`. The answer comes as soon as something has changed."""

    @field_validator("wait")
    @classmethod
    def _is_seconds(cls, wait: str | None) -> str | None:
        found = _WAIT.fullmatch(wait or "0")
        if found is None or int(found[1]) > MAX_WAIT_S:
            raise ValueError(f"write seconds up to {MAX_WAIT_S}, as 30s")
        return wait

    @property
    def seconds(self) -> float:
        """The same as a number; 0 when nothing was asked for."""
        return float(self.wait.removesuffix("s")) if self.wait else 0.0


class WorkerView(Described):
    """A process that serves this registry."""

    id: str
    host: str
    pid: int
    role: Literal["server", "gateway"]
    state: Literal["alive", "silent"]
    """silent: it has said nothing for operations.dead_after_s; nobody waits for it any more."""
    seen_version: int
    """The revision of the registry that it serves."""
    inflight: int
    """Calls to models that run in it."""
    started_at: str
    heartbeat_at: str


class WorkersView(Described):
    """Every process, and the registry's revision by now."""

    items: tuple[WorkerView, ...]
    version: int


def operation_view(record: OperationRecord) -> OperationView:
    """Return an operation as it is shown."""
    return OperationView(
        id=record.id,
        kind=record.kind,
        state=record.state,
        team=record.team,
        target=record.target,
        target_name=record.target_name,
        actor=record.actor,
        done=record.done,
        total=record.total,
        failed=record.failed,
        blockers=tuple(Blocker(**one) for one in record.blockers),
        cancel_requested=record.cancel_requested,
        worker=record.lease_owner,
        result=None if record.result is None else dict(record.result),
        error=None if record.error is None else OperationError(**record.error),
        etag=record.etag,
        due_at=shown_time(record.due_at),
        created_at=rfc3339(record.created_at),
        updated_at=rfc3339(record.updated_at),
        finished_at=shown_time(record.finished_at),
    )


def worker_view(worker: Worker, *, now_ms: int, dead_after_s: float) -> WorkerView:
    """Return a process as it is shown."""
    return WorkerView(
        id=worker.id,
        host=worker.host,
        pid=worker.pid,
        role="gateway" if worker.role == "gateway" else "server",
        state="alive" if worker.lives(now_ms, dead_after_s) else "silent",
        seen_version=worker.seen_version,
        inflight=sum(worker.inflight.values()),
        started_at=rfc3339(worker.started_at),
        heartbeat_at=rfc3339(worker.heartbeat_at),
    )


def shown_time(at_ms: int | None) -> str | None:
    """Return a time as the API shows it."""
    return None if at_ms is None else rfc3339(at_ms)
