"""Read on when the caller has left: some upstreams bill the whole answer, and only its end says what (USE-5, PRX-3).

Off unless configured (docs/decisions/0010): what the caller does not want any more costs the upstream's time. Where it
is on, a call runs in a task of its own, which the caller's leaving does not end; nothing further is attempted for it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from gateway.access.call import Call, Outcome
from gateway.errors import GatewayError
from gateway.tasks import Tasks

_Carried = Coroutine[Any, Any, web.StreamResponse]


class ReadOn:
    """The calls that may outlive their callers. One for the process; `default_ms` counts where a model says nothing."""

    def __init__(self, tasks: Tasks, *, default_ms: int) -> None:
        self._tasks = tasks
        self._default_s = default_ms / 1000
        self._left: set[asyncio.Task[Any]] = set()

    def seconds(self, call: Call) -> float:
        """Return for how long the call is read on when its caller leaves; 0: not at all."""
        own = call.route.drain_for_usage_ms if call.route is not None else None
        return self._default_s if own is None else own / 1000

    async def carry(
        self, call: Call, carried: _Carried, *, seconds: float, close: Callable[[], object]
    ) -> web.StreamResponse:
        """Return what `carried` returns; when the caller leaves first, let it run on, and `close` the books then.

        Raises:
            GatewayError: as `carried`.
            CancelledError: the caller left; `call.left` says whether the books are still open.
        """
        call.reads_on = True
        task = self._tasks.start(_ended(carried), name="a call that may outlive its caller")
        try:
            result = await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                self._let_run(call, task, seconds, close)
            raise
        if isinstance(result, Exception):
            try:
                raise result
            finally:
                del result  # its trace holds this frame
        return result

    async def end(self) -> None:
        """End all of them: the process stops, and what was observed so far is charged."""
        for task in self._left:
            task.cancel()
        await asyncio.gather(*self._left, return_exceptions=True)

    def _let_run(self, call: Call, task: asyncio.Task[Any], seconds: float, close: Callable[[], object]) -> None:
        call.left = True
        self._left.add(task)
        timer = asyncio.get_running_loop().call_later(seconds, task.cancel)

        def ended(_: object) -> None:
            timer.cancel()
            self._left.discard(task)
            call.outcome = Outcome.CANCELLED
            close()

        task.add_done_callback(ended)


async def _ended(carried: _Carried) -> web.StreamResponse | Exception:
    """Return an expected error instead of raising it: a task's own error counts as a fault and is logged."""
    try:
        return await carried
    except (GatewayError, ConnectionError) as error:
        return error
