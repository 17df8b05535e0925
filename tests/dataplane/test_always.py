"""What was measured to pay at no cost (performance notes, "Always"), held as it runs: a refactoring loses it unseen."""

import gc
from pathlib import Path

import pytest
import uvloop
from aiohttp import DummyCookieJar

from gateway.app.process import GC_THRESHOLDS
from gateway.cli.serve import _runner
from tests.app.caller import calling
from tests.app.installation import installed, process_settings_kept
from tests.dataplane.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_product_runs_with_what_costs_nothing(house: House) -> None:
    """Calm collector, upstream session without jar, decoding, redirect proxies or a timer of the whole."""
    session = house.product.inside.ground.transport._session
    assert gc.get_threshold() == GC_THRESHOLDS
    assert isinstance(session.cookie_jar, DummyCookieJar)
    assert session.timeout.total is None
    assert not session.auto_decompress
    assert not session.trust_env


async def test_a_start_takes_what_it_loaded_from_the_collector(tmp_path: Path) -> None:
    """Once, when everything is there."""
    async with calling() as caller:
        with process_settings_kept() as notes:
            async with installed(caller, tmp_path / "data", {}, {}):
                assert notes == ["frozen"]


async def test_serving_runs_on_uvloop() -> None:
    """Where it is installed, as it is here."""
    assert _runner() is uvloop.run
