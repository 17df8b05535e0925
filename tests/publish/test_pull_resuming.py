"""A pull comes in parts like every download: one that broke off goes on where it was."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.downloads.parts import PART
from gateway.publish.messages import PublishError
from gateway.publish.reference import parse
from gateway.publish.service import Access, pull
from gateway.upstream.policy import EgressPolicy
from tests.publish.rogue import rogue
from tests.publish.test_pull import _layer

_ACCESS = Access(policy=EgressPolicy(), plain_http=True)
_CONTENT = random.Random(7).randbytes(3 * PART + 5)


class Storage:
    """A registry with one blob in ranges; `fails` decides which requests it refuses."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.fails = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        await asyncio.sleep(0)
        if "manifests" in request.path:
            return web.json_response({"schemaVersion": 2, "layers": [_layer("weights.gguf", _CONTENT)]})
        start, stop = request.http_range.start or 0, request.http_range.stop or len(_CONTENT)
        if self.fails and start > PART:
            return web.Response(status=404)
        self.ranges.append((start, stop))
        headers = {"Content-Range": f"bytes {start}-{stop - 1}/{len(_CONTENT)}", "ETag": '"x"'}
        return web.Response(status=206, body=_CONTENT[start:stop], headers=headers)


async def _pull(place: str, folder: Path, told: list[dict[str, Any]]) -> None:
    await pull(parse(f"{place}/team/model:v1"), folder / "out", _ACCESS, home=folder / "cache", notify=told.append)


async def test_a_pull_that_broke_off_fetches_only_what_is_missing(tmp_path: Path) -> None:
    """Four parts of a blob, two of which are refused at first; the hidden rest is nobody's model file."""
    storage, told = Storage(), list[dict[str, Any]]()
    async with rogue(storage.answer) as registry:
        storage.fails = True
        with pytest.raises(PublishError) as caught:
            await _pull(registry.place, tmp_path, told)
        assert caught.value.code == "unexpected"
        assert all(one.name.startswith(".") for one in (tmp_path / "out").iterdir())
        first, storage.fails = set(storage.ranges), False
        storage.ranges.clear()
        await _pull(registry.place, tmp_path, told)
    assert (tmp_path / "out" / "weights.gguf").read_bytes() == _CONTENT
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["weights.gguf"]
    assert first
    assert not first & set(storage.ranges)
    assert sum(one["count"] for one in told if one["event"] == "bytes") >= len(_CONTENT)
