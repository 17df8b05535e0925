"""A download as the API shows it. Pure."""

from typing import Any, Literal, TypeAlias

from yarl import URL

from gateway.described import Described
from gateway.operations.record import OperationRecord
from gateway.operations.views import OperationError, shown_time
from gateway.storage.clock import rfc3339

KIND = "download"
State: TypeAlias = Literal["queued", "running", "paused", "done", "failed", "cancelled"]


class ProgressView(Described):
    """How far it is."""

    bytes: int
    total: int | None
    """null: not known yet."""
    rate: float | None
    """Bytes per second, over the last ten."""
    eta: float | None
    """Seconds."""
    phase: Literal["wait", "fetch", "verify", "done"]
    """wait: for its turn, or for another download of the same file; verify: what came is hashed."""


class DownloadView(Described):
    """A file on its way to the server."""

    id: str
    """Of the operation."""
    state: State
    name: str
    """Below the downloads folder."""
    url: str
    """Without its query, which may be a signature."""
    entry: str | None
    """Of the catalogue, where it came from there."""
    sha256: str
    size: int | None
    progress: ProgressView
    team: str | None
    actor: str
    worker: str | None
    """The process that fetches it."""
    result: dict[str, Any] | None
    error: OperationError | None
    etag: str
    created_at: str
    updated_at: str
    finished_at: str | None


def download_view(record: OperationRecord) -> DownloadView:
    """Return a download as it is shown."""
    wish = record.parameters
    return DownloadView(
        id=record.id,
        state=_state(record),
        name=wish["name"],
        url=str(URL(wish["url"], encoded=True).with_query(None)),
        entry=wish.get("entry"),
        sha256=wish["sha256"],
        size=record.total if record.total is not None else wish.get("size"),
        progress=_progress(record),
        team=record.team,
        actor=record.actor,
        worker=record.lease_owner,
        result=None if record.result is None else dict(record.result),
        error=None if record.error is None else OperationError(**record.error),
        etag=record.etag,
        created_at=rfc3339(record.created_at),
        updated_at=rfc3339(record.updated_at),
        finished_at=shown_time(record.finished_at),
    )


def _state(record: OperationRecord) -> State:
    if record.over:
        return "done" if record.state == "done" else "failed" if record.state == "failed" else "cancelled"
    if record.parameters.get("paused"):
        return "paused"
    return "running" if record.cursor.get("phase", "wait") != "wait" else "queued"


def _progress(record: OperationRecord) -> ProgressView:
    if record.state == "done":
        return ProgressView(bytes=record.done, total=record.total, rate=None, eta=0.0, phase="done")
    cursor, runs = record.cursor, not record.parameters.get("paused")
    return ProgressView(
        bytes=record.done,
        total=record.total if record.total is not None else record.parameters.get("size"),
        rate=cursor.get("rate") if runs else None,
        eta=cursor.get("eta") if runs else None,
        phase=cursor.get("phase", "wait"),
    )
