"""When the hub is looked at, and which words a status has: values in, values out."""

import itertools

import pytest

from gateway.catalogue.store.change import Change
from gateway.catalogue.store.read import Version
from gateway.catalogue.sync.brake import Held, brake, limit_of
from gateway.catalogue.sync.pace import jittered, next_look_s, rest_s
from gateway.catalogue.sync.situation import (
    Accepted,
    Failure,
    Situation,
    Waiting,
    read_situation,
    write_situation,
)
from gateway.catalogue.sync.status import Seen, status_of

NOW = 1_800_000_000_000
HUB = Version(5, "ab", "hub", "https://hub.example/", 1, NOW - 7_200_000, NOW - 3_600_000, 1)
BUNDLED = HUB._replace(origin="bundled", signed_at_ms=NOW - 86_400_000)
DAY_MS = 86_400_000


def seen(**changes: object) -> Seen:
    """Return a list that its hub was believed about a minute ago."""
    usual = {"version": HUB, "situation": Situation(checked_at_ms=NOW - 60_000), "now_ms": NOW, "every_s": 900.0}
    return Seen(**(usual | {"has_hub": True} | changes))  # type: ignore[arg-type]  # what a test says


def failure(state: str, since_ms: int = NOW) -> Failure:
    """Return a failure that shows as this."""
    return Failure(state, "kind", "what happened", NOW, since_ms)  # type: ignore[arg-type]  # one of the states


def test_jitter_is_a_fifth() -> None:
    """Section 5: 15 min ± 20 %."""
    assert [jittered(900, chance / 10) for chance in (0, 10)] == [720, 1080]
    assert next_look_s(Situation(), NOW, every_s=900, chance=0.25) == pytest.approx(810)


def test_failures_are_followed_by_longer_rests() -> None:
    """A minute, five, then the breaker's hour; what the hub asks for counts where it is longer."""
    rests = [rest_s(number, every_s=900, chance=0.5, retry_after_s=None) for number in range(1, 6)]
    assert rests == [60, 300, 3600, 3600, 3600]
    assert rest_s(3, every_s=86_400, chance=0.5, retry_after_s=None) == 86_400
    assert rest_s(1, every_s=900, chance=1, retry_after_s=10) == 72
    assert rest_s(1, every_s=900, chance=0.5, retry_after_s=5000) == 5000
    resting = Situation(failure=failure("stale"), not_before_ms=NOW + 42_000)
    assert next_look_s(resting, NOW, every_s=900, chance=0.5) == 42


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "fresh"),
        ({"is_broken": True, "is_syncing": True}, "rebuilding"),
        ({"is_syncing": True}, "syncing"),
        ({"situation": Situation(failure=failure("stale"))}, "stale"),
        ({"situation": Situation(failure=failure("untrusted"), held=Waiting(6, 30, 20, NOW))}, "untrusted"),
        ({"situation": Situation(checked_at_ms=NOW, held=Waiting(6, 30, 20, NOW))}, "held"),
        ({"situation": Situation(checked_at_ms=NOW, clock_behind_ms=9000)}, "clock_skew"),
        ({"situation": Situation(checked_at_ms=NOW - 3_600_001)}, "stale"),
        ({"situation": Situation(checked_at_ms=NOW - DAY_MS), "has_hub": False}, "fresh"),
        ({"version": BUNDLED, "situation": Situation()}, "bundled"),
        ({"version": BUNDLED, "situation": Situation(failure=failure("stale"))}, "bundled"),
        ({"version": BUNDLED, "situation": Situation(failure=failure("expired"))}, "expired"),
        ({"version": None, "situation": Situation()}, "stale"),
    ],
)
def test_a_state_is_the_first_that_holds(changes: dict[str, object], state: str) -> None:
    """Section 7's words, by what weighs most."""
    assert status_of(seen(**changes)).state == state


def test_the_age_is_always_told() -> None:
    """CAT-9: since the hub was believed; of the list that came along, since it was signed; never below nothing."""
    assert status_of(seen()).age_s == 60
    assert status_of(seen(version=BUNDLED)).age_s == 86_400
    assert status_of(seen(now_ms=NOW - DAY_MS)).age_s == 0
    assert status_of(seen(version=None)).age_s is None
    old = status_of(seen(situation=Situation(checked_at_ms=NOW - 31 * DAY_MS)))
    assert "31 days ago" in old.warnings[0]


def test_what_is_expired_for_a_week_advises_nothing() -> None:
    """Section 7, expired."""
    for days, may_advise in ((6, True), (8, False)):
        situation = Situation(failure=failure("expired", NOW - days * DAY_MS))
        assert status_of(seen(situation=situation)).may_advise == may_advise


def test_a_situation_survives_being_written() -> None:
    """And what cannot be read is as good as none."""
    one = Situation(9, NOW, "https://hub.example/", failure("held"), 2, 1, Waiting(6, 30, 20, NOW))
    assert read_situation(write_situation(one)) == one
    assert read_situation(None) == read_situation("{") == read_situation('{"failures":"x"}') == Situation()


@pytest.mark.parametrize(("live", "limit"), [(0, 20), (400, 20), (401, 20), (420, 21), (100_000, 5000)])
def test_the_limit_is_twenty_or_five_percent(live: int, limit: int) -> None:
    """Section 5, step 5: more than the larger of both is held."""
    assert limit_of(live) == limit
    ids = tuple(map(str, range(limit)))
    brake(None)(Change(1, 2, removed=ids, live=live))
    for removed, retired in ((limit + 1, 0), (limit, 1), (0, limit + 1)):
        with pytest.raises(Held) as caught:
            brake(None)(Change(1, 2, removed=tuple(map(str, range(removed))), retired=retired, live=live))
        assert (caught.value.serial, caught.value.removed, caught.value.limit) == (2, limit + 1, limit)


def test_what_was_accepted_passes() -> None:
    """Its own serial whatever it takes; a later one that takes at most the limit besides; an earlier one not."""
    accepted = Accepted(7, 30, "anna", NOW)
    for to, removed in itertools.product((6, 7, 8), (30, 50, 51, 1000)):
        change = Change(1, to, removed=tuple(map(str, range(removed))), live=300)
        passes = to == 7 or (to > 7 and removed <= 50)
        if passes:
            brake(accepted)(change)
        else:
            with pytest.raises(Held):
                brake(accepted)(change)


def test_another_hub_and_a_first_list_take_nothing_away() -> None:
    """Nobody removed what only another list has."""
    ids = tuple(map(str, range(100)))
    brake(None)(Change(1, 2, removed=ids, live=100, is_same_hub=False))
    brake(None)(Change(None, 2))
