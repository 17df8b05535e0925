"""CAT-30 where the loop itself fails: the thread never waits for more than the deadline and a grace."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError, SlowRetrievalError

from gateway.catalogue.trust import bridge as bridging
from gateway.catalogue.trust.bridge import Bridge
from gateway.catalogue.trust.deadlines import Deadlines
from gateway.upstream.transport import UpstreamRequest, UpstreamResponse


class NoTransport:
    """For loops on which nothing is ever sent."""

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Fail the test."""
        raise AssertionError(request)

    def drop_idle(self, url: object) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def other_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give a loop that runs in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    asyncio.run_coroutine_threadsafe(_settle(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _settle() -> None:
    """End what was given up."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _bridge(loop: asyncio.AbstractEventLoop, scratch: Path) -> Bridge:
    return Bridge(NoTransport(), loop, deadlines=Deadlines(metadata_s=0.1), scratch=scratch)


def test_a_loop_that_stands_still_is_given_up(
    other_loop: asyncio.AbstractEventLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever holds it up: the deadline and the grace are all that a file may cost."""
    monkeypatch.setattr(bridging, "_GRACE_S", 0.1)
    release = threading.Event()
    other_loop.call_soon_threadsafe(release.wait, 30)
    began = time.monotonic()
    with pytest.raises(SlowRetrievalError, match="does not answer"):
        _bridge(other_loop, tmp_path).download_bytes("http://hub.example.com/timestamp.json", 100)
    assert time.monotonic() - began < 10
    release.set()


def test_a_loop_that_is_closed_is_a_failed_download(tmp_path: Path) -> None:
    """A process that ends while its thread still wants something."""
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(DownloadError, match="loop is closed"):
        _bridge(loop, tmp_path).download_bytes("http://hub.example.com/timestamp.json", 100)


def test_what_was_called_off_asks_for_nothing_more(other_loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    """Between two files as in the middle of one, and while another process is waited for."""
    bridge = _bridge(other_loop, tmp_path)
    bridge.abort()
    with pytest.raises(DownloadError, match="called off"):
        bridge.download_bytes("http://hub.example.com/timestamp.json", 100)
    with pytest.raises(DownloadError, match="called off"):
        bridge.pause(60)
