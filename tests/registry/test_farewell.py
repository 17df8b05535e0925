"""What callers are told of models that left: a successor that they may call, and nothing that they could not know."""

from typing import Any

import pytest

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import NO_MODEL, Principal
from gateway.errors import NotFound
from gateway.registry.farewell import farewell, find_retired, link_successor, model_retired, notice
from gateway.registry.record import RetiredRecord
from gateway.registry.snapshot import Snapshot
from tests.registry.records import TEAM, build, endpoint, model, rows

DAY_MS = 86_400_000
AT_MS = 1_795_132_800_000  # 2026-11-20


def caller(*patterns: str, key_id: str = "key_1") -> Principal:
    """Return a developer whose key is limited to the patterns."""
    return Principal(key_id, "test", Role.DEVELOPER, ROLES[Role.DEVELOPER], TEAM.name, patterns)


def retired(uid: str = "mdl_old", name: str = "old", state: str = "deleted", **fields: Any) -> RetiredRecord:
    """Return what is left of a model."""
    record = RetiredRecord(uid=uid, team_id=TEAM.id, name=name, state=state, at_ms=AT_MS, successor_uid=None)
    return record._replace(**fields)


def registry(*left: RetiredRecord, **changes: Any) -> Snapshot:
    """Return a registry with qwen3 and what is left of others."""
    return build(rows(retired=tuple(sorted(left)), **changes))


def told(snapshot: Snapshot, name: str = "old", by: Principal | None = None) -> NotFound | None:
    """Return what a caller is told of a name."""
    by = by or caller()
    found = find_retired(by, TEAM.name, name, snapshot)
    return None if found is None else model_retired(by, name, found, snapshot)


def test_the_refusal_names_the_day_and_the_successor() -> None:
    """404 and not 410, which SDKs have no class for; never to be tried again."""
    error = told(registry(retired(successor_uid="mdl_1")))
    assert error is not None
    assert error.message == "model 'old' was retired on 2026-11-20; use 'qwen3'"
    assert (error.status, error.code, error.param) == (404, "model_retired", "model")
    assert error.headers == {"x-should-retry": "false"}
    assert error.extra == {"retired_at": AT_MS // 1000, "successor": "qwen3"}
    link_successor(error, "/ai/v1/")
    assert error.headers["Link"] == '</ai/v1/models/qwen3>; rel="successor-version"'


def test_without_a_successor_it_says_where_to_look() -> None:
    """And links to nothing."""
    error = told(registry(retired()))
    assert error is not None
    assert (error.message, error.hint) == (
        "model 'old' was retired on 2026-11-20",
        "GET /v1/models lists what can be called",
    )
    link_successor(error, "/v1/")
    assert "Link" not in error.headers


@pytest.mark.parametrize(
    ("patterns", "knows", "successor"),
    [((), True, "qwen3"), (("old",), True, None), (("ol*", "qwen*"), True, "qwen3"), (("qwen3",), False, None)],
)
def test_a_key_learns_of_what_it_may_call(patterns: tuple[str, ...], successor: str | None, *, knows: bool) -> None:
    """Of the model that left, and of its successor apart (ACL-3)."""
    error = told(registry(retired(successor_uid="mdl_1")), by=caller(*patterns))
    assert (error is not None) is knows
    assert error is None or error.extra["successor"] == successor


def test_a_grant_that_went_with_the_model_counts() -> None:
    """Otherwise the very callers of a model would be told that it never was."""
    snapshot = registry(retired(keys=frozenset({"key_1"})))
    assert told(snapshot, by=caller(*NO_MODEL)) is not None
    assert told(snapshot, by=caller(*NO_MODEL, key_id="key_2")) is None


def test_an_alias_that_went_with_the_model_is_known_too() -> None:
    """By a grant for the alias alone, as well."""
    snapshot = registry(retired(aliases=("fast",), successor_uid="mdl_1"))
    error = told(snapshot, "fast", caller("fast"))
    assert error is not None
    assert error.message.startswith("model 'fast' was retired")
    assert told(snapshot, "old", caller("fast")) is None


def test_of_several_with_one_name_the_last_one_counts() -> None:
    """One that is draining is later than any that is deleted."""
    earlier = retired("mdl_a", at_ms=AT_MS + DAY_MS, successor_uid="mdl_1")
    later = retired("mdl_b", at_ms=AT_MS + 2 * DAY_MS)
    leaving = retired("mdl_c", state="draining", at_ms=AT_MS)
    for left, day in (((earlier,), 21), ((earlier, later), 22), ((earlier, leaving, later), 20)):
        error = told(registry(*left))
        assert error is not None
        assert f"2026-11-{day}" in error.message


def test_successors_of_one_another_are_followed() -> None:
    """To the one that can be called; a ring, a chain without end and one that is switched off lead nowhere."""
    chain = [retired(f"mdl_{n}x", f"n{n}", successor_uid=f"mdl_{n + 1}x") for n in range(3)]
    to_living = registry(*chain, retired("mdl_3x", "n3", successor_uid="mdl_1"))
    found = to_living.successor("mdl_0x")
    assert found is not None
    assert found.name == "qwen3"
    assert registry(*chain, retired("mdl_3x", "n3", successor_uid="mdl_0x")).successor("mdl_0x") is None
    assert registry(*chain).successor("mdl_0x") is None
    off = registry(retired(successor_uid="mdl_1"), models=(model(state="disabled"),))
    assert off.successor("mdl_1") is None


def test_a_living_model_of_the_name_is_found_first() -> None:
    """The name is used again: nobody is told of the one before."""
    snapshot = registry(retired(name="qwen3"))
    assert snapshot.find(TEAM.name, "qwen3") is not None


def test_a_deprecated_model_announces_its_end() -> None:
    """Deprecation is a date in seconds (RFC 9745), Sunset one of HTTP (RFC 8594)."""
    deprecated = model(
        "mdl_2", "old", state="deprecated", deprecated_at=AT_MS, sunset_at=AT_MS + DAY_MS, successor_uid="mdl_1"
    )
    snapshot = registry(models=(model(), deprecated))
    route = snapshot.by_uid["mdl_2"]
    assert notice(caller(), route, snapshot, "/v1/") == {
        "Deprecation": "@1795132800",
        "Sunset": "Sat, 21 Nov 2026 00:00:00 GMT",
        "Link": '</v1/models/qwen3>; rel="successor-version"',
    }
    assert notice(caller("old"), route, snapshot, "/v1/").keys() == {"Deprecation", "Sunset"}
    assert notice(caller(), snapshot.by_uid["mdl_1"], snapshot, "/v1/") == {}


def test_a_draining_model_keeps_its_endpoints_and_no_name() -> None:
    """Its calls run on; new ones find nothing, and no list shows it."""
    snapshot = registry(
        retired("mdl_1", "qwen3", "draining"), models=(model(state="draining"),), endpoints=(endpoint(),)
    )
    assert "mdl_1" in snapshot.by_uid
    assert "ep_1" in snapshot.endpoints
    assert (snapshot.find(TEAM.name, "qwen3"), snapshot.models(TEAM.name), snapshot.names(TEAM.name)) == (None, (), ())
    assert snapshot.draining == {"mdl_1"}


def test_the_words_for_a_running_call_can_be_made_when_the_model_is_gone_already() -> None:
    """A purge may come between."""
    assert farewell(caller(), "old", "mdl_gone", registry())().code == "model_retired"
    made = farewell(caller(), "old", "mdl_old", registry(retired()))()
    assert made.message == "model 'old' was retired on 2026-11-20"
