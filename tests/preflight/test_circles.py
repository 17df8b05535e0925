"""REG-5: a call that comes back to the process that sent it, through another one, ends there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from yarl import URL

from tests.app.caller import Caller
from tests.app.conftest import Start, caller, process_settings, start
from tests.app.installation import Installation

__all__ = ["caller", "process_settings", "start"]


@contextlib.asynccontextmanager
async def forwarding(address: str) -> AsyncIterator[str]:
    """Forward every byte of a port to the address, as a load balancer does; give the port's own address."""
    there = URL(address)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", there.port)
        await asyncio.gather(copy(reader, other_writer), copy(other_reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _publish(at: Installation, place: str, key: str) -> None:
    await at.admin.make("models", name="qwen3", endpoints=[{"base_url": f"{place}/v1", "api_key": key}])


def _findings(report: dict[str, list[dict[str, list[dict[str, str]]]]]) -> list[tuple[str, str]]:
    return [(one["stage"], one["code"]) for one in report["endpoints"][0]["stages"]]


async def test_two_servers_that_lead_to_each_other(start: Start, tmp_path: Path) -> None:
    """The call ends with 508 where it has been before, and the check says so before anything is registered."""
    async with (
        start(data_dir=tmp_path / "a") as first,
        start(data_dir=tmp_path / "b") as second,
        forwarding(first.inside.address) as front,
    ):
        keys = [await one.key_of("developer", team="default") for one in (first, second)]
        await _publish(second, front, keys[0])
        wanted = {"base_url": f"{second.inside.address}v1", "model": "qwen3", "api_key": keys[1]}
        report = (await first.admin.post("api/v1/preflight", wanted)).json
        await _publish(first, second.inside.address.rstrip("/"), keys[1])
        called = await first.admin.chat("qwen3")
    assert (called.status, called.json["error"]["code"]) == (508, "gateway_loop")
    assert called.headers["x-should-retry"] == "false"
    assert _findings(report)[-1] == ("trial", "circle")


async def test_its_own_address_behind_another_name(start: Start, caller: Caller) -> None:
    """A load balancer in front: no address tells, the smallest call does."""
    del caller
    async with start() as product, forwarding(product.inside.address) as front:
        key = await product.key_of("developer", team="default")
        wanted = {"base_url": f"{front}/v1", "model": "qwen3", "api_key": key}
        report = (await product.admin.post("api/v1/preflight", wanted)).json
        refused = await product.admin.post(
            "api/v1/models", {"name": "qwen3", "endpoints": [{"base_url": f"{front}/v1", "api_key": key}]}
        )
    assert _findings(report)[-1] == ("trial", "circle")
    assert (refused.status, refused.code) == (422, "preflight_failed")
    assert refused.json["detail"] == f"calls to {front}/v1/chat/completions come back to this server"
