"""Starting a product in the test's process, without a trace of it afterwards."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.app.caller import calling
from tests.app.installation import installed, process_settings_kept
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
        stack.enter_context(process_settings_kept())
        caller = await stack.enter_async_context(calling())
        near = before.near if before else await stack.enter_async_context(Upstream())
        far = before.far if before else await stack.enter_async_context(Upstream())
        product = await stack.enter_async_context(installed(caller, folder / "data", settings, environment or {}))
        yield House(replace(product, key=product.key or (before.product.key if before else "")), near, far)
