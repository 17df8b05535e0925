"""A database full of models and of what points at them, written raw: 100,000 models in seconds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Table, insert

from gateway.storage import schema
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database

_AT_ONCE = 5000
_STAMPS = {"created_at": 1, "updated_at": 1}


class Amount(NamedTuple):
    """How much there is. Aliases and grants are spread evenly over the models."""

    models: int = 100_000
    aliases: int = 10_000
    grants: int = 100_000
    keys: int = 1_000


async def fill(database: Database, team_id: str, amount: Amount) -> None:
    """Write it all; each model has one endpoint. Names are m000000 and so on, uids mdl_000000."""
    for table, rows in (
        (schema.models, _models(team_id, amount.models)),
        (schema.endpoints, _endpoints(amount.models)),
        (schema.aliases, _aliases(team_id, amount)),
        (schema.keys, _keys(team_id, amount.keys if amount.grants else 0)),
        (schema.key_models, _grants(amount)),
    ):
        for some in _in_parts(rows):
            async with database.write() as conn:
                await _write(conn, table, some)
    if database.dialect == "postgresql":
        async with database.write() as conn:
            await conn.exec_driver_sql("ANALYZE")


async def _write(conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    await conn.execute(insert(table), list(rows))


def _in_parts(rows: Iterator[Mapping[str, object]]) -> Iterator[list[Mapping[str, object]]]:
    part: list[Mapping[str, object]] = []
    for row in rows:
        part.append(row)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _models(team_id: str, count: int) -> Iterator[Mapping[str, object]]:
    for n in range(count):
        yield {
            "uid": f"mdl_{n:06}",
            "team_id": team_id,
            "name": f"m{n:06}",
            "task": "chat",
            "state": "active",
            **_STAMPS,
        }


def _endpoints(count: int) -> Iterator[Mapping[str, object]]:
    for n in range(count):
        yield {
            "id": f"ep_{n:06}",
            "model_uid": f"mdl_{n:06}",
            "base_url": "https://upstream.example.com/v1",
            "upstream_model": None,
            **_STAMPS,
        }


def _aliases(team_id: str, amount: Amount) -> Iterator[Mapping[str, object]]:
    step = max(amount.models // max(amount.aliases, 1), 1)
    for n in range(amount.aliases):
        yield {
            "id": f"als_{n:06}",
            "team_id": team_id,
            "name": f"a{n:06}",
            "model_uid": f"mdl_{n * step % amount.models:06}",
            **_STAMPS,
        }


def _keys(team_id: str, count: int) -> Iterator[Mapping[str, object]]:
    for n in range(count):
        yield {
            "id": f"key_{n:06}",
            "key_id": f"{n:08}",
            "env": "live",
            "name": f"k{n:06}",
            "team_id": team_id,
            "role": "developer",
            "hash": b"",
            "pepper_id": "p1",
            "limited": True,
            **_STAMPS,
        }


def _grants(amount: Amount) -> Iterator[Mapping[str, object]]:
    for n in range(amount.grants):
        model = n % amount.models
        yield {
            "key_id": f"key_{n % amount.keys:06}",
            "position": n // amount.keys,
            "pattern": f"m{model:06}",
            "model_uid": f"mdl_{model:06}",
        }
