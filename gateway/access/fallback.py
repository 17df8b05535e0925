"""Which models take over for a call whose own model cannot answer, in their order. Pure; used by intake and dispatch.

First the models that its own model names, then those that these name. A caller is never led to a model that the key may
not call by name, and a model that is disabled or leaves takes over for nobody: both are passed over.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from gateway.access.admission import may_use
from gateway.api.principal import Principal
from gateway.registry.snapshot import CALLABLE_STATES, EndpointRoute, ModelRoute, Snapshot

MOST: Final = 8
"""Models that take over for one call: as many as one may name."""


class Tier(NamedTuple):
    """A model that takes over, with the endpoints that are switched on."""

    route: ModelRoute
    endpoints: tuple[EndpointRoute, ...]


def tiers(principal: Principal, route: ModelRoute, newest: Callable[[], Snapshot]) -> Iterator[Tier]:
    """Yield the models behind `route`; each is looked up when it is asked for, which may be a timeout later."""
    seen, waiting, given = {route.uid}, deque(route.fallbacks), 0
    while waiting and given < MOST:
        uid = waiting.popleft()
        snapshot = newest()
        one = snapshot.by_uid.get(uid)
        if one is None or uid in seen:
            continue
        seen.add(uid)
        waiting.extend(one.fallbacks)
        if one.state in CALLABLE_STATES and one.served and may_use(principal, one, snapshot):
            given += 1
            yield Tier(one, tuple(endpoint for endpoint in one.endpoints if endpoint.enabled))
