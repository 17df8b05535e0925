"""Starting a product in the test's process, without a trace of it afterwards."""

import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.app.caller import calling
from tests.app.installation import installed
from tests.dataplane.house import House
from tests.fakes.upstream import Upstream


@contextlib.asynccontextmanager
async def opened(
    folder: Path, *, environment: Mapping[str, str] | None = None, before: House | None = None, **settings: Any
) -> AsyncIterator[House]:
    """Run a product with these settings between two model servers.

    Over the folder of an earlier one, `before` is that one: its model servers and its administrator's key are taken.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_process_settings())
        caller = await stack.enter_async_context(calling())
        near = before.near if before else await stack.enter_async_context(Upstream())
        far = before.far if before else await stack.enter_async_context(Upstream())
        product = await stack.enter_async_context(installed(caller, folder / "data", settings, environment or {}))
        yield House(replace(product, key=product.key or (before.product.key if before else "")), near, far)


@contextlib.contextmanager
def _process_settings() -> Iterator[None]:
    """Put back what a starting product sets for its whole process: logging and the garbage collector."""
    root = logging.getLogger()
    handlers, level, thresholds = list(root.handlers), root.level, gc.get_threshold()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
