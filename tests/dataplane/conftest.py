"""One product and two model servers for all tests of a module; tests that need other settings start their own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest
import pytest_asyncio

from gateway.access.balance import Balancer
from tests.clock import ManualClock
from tests.dataplane.house import House
from tests.dataplane.opening import opened

Open: TypeAlias = Callable[..., AbstractAsyncContextManager[House]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Give the product that a module's tests share."""
    async with opened(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def open_house(tmp_path: Path) -> Open:
    """Give the way to a product with settings of its own, by section as keywords."""
    return partial(opened, tmp_path)


@pytest_asyncio.fixture(loop_scope="module")
async def balance(house: House) -> AsyncIterator[Balancer]:
    """Give a balancer without memory whose clock and chance stand still: it takes a model's heaviest endpoint."""
    dispatcher = house.product.inside._relay._dispatcher
    before, dispatcher._balancer = dispatcher._balancer, Balancer(ManualClock().monotonic, lambda: 0.5)
    yield dispatcher._balancer
    dispatcher._balancer = before
