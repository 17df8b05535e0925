"""The sentences about a deletion, said once for API, command line and console. Pure."""

from collections import Counter
from collections.abc import Iterable

from gateway.lifecycle.impact import Running, Traffic
from gateway.lifecycle.plan import Effect, Plan
from gateway.lifecycle.views import Confirmation
from gateway.storage.clock import rfc3339

_NOUNS = {
    "alias": ("alias", "aliases"),
    "fallback": ("fallback of another model", "fallbacks of other models"),
    "own_fallback": ("fallback of its own", "fallbacks of its own"),
    "key": ("key's list", "keys' lists"),
    "team_default": ("default of the team", "defaults of the team"),
    "successor": ("model that names it as successor", "models that name it as successor"),
    "endpoint": ("endpoint", "endpoints"),
    "stored_object": ("unfinished job", "unfinished jobs"),
    "catalogue_entry": ("entry of the catalogue", "entries of the catalogue"),
}
_VERBS = {
    "deleted": ("is deleted", "are deleted"),
    "removed": ("loses it", "lose it"),
    "moved": ("moves to the successor", "move to the successor"),
    "cleared": ("names none any more", "name none any more"),
    "closed": ("is closed and kept until the purge", "are closed and kept until the purge"),
    "given_up": ("is given up", "are given up"),
    "suppressed": ("is not offered to the team again", "are not offered to the team again"),
}
_SHOWN = 3
_ITS_OWN = frozenset({"closed", "suppressed"})
"""What happens to nobody else."""


def confirmation(name: str, plan: Plan, traffic: Traffic, running: Running, *, purge_at: int) -> Confirmation:
    """Return what somebody is told and asked before a model is deleted."""
    lines = [_calls(traffic), _under_way(running), *_effects(plan.effects)]
    lines.append(f"It can be restored until {rfc3339(purge_at)[:10]}.")
    matters = any(one.action not in _ITS_OWN for one in plan.effects)
    return Confirmation(
        phrase=name,
        needed=matters or traffic.calls_24h > 0 or running.calls > 0,
        lines=tuple(line for line in lines if line),
    )


def in_the_way(name: str, plan: Plan) -> str:
    """Return the sentence of a refusal: who keeps the model.

    >>> in_the_way("a", Plan())
    "model 'a' is still in use by nothing"
    """
    shown = [f"{one.reference.kind} {one.reference.name!r} ({one.why})" for one in plan.blockers[:_SHOWN]]
    more = f" and {len(plan.blockers) - _SHOWN} more" if len(plan.blockers) > _SHOWN else ""
    return f"model {name!r} is still in use by {', '.join(shown) or 'nothing'}{more}"


def _calls(traffic: Traffic) -> str:
    if traffic.calls_24h:
        return f"{traffic.calls_24h} {_one(traffic.calls_24h, 'call', 'calls')} in the last 24 hours."
    if traffic.last_used is None:
        return "Nobody has called it, as far as is on record."
    return f"No call in the last 24 hours; the last one was on {traffic.last_used[:10]}."


def _under_way(running: Running) -> str:
    if not running.calls:
        return ""
    return f"{running.calls} {_one(running.calls, 'call is', 'calls are')} under way and may end first."


def _effects(effects: Iterable[Effect]) -> list[str]:
    groups = Counter((one.reference.kind, one.action) for one in effects)
    lines = []
    for (kind, action), number in groups.items():
        noun, verb = _NOUNS[kind], _VERBS[action]
        lines.append(f"{number} {_one(number, *noun)} {_one(number, *verb)}.")
    return lines


def _one(number: int, singular: str, plural: str) -> str:
    return singular if number == 1 else plural
