"""How log lines look: one shape for ours and for libraries', no credentials, no forged lines."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway.observe.logs import bind_request, configure_logs, wants_json
from gateway.observe.throttle import RECORDS
from gateway.vault.secret import Secret

FORGED = 'model\n{"level":"error"}\r\x1b[31mred\x9b31m\u202e'
KEY = "mp_live_abcdefghij_0123456789012345678901234567890123456789012_9f3a01bc"


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("aiohttp.server").filters.clear()
    structlog.reset_defaults()
    bind_request("")


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return what was written as JSON objects."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_events_and_libraries_records_have_one_shape() -> None:
    """Time, level, event, values; structlog and stdlib alike."""
    stream = io.StringIO()
    configure_logs(stream=stream)
    structlog.get_logger().info("model published", model="qwen3", weight=2, enabled=True)
    logging.getLogger("library").warning("disk %s is %d%% full", "sda", 90, extra={"disk": "sda"})
    ours, theirs = lines(stream)
    assert (ours["event"], ours["level"], ours["model"], ours["weight"], ours["enabled"]) == (
        "model published", "info", "qwen3", 2, True
    )  # fmt: skip
    assert (theirs["event"], theirs["level"], theirs["disk"]) == ("disk sda is 90% full", "warning", "sda")
    assert theirs["logger"] == "library"
    assert ours["timestamp"].endswith("Z")


def test_the_request_id_is_on_every_line_of_its_task() -> None:
    """Ours and libraries', without being passed along."""
    stream = io.StringIO()
    configure_logs(stream=stream)
    bind_request("0f3a4d1e")
    structlog.get_logger().info("one")
    logging.getLogger("library").warning("two")
    assert [line["request_id"] for line in lines(stream)] == ["0f3a4d1e"] * 2


def test_the_level_is_the_least_that_is_written() -> None:
    """For ours and for libraries; some libraries only from warnings on."""
    stream = io.StringIO()
    configure_logs(stream=stream, level="debug")
    structlog.get_logger().debug("a")
    logging.getLogger("library").debug("b")
    logging.getLogger("asyncio").info("c")
    configure_logs(stream=stream, level="warning")
    structlog.get_logger().info("d")
    logging.getLogger("library").info("e")
    assert [line["event"] for line in lines(stream)] == ["a", "b"]


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["json", "terminal"])
def test_a_value_cannot_forge_a_line(stream: io.StringIO) -> None:
    """Threat 23: CR, LF, ANSI and reordering marks in names, headers and upstream errors."""
    configure_logs(stream=stream)
    structlog.get_logger().warning("upstream said no", detail=FORGED, nested={"name": FORGED}, listed=[FORGED])
    logging.getLogger("library").warning(FORGED)
    written = stream.getvalue()
    assert len(written.splitlines()) == 2
    assert "\x1b[31mred" not in written
    assert not set(written) & set("\r\x9b\u202e")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["json", "terminal"])
def test_a_credential_never_stands_in_a_line(stream: io.StringIO) -> None:
    """SEC-5: in an event, a value, a trace or an object."""
    configure_logs(stream=stream)
    try:
        raise RuntimeError(f"refused {KEY}")  # noqa: TRY301 - the trace is what is tested
    except RuntimeError:
        structlog.get_logger().exception("bad key %s", KEY, header=f"Bearer {KEY}", secret=Secret("canary"), keys=[KEY])
        logging.getLogger("library").exception("bad key %s", KEY)
    written = stream.getvalue()
    assert written.count("RuntimeError") >= 2
    assert "0123456789012345" not in written
    assert "canary" not in written


def test_a_trace_is_one_json_line_and_shows_no_variables() -> None:
    """Local variables hold prompts and keys."""
    stream = io.StringIO()
    configure_logs(stream=stream)
    prompt = "tell me a secret story"
    try:
        raise ValueError(len(prompt))  # noqa: TRY301 - as above
    except ValueError:
        structlog.get_logger().exception("internal error")
    (line,) = lines(stream)
    assert "ValueError: 22" in line["exception"]
    assert "secret story" not in line["exception"]


def test_a_long_value_is_cut() -> None:
    """A log line is no place for a body."""
    stream = io.StringIO()
    configure_logs(stream=stream)
    structlog.get_logger().info("read", body="x" * 100_000)
    assert len(stream.getvalue()) < 5000


def test_a_flooded_logger_is_throttled() -> None:
    """SRV-11: a thousand broken connections are no thousand traces; configuring twice throttles once."""
    stream = io.StringIO()
    configure_logs(stream=stream)
    configure_logs(stream=stream)
    for _ in range(1000):
        logging.getLogger("aiohttp.server").error("Unhandled exception")
    assert len(lines(stream)) == RECORDS


def test_json_is_for_machines() -> None:
    """auto: a person at a terminal reads lines, everything else gets JSON."""
    assert (wants_json("auto", io.StringIO()), wants_json("auto", Terminal())) == (True, False)
    assert (wants_json("json", Terminal()), wants_json("console", io.StringIO())) == (True, False)
