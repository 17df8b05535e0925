"""The main job on both databases: publish, call, count."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.app.caller import until
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.fakes.upstream import Upstream


@pytest.fixture
async def product(start: Start, database_url: str) -> AsyncIterator[Installation]:
    """Give a product on an empty database, SQLite and PostgreSQL in turn."""
    async with start(database={"url": database_url}) as running:
        yield running


async def test_a_model_is_published_called_and_counted(product: Installation, upstream: Upstream) -> None:
    """One model, one call, one row of usage with the upstream's own numbers."""
    model = await product.publish("qwen3", upstream.url)
    assert model["base_url"] == "/access/models/default/"
    answer = await product.admin.chat("qwen3")
    assert (answer.status, answer.json["usage"]["prompt_tokens"]) == (200, 11)
    assert (await _rows(product))[0]["exact"] == {
        "requests": 1, "input_tokens": 11, "output_tokens": 7, "cached_tokens": 0, "reasoning_tokens": 0,
    }  # fmt: skip


async def _rows(product: Installation) -> list[dict[str, Any]]:
    """Return the sums by model once the batch is written: half a second at most."""

    async def read() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await product.admin.show("api/v1/usage?group_by=model"))["items"]
        return rows

    async def written() -> bool:
        return bool(await read())

    await until(written)
    return await read()
