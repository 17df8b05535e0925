"""The order in which models take over, and who is passed over."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from gateway.access.fallback import MOST, tiers
from gateway.registry.snapshot import Snapshot
from tests.access.test_admission import caller
from tests.registry.records import build, endpoint, model, rows


def registry(chains: Mapping[str, Sequence[str]], *, off: Sequence[str] = ()) -> Snapshot:
    """Return a registry with these models, an endpoint each, and their fallbacks; `off` are disabled."""
    names = list(dict.fromkeys([*chains, *(one for legs in chains.values() for one in legs)]))
    models = tuple(model(name, name, state="disabled" if name in off else "active") for name in names)
    snapshot = build(rows(models=models, endpoints=tuple(endpoint(f"ep_{name}", name) for name in names)))
    routes = {uid: structs.replace(one, fallbacks=tuple(chains.get(uid, ()))) for uid, one in snapshot.by_uid.items()}
    return replace(snapshot, by_uid=routes)


def order(snapshot: Snapshot, *patterns: str) -> list[str]:
    """Return who takes over for the model `a`, for a key with these patterns."""
    found = tiers(caller("research", *patterns), snapshot.by_uid["a"], lambda: snapshot)
    return [one.route.name for one in found]


def test_the_models_that_it_names_come_before_those_that_these_name() -> None:
    """What is said of the model itself counts most."""
    assert order(registry({"a": "bc", "b": "d", "c": "e", "d": "f"})) == list("bcdef")


def test_nobody_is_asked_twice() -> None:
    """Neither where two ways lead to a model, nor in a ring, which two servers at once may have made."""
    assert order(registry({"a": "bc", "b": "d", "c": "d", "d": "ab"})) == list("bcd")


def test_it_ends_after_eight() -> None:
    """Whatever hangs behind."""
    names = "abcdefghijkl"
    assert order(registry(dict(itertools.pairwise(names)))) == list(names[1 : MOST + 1])


def test_who_may_not_be_called_is_passed_over() -> None:
    """A disabled one, and one that the key may not name; those behind it count all the same."""
    chains = {"a": "b", "b": "c"}
    assert order(registry(chains, off="b")) == ["c"]
    assert order(registry(chains), "a", "c") == ["c"]
    assert order(registry(chains), "a") == []


def test_each_is_looked_up_when_it_is_asked_for() -> None:
    """A timeout of the first may have been long: one that was disabled meanwhile takes over for nobody."""
    before, after = registry({"a": "bc"}), registry({"a": "bc"}, off="c")
    now = [before]
    found = tiers(caller("research"), before.by_uid["a"], lambda: now[0])
    assert next(found).route.name == "b"
    now[0] = after
    assert next(found, None) is None
