"""Which endpoint takes a call: weights, breakers, cool-downs and the retry budget, with our own clock and chance."""

import random
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.access.balance import DEFAULTS, Balancer, Outcome, Rules, is_retryable, retry_after_s
from gateway.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint, as far as the balancer looks at it."""

    id: str
    weight: int = 1
    enabled: bool = True


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


ONE = (Place("a"),)
TWO = (Place("a"), Place("b"))


def _balancer(clock: Clock | None = None, rules: Rules = DEFAULTS) -> Balancer:
    return Balancer(clock or Clock(), random.Random(1).random, rules)


def _fail(balancer: Balancer, endpoint_id: str, times: int = 5, outcome: Outcome = "connect_failed") -> None:
    for _ in range(times):
        balancer.record(endpoint_id, outcome)


def _asked_or_wait(balancer: Balancer, places: tuple[Place, ...]) -> Place | int:
    """Return the endpoint chosen, or the seconds of Retry-After."""
    try:
        return balancer.choose(places)
    except Unavailable as error:
        return int(error.headers["Retry-After"])


def test_calls_are_spread_by_weight() -> None:
    """A weight of 3 gets three times the calls of a weight of 1; one of 0, or switched off, gets none."""
    places = (Place("a", 3), Place("b", 1), Place("c", 0), Place("d", 5, enabled=False))
    balancer = _balancer()
    counts = Counter(balancer.choose(places).id for _ in range(4000))
    assert set(counts) == {"a", "b"}
    assert 2850 < counts["a"] < 3150


def test_endpoints_without_any_weight_share_the_calls() -> None:
    """Better than refusing."""
    balancer = _balancer()
    assert {balancer.choose((Place("a", 0), Place("b", 0))).id for _ in range(50)} == {"a", "b"}


def test_an_endpoint_that_failed_several_times_in_a_row_is_left_out() -> None:
    """A success in between starts the count anew."""
    balancer = _balancer()
    _fail(balancer, "a", 4)
    balancer.record("a", 200)
    _fail(balancer, "a", 4)
    assert balancer.open_endpoints() == ()
    _fail(balancer, "a", 1)
    assert balancer.open_endpoints() == ("a",)
    assert {balancer.choose(TWO).id for _ in range(50)} == {"b"}


@pytest.mark.parametrize("outcome", ["connect_failed", "disconnected", "timeout", 502, 503, 504])
def test_an_outage_of_the_only_upstream_costs_one_probe_per_interval(outcome: Outcome) -> None:
    """CMP-18: everybody else is answered at once, with Retry-After."""
    clock = Clock()
    balancer = _balancer(clock)
    asked = 0
    for _ in range(1000):  # 100 seconds, ten calls a second
        chosen = _asked_or_wait(balancer, ONE)
        if isinstance(chosen, int):
            assert 1 <= chosen <= 5
        else:
            asked += 1
            balancer.record("a", outcome)
        clock.now += 0.1
    assert asked <= 5 + 100 / DEFAULTS.interval_s


def test_the_first_success_closes_the_breaker() -> None:
    """Also when it comes from a call that began before."""
    clock = Clock()
    balancer = _balancer(clock)
    _fail(balancer, "a")
    with pytest.raises(Unavailable):
        balancer.choose(ONE)
    clock.now += DEFAULTS.interval_s
    assert balancer.choose(ONE).id == "a"
    with pytest.raises(Unavailable):
        balancer.choose(ONE)
    balancer.record("a", 200)
    assert balancer.choose(ONE).id == balancer.choose(ONE).id == "a"


def test_a_probe_whose_caller_left_is_repeated_an_interval_later() -> None:
    """No verdict, no lock: nothing has to be given back."""
    clock = Clock()
    balancer = _balancer(clock)
    _fail(balancer, "a")
    for _ in range(3):
        clock.now += DEFAULTS.interval_s
        assert balancer.choose(ONE).id == "a"
        with pytest.raises(Unavailable):
            balancer.choose(ONE)


def test_an_open_endpoint_comes_back_beside_a_healthy_one() -> None:
    """A due probe takes part in the choice, or it would never be seen to be well."""
    clock = Clock()
    balancer = _balancer(clock)
    _fail(balancer, "a")
    clock.now += DEFAULTS.interval_s
    assert Counter(balancer.choose(TWO).id for _ in range(100))["a"] == 1


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500])
def test_answers_that_are_the_callers_matter_open_nothing(status: int) -> None:
    """A bad prompt must not switch a model off for everybody."""
    balancer = _balancer()
    for _ in range(20):
        balancer.record("a", status)
    assert balancer.open_endpoints() == ()


def test_a_500_does_not_end_an_outage_but_a_404_does() -> None:
    """A server that can say 404 is up; one that says 500 may be half up."""
    balancer = _balancer()
    _fail(balancer, "a")
    balancer.record("a", 500)
    assert balancer.open_endpoints() == ("a",)
    balancer.record("a", 404)
    assert balancer.open_endpoints() == ()


def test_an_endpoint_that_said_when_is_left_alone_until_then() -> None:
    """PRX-12: Retry-After is obeyed where another endpoint can answer."""
    clock = Clock()
    balancer = _balancer(clock)
    balancer.record("a", 429, retry_after_s=7)
    clock.now += 6.9
    assert {balancer.choose(TWO).id for _ in range(50)} == {"b"}
    balancer.record("a", 200)  # a call that began before
    assert {balancer.choose(TWO).id for _ in range(50)} == {"b"}
    clock.now += 0.2
    assert {balancer.choose(TWO).id for _ in range(50)} == {"a", "b"}


def test_the_only_endpoint_may_say_429_for_itself() -> None:
    """Its limit may concern one caller only; the words, and the waiting time, are its own."""
    balancer = _balancer()
    for _ in range(20):
        balancer.record("a", 429, retry_after_s=60)
        assert balancer.choose(ONE).id == "a"


def test_among_cooling_endpoints_the_first_to_be_ready_is_asked() -> None:
    """Nobody else can answer."""
    balancer = _balancer()
    balancer.record("a", 429, retry_after_s=60)
    balancer.record("b", 503, retry_after_s=30)
    assert balancer.choose(TWO).id == "b"


def test_an_outage_that_says_how_long_is_believed_within_limits() -> None:
    """Retry-After of the upstream lengthens the pause, but no header switches a model off for a day."""
    clock = Clock()
    balancer = _balancer(clock)
    for _ in range(5):
        balancer.record("a", 503, retry_after_s=86_400)
    with pytest.raises(Unavailable) as caught:
        balancer.choose(ONE)
    assert caught.value.headers["Retry-After"] == "120"
    clock.now += 120
    assert balancer.choose(ONE).id == "a"


def test_no_endpoint_at_all_is_unavailable_too() -> None:
    """All are switched off."""
    with pytest.raises(Unavailable) as caught:
        _balancer().choose((Place("a", enabled=False),))
    assert int(caught.value.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("outcome", ["connect_failed", "timeout", 429, 502, 503, 504])
def test_a_retry_goes_to_another_endpoint(outcome: Outcome) -> None:
    """CL-7, section 7: never to the same one."""
    chosen = _balancer().again(TWO, tried={"a"}, outcome=outcome, begun=False, replayable=True)
    assert chosen is TWO[1]


@pytest.mark.parametrize(
    ("endpoints", "tried", "outcome", "begun", "replayable"),
    [
        pytest.param(ONE, {"a"}, 503, False, True, id="there is no other"),
        pytest.param(TWO, {"a"}, 503, True, True, id="bytes have gone to the caller (STR-4)"),
        pytest.param(TWO, {"a"}, 503, False, False, id="the body is gone"),
        pytest.param(TWO, {"a"}, 500, False, True, id="a 500 may be the caller's doing"),
        pytest.param(TWO, {"a"}, 400, False, True, id="a 400 is"),
        pytest.param(TWO, {"a"}, "disconnected", False, True, id="the work may have been done"),
        pytest.param((Place("a"), Place("b", enabled=False)), {"a"}, 503, False, True, id="the other is off"),
        pytest.param((*TWO, Place("c"), Place("d")), {"a", "b", "c"}, 503, False, True, id="three attempts are enough"),
    ],
)
def test_otherwise_there_is_no_retry(
    endpoints: tuple[Place, ...], tried: set[str], outcome: Outcome, *, begun: bool, replayable: bool
) -> None:
    """Section 7: only before the first byte, only where it may help."""
    assert _balancer().again(endpoints, tried=tried, outcome=outcome, begun=begun, replayable=replayable) is None


def test_a_retry_does_not_go_where_it_cannot_help() -> None:
    """Not to an open endpoint, not to one that asked to be left alone."""
    balancer = _balancer()
    _fail(balancer, "b")
    assert balancer.again(TWO, tried={"a"}, outcome=503, begun=False, replayable=True) is None
    balancer = _balancer()
    balancer.record("b", 429, retry_after_s=5)
    assert balancer.again(TWO, tried={"a"}, outcome=503, begun=False, replayable=True) is None


def test_retries_are_at_most_a_fifth_of_the_traffic() -> None:
    """Section 7: an outage must not multiply the load; a quiet gateway has ten in hand."""
    balancer = _balancer()
    retries = 0
    for _ in range(1000):
        first = balancer.choose(TWO)
        retries += balancer.again(TWO, tried={first.id}, outcome=503, begun=False, replayable=True) is not None
    assert 200 <= retries <= 210


def test_pauses_before_a_retry_are_short_and_random() -> None:
    """Jitter: callers that failed together do not come back together."""
    balancer = _balancer()
    pauses = [balancer.pause_s(1) for _ in range(100)]
    assert len(set(pauses)) == 100
    assert 0 <= min(pauses) < max(pauses) <= 0.1


def test_endpoints_that_are_gone_are_forgotten() -> None:
    """Memory stays flat over years of registering and deleting."""
    balancer = _balancer()
    _fail(balancer, "a")
    _fail(balancer, "b")
    balancer.retain({"b"})
    assert balancer.open_endpoints() == ("b",)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 0.5 "}, 0.5),
        ({"Retry-After": "7", "retry-after-ms": "1500"}, 1.5),
        ({"Retry-After": "Thu, 01 Jan 1970 00:01:50 GMT"}, 10),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:01:50 -0000"}, 10),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "", "retry-after-ms": "x"}, None),
    ],
)
def test_waiting_times_are_read_in_every_form(headers: dict[str, str], expected: float | None) -> None:
    """Seconds, milliseconds, a date; anything else is as if it were not there."""
    assert retry_after_s(headers, now_s=100) == expected


OUTCOMES: list[Outcome] = ["connect_failed", "disconnected", "timeout", 200, 400, 429, 500, 502, 503, 504]


class Balancing(RuleBasedStateMachine):
    """Any sequence of calls, failures and waiting keeps the promises."""

    @initialize(count=st.integers(1, 4))
    def begin(self, count: int) -> None:
        """Some endpoints, all well."""
        self.clock = Clock()
        self.places = tuple(Place(f"ep{number}", number) for number in range(count))
        self.numbers = Rules(failures=3, interval_s=2.0)
        self.balancer = Balancer(self.clock, random.Random(count).random, self.numbers)
        self.last_asked_open: dict[str, float] = {}
        self.calls = self.retries = 0
        self.running: list[str] = []

    @rule()
    def call(self) -> None:
        """A new call is taken or refused with a time to come back."""
        self.calls += 1
        was_open = self.balancer.open_endpoints()
        chosen = _asked_or_wait(self.balancer, self.places)
        if isinstance(chosen, int):
            assert set(was_open) == {place.id for place in self.places}
            assert 1 <= chosen <= self.numbers.longest_wait_s
        else:
            self._note(chosen.id, was_open)

    @rule(outcome=st.sampled_from(OUTCOMES), begun=st.booleans(), replayable=st.booleans())
    @precondition(lambda self: self.running)
    def retry(self, outcome: Outcome, *, begun: bool, replayable: bool) -> None:
        """A retry never goes to the same endpoint, and never where the rules forbid it."""
        tried = self.running.pop()
        was_open = self.balancer.open_endpoints()
        chosen = self.balancer.again(self.places, tried={tried}, outcome=outcome, begun=begun, replayable=replayable)
        if chosen is not None:
            assert chosen.id != tried
            assert is_retryable(outcome)
            assert replayable
            assert not begun
            self.retries += 1
            self._note(chosen.id, was_open)

    @rule(outcome=st.sampled_from(OUTCOMES), wait_s=st.none() | st.floats(0, 500))
    @precondition(lambda self: self.running)
    def end(self, outcome: Outcome, wait_s: float | None) -> None:
        """An attempt ends somehow; a success closes the breaker whatever came before."""
        ended = self.running.pop()
        self.balancer.record(ended, outcome, retry_after_s=wait_s)
        if outcome == 200:
            assert ended not in self.balancer.open_endpoints()

    @rule(seconds=st.floats(0, 10))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.now += seconds

    @rule()
    def recover(self) -> None:
        """After the longest wait everybody may be asked again."""
        self.clock.now += self.numbers.longest_wait_s + self.numbers.interval_s
        self._note(self.balancer.choose(self.places).id, self.balancer.open_endpoints())

    @invariant()
    def retries_stay_within_the_budget(self) -> None:
        """A fifth of the calls and the reserve."""
        if hasattr(self, "numbers"):
            assert self.retries <= self.numbers.retry_reserve + self.numbers.retry_ratio * self.calls

    def _note(self, chosen: str, was_open: tuple[str, ...]) -> None:
        if chosen in was_open:
            last = self.last_asked_open.get(chosen, 0.0)
            assert self.clock.now - last >= self.numbers.interval_s or last == 0
            self.last_asked_open[chosen] = self.clock.now
        else:
            self.last_asked_open.pop(chosen, None)
        self.running.append(chosen)


TestBalancing = Balancing.TestCase
