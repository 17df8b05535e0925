"""What one can do with a model's life, together: what the composition root makes and routes and background take."""

from collections.abc import Callable

from gateway.audit.trail import Trail
from gateway.lifecycle.impact import Watch
from gateway.lifecycle.listing import ReferenceList
from gateway.lifecycle.purge import Purging
from gateway.lifecycle.restore import Restoration
from gateway.lifecycle.retire import Retirement
from gateway.lifecycle.rules import Operations, Rules
from gateway.lifecycle.transitions import Transitions
from gateway.registry.service.change import Changes
from gateway.storage.clock import Clock


class LifecycleService:
    """`retirement` deletes, `restoration` brings back, `purging` takes away, `transitions` announce and protect."""

    def __init__(  # noqa: PLR0913 - keyword-only, all of it from the composition root
        self,
        changes: Changes,
        clock: Clock,
        *,
        trail: Trail,
        watch: Watch,
        rules: Callable[[], Rules],
        operations: Operations | None = None,
    ) -> None:
        self.retirement = Retirement(changes, clock, trail=trail, watch=watch, rules=rules, operations=operations)
        self.restoration = Restoration(changes, trail=trail)
        self.transitions = Transitions(changes, trail=trail)
        self.purging = Purging(changes, clock, trail=trail, rules=rules)
        self.references = ReferenceList(changes, clock, watch)
