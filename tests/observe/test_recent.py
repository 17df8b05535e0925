import io
import logging

import structlog

from gateway.observe.access_log import RequestLine
from gateway.observe.logs import configure_logs
from gateway.observe.recent import RecentTroubles


def _line(status: int, **given: str) -> RequestLine:
    return RequestLine(
        at_ms=1_790_000_000_000,
        method="POST",
        path="/v1/chat/completions",
        status=status,
        duration_ms=1.0,
        request_id="r-1",
        **given,  # type: ignore[arg-type]  # texts only
    )


def test_warnings_and_errors_are_kept_and_the_rest_is_not() -> None:
    """Ours and libraries'; the newest first."""
    troubles = RecentTroubles()
    configure_logs(stream=io.StringIO(), level="debug", keep=troubles.keep)
    structlog.get_logger().info("all is well")
    structlog.get_logger().warning("first", number=1)
    logging.getLogger("library").error("second")
    kept = troubles.newest_first()
    assert [(one.level, one.event) for one in kept] == [("error", "second"), ("warning", "first")]
    assert kept[1].details["number"] == 1
    assert kept[1].at.endswith("Z")


def test_no_credential_is_kept() -> None:
    """Neither in the sentence, nor in a value, nor in a trace."""
    troubles = RecentTroubles()
    configure_logs(stream=io.StringIO(), keep=troubles.keep)
    try:
        raise ValueError("postgresql://user:canary-password@db/x")  # noqa: TRY301 - the trace is the point
    except ValueError:
        structlog.get_logger().exception("Bearer canary-0123456789", header="Bearer canary-0123456789")
    (kept,) = troubles.newest_first()
    assert "canary" not in repr(kept)
    assert "ValueError" in kept.details["exception"]


def test_calls_that_ended_with_5xx_are_kept() -> None:
    """With what is needed to find them again, and nothing of what was said."""
    troubles = RecentTroubles()
    troubles.keep_calls([_line(200), _line(404), _line(502, model="qwen3", error_code="upstream_connect_failed")])
    (kept,) = troubles.newest_first()
    assert kept.at == "2026-09-21T14:13:20.000Z"
    assert kept.details == {
        "method": "POST",
        "path": "/v1/chat/completions",
        "status": 502,
        "error_code": "upstream_connect_failed",
        "model": "qwen3",
        "request_id": "r-1",
    }


def test_the_oldest_go_when_it_is_full() -> None:
    """Memory stays flat, a value stays short."""
    troubles = RecentTroubles(capacity=3)
    configure_logs(stream=io.StringIO(), keep=troubles.keep)
    for number in range(10):
        structlog.get_logger().error(f"event {number}", text="x" * 100_000)
    kept = troubles.newest_first()
    assert [one.event for one in kept] == ["event 9", "event 8", "event 7"]
    assert max(len(one.details["text"]) for one in kept) < 5000
