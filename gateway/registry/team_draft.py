"""A team in the making, with its models in order of their names. Pure; part of draft.py."""

from bisect import bisect_left, insort
from operator import attrgetter
from typing import Final

from msgspec import Struct, field

from gateway.registry.record import GatewayRecord
from gateway.registry.snapshot import ModelRoute, Retired

_NAME = attrgetter("name")
_FEW: Final = 100
"""Models that are taken out of the list one by one, which moves all that come behind."""


class TeamDraft(Struct):
    """A team in the making; `models` is sorted by name, each of `retired` by uid.

    `dropped` are names whose models are still in `models`: most come again, and then take the same place.
    """

    id: str
    name: str
    gateway: GatewayRecord | None
    base_url: str
    models: list[ModelRoute]
    by_name: dict[str, ModelRoute]
    defaults: dict[str, str]
    retired: dict[str, tuple[Retired, ...]]
    dropped: set[str] = field(default_factory=set)

    def drop(self, name: str) -> None:
        """Take a model out."""
        self.by_name.pop(name, None)
        self.dropped.add(name)

    def put(self, route: ModelRoute) -> None:
        """Take a model in, at its place."""
        self.by_name[route.name] = route
        if route.name in self.dropped:
            self.dropped.remove(route.name)
            self.models[bisect_left(self.models, route.name, key=_NAME)] = route
        else:
            insort(self.models, route, key=_NAME)

    def settled(self) -> tuple[ModelRoute, ...]:
        """Return the models without those that did not come again."""
        if len(self.dropped) > _FEW:
            return tuple([one for one in self.models if one.name not in self.dropped])
        for name in self.dropped:
            del self.models[bisect_left(self.models, name, key=_NAME)]
        self.dropped = set()
        return tuple(self.models)
