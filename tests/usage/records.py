"""Rows of usage, to be varied by the tests."""

from datetime import UTC, datetime
from typing import Any

from gateway.storage.engine import Database
from gateway.usage import store
from gateway.usage.model import UsageRecord


def at(day: str, hour: int = 12) -> int:
    """Return a moment of a day in UTC, in ms."""
    return int(datetime.fromisoformat(f"{day}T{hour:02d}:00:00").replace(tzinfo=UTC).timestamp() * 1000)


def record(day: str = "2026-01-15", **changes: Any) -> UsageRecord:
    """Return a row of 10 tokens in and 20 out."""
    fields: dict[str, Any] = {
        "at": at(day),
        "team": "team1",
        "key_id": "key_a",
        "model_uid": "mdl_1",
        "model": "qwen3",
        "endpoint_id": "ep_1",
        "operation": "chat",
        "status": 200,
        "outcome": "complete",
        "source": "exact",
        "input_tokens": 10,
        "output_tokens": 20,
        "cached_tokens": None,
        "reasoning_tokens": None,
        "duration_ms": 12.5,
        "ttfb_ms": None,
        "bytes_in": 300,
        "bytes_out": 400,
        "request_id": "0f3a4d1e",
        **changes,
    }
    return UsageRecord(**fields)


async def write(database: Database, *records: UsageRecord) -> None:
    """Write rows as one batch."""
    async with database.write() as conn:
        await store.add(conn, records)
