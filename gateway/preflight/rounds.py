"""Background health: every registered endpoint is looked at now and then, by what costs nothing (stages a and b).

Each has its own jittered time, so that they are not asked all at once; endpoints of one address with one credential
are asked together. What was found is noted in the health book and nowhere else.
"""

import asyncio
import heapq
import random
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct, field

from gateway.errors import EgressDenied, Unavailable
from gateway.preflight import existence
from gateway.preflight.asking import Asker
from gateway.preflight.checks import stage
from gateway.registry.health import Health, HealthBook, HealthState, health_of
from gateway.registry.registry import Registry
from gateway.registry.snapshot import EndpointRoute, Snapshot
from gateway.storage.clock import Clock
from gateway.tasks import Tasks
from gateway.upstream.egress import Egress
from gateway.vault.vault import Vault

LOOK_S: Final = 1.0
"""How often it is looked whose time has come."""
AT_ONCE: Final = 8
_JITTER: Final = 0.2
_A_TURN: Final = 64  # places that one turn looks at
_STEP: Final = 2000  # endpoints that are gone through without a pause: 1 ms
_FOLLOW_S: Final = 5.0  # how often changes of the registry are followed

Place = tuple[str, str]
"""An address, and whose credential is used there."""


class _Group(Struct):
    """Endpoints at one place."""

    endpoints: list[EndpointRoute] = field(default_factory=list)
    next_at: float = 0.0


class HealthRounds:
    """Looks at endpoints; `interval_s` says how often, 0 never. `chance` gives numbers from 0 to 1."""

    def __init__(  # noqa: PLR0913 - keyword-only, from the composition root
        self,
        asker: Asker,
        *,
        egress: Egress,
        registry: Registry,
        vault: Vault,
        book: HealthBook,
        clock: Clock,
        tasks: Tasks,
        interval_s: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._asker = asker
        self._egress = egress
        self._registry = registry
        self._vault = vault
        self._book = book
        self._clock = clock
        self._tasks = tasks
        self._interval_s = interval_s
        self._chance = chance
        self._groups: dict[Place, _Group] = {}
        self._due: list[tuple[float, Place]] = []
        self._followed = -1  # a revision, and not the snapshot: one that is held here is freed whole, in 80 ms
        self._followed_at = float("-inf")
        self._turn: asyncio.Task[None] | None = None

    async def step(self) -> None:
        """Begin a turn unless one is under way; it runs beside, so that a server that is silent delays nobody."""
        if self._interval_s() > 0 and (self._turn is None or self._turn.done()):
            self._turn = self._tasks.start(self.turn(), name="look at the health of endpoints")

    async def turn(self) -> None:
        """Look at those whose time has come."""
        now = self._clock.monotonic()
        snapshot = self._registry.snapshot
        if snapshot.revision != self._followed and now - self._followed_at >= _FOLLOW_S:
            await self._follow(snapshot, now)
        due: list[Place] = []
        while self._due and self._due[0][0] <= now and len(due) < _A_TURN:
            at, place = heapq.heappop(self._due)
            if place in self._groups and self._groups[place].next_at == at:
                due.append(place)
        gate = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._look(place, gate) for place in due))

    async def _follow(self, snapshot: Snapshot, now: float) -> None:
        """Take over the endpoints of a new snapshot; those that stay keep their time."""
        groups: dict[Place, _Group] = {}
        for number, (_, endpoint) in enumerate(snapshot.endpoints.values()):
            if endpoint.enabled:
                groups.setdefault(_place(endpoint), _Group()).endpoints.append(endpoint)
            if number % _STEP == _STEP - 1:
                await asyncio.sleep(0)
        for place, group in groups.items():
            before = self._groups.get(place)
            if before is not None:
                group.next_at = before.next_at
            else:
                self._plan(place, group, now + self._interval_s() * self._chance())
        gone, self._groups = self._groups, groups
        self._followed, self._followed_at = snapshot.revision, now
        self._book.retain(snapshot.endpoints)
        await _let_go(gone)

    def _plan(self, place: Place, group: _Group, at: float) -> None:
        group.next_at = at
        heapq.heappush(self._due, (at, place))

    async def _look(self, place: Place, gate: asyncio.Semaphore) -> None:
        group = self._groups.get(place)
        if group is None:
            return
        async with gate:
            for endpoint, health in (await self._found(group)).items():
                self._book.put(endpoint.id, str(endpoint.base_url), health)
        spread = 1 + _JITTER * (2 * self._chance() - 1)
        self._plan(place, group, self._clock.monotonic() + self._interval_s() * spread)

    async def _found(self, group: _Group) -> Mapping[EndpointRoute, Health]:
        first, now_ms = group.endpoints[0], self._clock.now_ms()
        try:
            self._egress.policy.judge(first.base_url)
            key = None
            if first.credential is not None:
                key = await self._vault.resolve(first.credential, owner=first.id)
        except EgressDenied as error:
            told = stage("address", "egress_denied", hint=error.hint or "")
            return dict.fromkeys(group.endpoints, health_of([told], now_ms=now_ms))
        except Unavailable as error:
            return dict.fromkeys(group.endpoints, Health(HealthState.UNHEALTHY, error.message, now_ms))
        found = await existence.look(self._asker, first.base_url, key=key, native=False)
        return {
            one: health_of([await existence.shown(found, one.upstream_model)], now_ms=now_ms) for one in group.endpoints
        }


def _place(endpoint: EndpointRoute) -> Place:
    credential = endpoint.credential
    return str(endpoint.base_url), "" if credential is None else f"{credential.kind}:{credential.ref}"


async def _let_go(groups: dict[Place, _Group]) -> None:
    """Free groups that are no more, some endpoints at a time."""
    freed = 0
    while groups:
        _, group = groups.popitem()
        while group.endpoints:
            freed += min(len(group.endpoints), _STEP)
            del group.endpoints[-_STEP:]
            if freed >= _STEP:
                freed = 0
                await asyncio.sleep(0)
