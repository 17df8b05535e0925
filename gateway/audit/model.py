"""The record as it is shown and asked for. Pure."""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from pydantic import Field, field_validator

from gateway.api.page import PageQuery
from gateway.audit.event import Outcome
from gateway.audit.verifying import Problem
from gateway.described import Described

ActorType = Literal["key", "local", "file", "system", "cli"]


class ActorView(Described):
    """Who did it."""

    type: ActorType
    """key: a caller with a key; local: one on this machine without; file: a line of the configuration's file; cli: a
    command on the database itself; system: the server."""
    id: str | None
    """The key's id, or file and line."""
    key_id: str | None
    name: str
    team: str | None
    via: Literal["api", "cli", "console", "file", "system"]
    """The way that was taken, as the caller says of itself."""
    peer: str | None
    """The caller's address."""


class TargetView(Described):
    """What it was done to."""

    kind: str
    uid: str | None
    name: str
    """As it was called then."""
    team: str | None
    rev_before: int | None
    rev_after: int | None


class RecordView(Described):
    """One row of the record of changes. `hash` seals it and, by `prev_hash`, every row before it."""

    seq: int
    event_id: str
    at: str
    actor: ActorView
    request_id: str | None
    idempotency_key: str | None
    operation_id: str | None
    action: str
    """Noun and verb, as `model.delete`."""
    outcome: Outcome
    """ok: it was done; denied: the permission was missing; conflict: the state of things forbade it."""
    status: int
    """Of the answer, where a request did it."""
    repeated: int
    """How many more of the same refusal there were since the last row of it."""
    target: TargetView
    before: dict[str, Any] | None
    """Members that changed, as they were; of something that is gone all of them."""
    after: dict[str, Any] | None
    before_sha256: str | None
    """Of the whole object as it was."""
    after_sha256: str | None
    effects: tuple[dict[str, Any], ...]
    """Further rows that were touched."""
    reason: str | None
    """Why, in the words of who did it."""
    sealed_with: str
    """Which key sealed the row."""
    prev_hash: str
    hash: str


class AuditFilter(Described):
    """Which rows are meant."""

    actor: str | None = Field(default=None, max_length=200)
    """A key's id, or `local`, `file`, `cli`, `system`."""
    action: str | None = Field(default=None, max_length=100, json_schema_extra={"pattern": "^[^\\x00]*$"})
    """As `model.delete`; `model.*` for all about models."""
    target: str | None = Field(default=None, max_length=400)
    """The id of what it was done to, or its name at that time."""
    team: str | None = Field(default=None, max_length=200)
    outcome: Outcome | None = None
    since: str | None = Field(default=None, max_length=40)
    """A day or a time, RFC 3339: 2026-11-20 or 2026-11-20T08:00:00Z."""
    until: str | None = Field(default=None, max_length=40)
    """The first moment that is not shown any more."""

    @field_validator("since", "until")
    @classmethod
    def _moment(cls, text: str | None) -> str | None:
        if text:
            moment_ms(text)
        return text or None


class AuditQuery(AuditFilter, PageQuery):
    """A page of the record, newest first."""


class FindingView(Described):
    """Something that is wrong with the record."""

    seq: int | None
    """The row; null where it is about the whole."""
    problem: Problem
    message: str


class VerificationView(Described):
    """What a look at the whole record found."""

    intact: bool
    rows: int
    first_seq: int
    last_seq: int
    last_hash: str
    checkpoints: int
    """Signed ones whose signature holds."""
    covered_to: int
    """The last row that a checkpoint vouches for."""
    archived_to: int
    """The last row that was moved into an archive."""
    public_key: str | None
    """The public half of the key that signs checkpoints, base64: note it elsewhere."""
    findings: tuple[FindingView, ...]
    """The first hundred."""
    findings_total: int
    seconds: float


def record_view(text: str, row_hash: str) -> RecordView:
    """Return a row as it is shown."""
    return RecordView.model_validate({**msgspec.json.decode(text), "hash": row_hash})


def export_line(text: str, row_hash: str) -> str:
    r"""Return a row as a line of an export: its very text, with the hash as the last member.

    >>> export_line('{"seq":1}', "ab")
    '{"seq":1,"hash":"ab"}\n'
    """
    return f'{text[:-1]},"hash":"{row_hash}"}}\n'


def moment_ms(text: str) -> int:
    """Return a day's beginning or a time as unix ms; UTC where no offset is said.

    Raises:
        ValueError: it is neither.

    >>> moment_ms("1970-01-02")
    86400000
    """
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is neither a day nor a time: write 2026-11-20 or 2026-11-20T08:00:00Z") from None
