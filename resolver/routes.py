"""Routes: where each model is called, remembered for a while and looked up once however many callers wait.

Settled here: the lifetime of a route and single flight (clients.md WRP-4), for threads and for coroutines. Knows
neither HTTP nor openai: how to look up, and how an error is raised a second time, come in as functions.

The first caller of a cold name leads: it looks up in its own thread or task. The others wait, and share its route or
its error. A leader that is cancelled leaves the lead to one of those who wait: no cancelled caller takes the others
with it, and there is no detached task to lose.
"""

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

import anyio  # openai stands on it, so this adds no dependency; good for asyncio and trio alike
from anyio.lowlevel import current_token

from resolver.address import ResolvedURL

__all__ = ["ROUTE_TTL_S", "Route", "RouteCache"]

# A moved model is noticed at once by its answer (404, 410, 421, no connection). The limit is for changes that no
# answer tells, such as a gateway that the server no longer lists.
ROUTE_TTL_S: Final = 60.0

Name: TypeAlias = str | None
_E = TypeVar("_E", threading.Event, anyio.Event)


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One answer of the server: the address to call, and the gateway origins it vouches for. Equal by identity."""

    address: ResolvedURL
    gateways: frozenset[str] = frozenset()

    @property
    def origin(self) -> str:
        """The canonical origin that a call on this route goes to."""
        return str(self.address.origin)


class RouteCache:
    """Routes by model name; None stands for the team's own address. A client shares it with its copies.

    `again` makes a fresh error like the one it gets: one exception object must not be raised in several threads.
    """

    def __init__(self, *, ttl_s: float, clock: Callable[[], float], again: Callable[[Exception], Exception]) -> None:
        self.ttl_s, self.clock, self.again = ttl_s, clock, again
        self._routes: dict[Name, tuple[float, Route]] = {}
        self._flights: dict[tuple[Name, object], _Flight[Any]] = {}
        self._lock = threading.Lock()  # held while the dicts are touched, never while a look-up runs

    def peek(self, name: Name) -> Route | None:
        """Return the route of `name` if one is known and not too old."""
        known = self._routes.get(name)
        return known[1] if known is not None and self.clock() - known[0] < self.ttl_s else None

    def gateways(self) -> frozenset[str]:
        """Return every gateway origin that the server has listed lately."""
        with self._lock:
            names = tuple(self._routes)
        return frozenset[str]().union(*(route.gateways for name in names if (route := self.peek(name))))

    def drop(self, name: Name, route: Route) -> None:
        """Forget `route`, unless somebody has looked up a newer one meanwhile."""
        with self._lock:
            known = self._routes.get(name)
            if known is not None and known[1] is route:
                del self._routes[name]

    def get(self, name: Name, look_up: Callable[[], Route]) -> Route:
        """Return the route of `name`; `look_up` runs unless it is known or another thread is looking it up."""
        route = self.peek(name)
        while route is None:
            flight, leads = self._board(name, None, threading.Event())
            if leads:
                with self._leading(flight):
                    flight.route = look_up()
            else:
                flight.landed.wait()
            route = flight.outcome(self.again)
        return route

    async def aget(self, name: Name, look_up: Callable[[], Awaitable[Route]]) -> Route:
        """Return the route of `name` like `get`; the coroutines of one event loop wait for each other."""
        route = self.peek(name)
        while route is None:
            flight, leads = self._board(name, current_token(), anyio.Event())
            if leads:
                with self._leading(flight):
                    flight.route = await look_up()
            else:
                await flight.landed.wait()
            route = flight.outcome(self.again)
        return route

    def _board(self, name: Name, loop: object, landed: _E) -> "tuple[_Flight[_E], bool]":
        """Return the flight of `name` and whether the caller leads it."""
        with self._lock:
            flight = self._flights.get((name, loop))
            if flight is not None:
                return flight, False
            flight = _Flight[_E]((name, loop), landed)
            flight.route = self.peek(name)  # somebody may have landed since the caller looked
            if flight.route is None:
                self._flights[name, loop] = flight
            else:
                flight.landed.set()
            return flight, flight.route is None

    @contextmanager
    def _leading(self, flight: "_Flight[Any]") -> Iterator[None]:
        try:
            yield
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[flight.seat]
                if flight.route is not None:
                    self._routes[flight.seat[0]] = (self.clock(), flight.route)
            flight.landed.set()


class _Flight(Generic[_E]):
    """One look-up under way. `landed` is set when it has a route, an error, or neither: the leader was cancelled."""

    __slots__ = ("error", "landed", "route", "seat")

    def __init__(self, seat: tuple[Name, object], landed: _E) -> None:
        self.seat = seat
        self.landed: _E = landed
        self.route: Route | None = None
        self.error: Exception | None = None

    def outcome(self, again: Callable[[Exception], Exception]) -> Route | None:
        """Return the route, or None when somebody else has to lead; raise what the leader's look-up raised."""
        if self.error is not None:
            raise again(self.error) from self.error
        return self.route
