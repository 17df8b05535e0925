"""What was measured to pay at no cost (performance notes, "Always"), held as it runs: a refactoring loses it unseen."""

import gc

import pytest
import uvloop
from aiohttp import DummyCookieJar

from gateway.app.process import GC_THRESHOLDS
from gateway.cli.serve import _runner
from tests.dataplane.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_product_runs_with_what_costs_nothing(house: House) -> None:
    """Calm collector, upstream session without jar, decoding, redirect proxies or a timer of the whole."""
    session = house.product.inside.ground.transport._session
    assert (gc.get_threshold(), gc.get_freeze_count() > 0) == (GC_THRESHOLDS, True)
    assert isinstance(session.cookie_jar, DummyCookieJar)
    assert session.timeout.total is None
    assert not session.auto_decompress
    assert not session.trust_env


async def test_serving_runs_on_uvloop() -> None:
    """Where it is installed, as it is here."""
    assert _runner() is uvloop.run
