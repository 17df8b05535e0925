"""What was asked for lately, kept for whoever asks next (catalogue.md section 6, L1).

Fresh for a minute. Then for ten more it is given at once and made anew behind the answer (stale-while-revalidate).
Older than that it is made first, and the old one serves where that fails (stale-if-error). Callers who come together
wait for one and the same making of it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, NamedTuple, TypeVar, cast

from gateway.errors import Unavailable
from gateway.tasks import Tasks

T = TypeVar("T")

FRESH_S: Final = 60.0
STALE_S: Final = 600.0
ON_ERROR_S: Final = 86_400.0
"""How old something may be that is given where it cannot be made anew."""
MOST: Final = 256
"""Things that are kept; a page of the list takes 200 KB at most, an entry 1 KB."""


class _Kept(NamedTuple):
    value: object
    at_s: float


class Memory:
    """Keeps up to `most` things by their key; the one that nobody asked for the longest goes first."""

    def __init__(self, monotonic: Callable[[], float], tasks: Tasks, *, most: int = MOST) -> None:
        self._now = monotonic
        self._tasks = tasks
        self._most = most
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._making: dict[Hashable, asyncio.Future[Any]] = {}

    def __len__(self) -> int:
        """How many things are kept."""
        return len(self._kept)

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return what is kept under the key, or what `make` gives.

        Raises:
            Exception: what `make` raised, where nothing that is young enough is kept.
        """
        kept = self._kept.get(key)
        if kept is None:
            return cast("T", await asyncio.shield(self._make(key, make)))
        self._kept.move_to_end(key)
        age_s = self._now() - kept.at_s
        if age_s < FRESH_S:
            return cast("T", kept.value)
        making = self._make(key, make)
        if age_s >= FRESH_S + STALE_S:
            await asyncio.wait([making])
            if making.exception() is None or age_s >= ON_ERROR_S:
                return cast("T", making.result())
        return cast("T", kept.value)

    def drop(self, key: Hashable) -> None:
        """Forget it, also what is being made of it now: that was begun before whatever has changed."""
        self._kept.pop(key, None)
        self._making.pop(key, None)

    def _make(self, key: Hashable, make: Callable[[], Awaitable[Any]]) -> asyncio.Future[Any]:
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.get_running_loop().create_future()
            task = self._tasks.start(self._run(key, make, making), name="read the catalogue")
            task.add_done_callback(lambda _: _end(making))
        return making

    async def _run(self, key: Hashable, make: Callable[[], Awaitable[Any]], making: asyncio.Future[Any]) -> None:
        try:
            value = await make()
        except Exception as error:  # noqa: BLE001 - handed on to whoever waits
            making.set_exception(error)
            making.exception()  # nobody may be waiting
        else:
            making.set_result(value)
            if self._making.get(key) is making:  # otherwise it was dropped meanwhile
                self._keep(key, value)
        finally:
            if self._making.get(key) is making:
                del self._making[key]

    def _keep(self, key: Hashable, value: object) -> None:
        self._kept[key] = _Kept(value, self._now())
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _end(making: asyncio.Future[Any]) -> None:
    """Leave nobody waiting when the process stops."""
    if not making.done():
        making.set_exception(Unavailable("the process stops"))
        making.exception()
