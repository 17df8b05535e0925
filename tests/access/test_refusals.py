"""What an upstream's refusal becomes."""

import pytest

from gateway.access.refusals import final, is_event_stream, is_json, refusal, timed_out

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize("status", [200, 201, 204, 206])
def test_a_good_answer_is_passed_on(status: int) -> None:
    """Whatever it holds."""
    assert refusal(status, HTML) is None


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 500, 503])
def test_a_json_error_is_passed_on_as_it_is(status: int) -> None:
    """PRX-13: any shape of JSON, OpenAI's or another."""
    assert refusal(status, {"Content-Type": "application/problem+json"}) is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed_nor_shown(status: int) -> None:
    """PRX-16: 502, final, without the Location."""
    error = refusal(status, {**JSON, "Location": "http://169.254.169.254/"})
    assert error is not None
    assert (error.status, error.code, error.headers["x-should-retry"]) == (502, "upstream_redirect", "false")
    assert "169.254" not in f"{error.message}{error.hint}{error.headers}"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_upstream_credential_is_not_the_callers_fault(status: int) -> None:
    """A 401 of the upstream must not look like a 401 of ours (section 7)."""
    error = refusal(status, JSON)
    assert error is not None
    assert (error.status, error.code) == (502, "upstream_auth_failed")


def test_an_html_page_is_told_in_our_words() -> None:
    """PRX-14: 502 with the upstream's status beside it."""
    error = refusal(502, HTML)
    assert error is not None
    assert (error.status, error.code, error.extra) == (502, "upstream_error", {"upstream_status": 502})


@pytest.mark.parametrize("status", [429, 503])
def test_a_wordless_wait_keeps_status_and_advice(status: int) -> None:
    """PRX-12: Retry-After is never lost, or clients come back too early."""
    error = refusal(status, {**HTML, "Retry-After": "7"})
    assert error is not None
    assert (error.status, error.headers["Retry-After"]) == (status, "7")


@pytest.mark.parametrize(
    ("limit", "status", "code"),
    [
        ("idle", 504, "upstream_idle_timeout"),
        ("first_byte", 504, "upstream_timeout"),
        ("total", 504, "upstream_timeout"),
        ("shutting_down", 503, "shutting_down"),
    ],
)
def test_each_limit_has_its_own_words(limit: str, status: int, code: str) -> None:
    """One time limit for everything would hide which one passed."""
    error = timed_out(limit)
    assert (error.status, error.code) == (status, code)


def test_content_types_are_read_by_their_essence() -> None:
    """Parameters and case do not matter."""
    assert is_json("Application/JSON; charset=utf-8")
    assert is_event_stream("text/event-stream;charset=utf-8")
    assert not is_json("text/plain")


@pytest.mark.parametrize("advice", ["Retry-After", "retry-after-ms", "x-should-retry"])
def test_spent_attempts_are_final_unless_the_upstream_said_when_to_come_back(advice: str) -> None:
    """CL-6 CL-7 PRX-12: our retries and the SDK's must not multiply."""
    silent: dict[str, str] = {}
    final(silent)
    assert silent == {"x-should-retry": "false"}
    told = {advice: "7"}
    final(told)
    assert told == {advice: "7"}
