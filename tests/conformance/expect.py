"""What every refusal on the data plane looks like (proxy_behaviour section 7), asserted in one place."""

import re
from typing import Any

from tests.conformance.wire import Answer

REQUIRED = {"message", "type", "param", "code"}
ADDRESS = re.compile(r"127\.0\.0\.1:\d+|https?://|localhost:\d+")
FORBIDDEN = ("<html", "<!doctype", "traceback", 'file "')


def openai_error(answer: Answer) -> dict[str, Any]:
    """Return the error object of a refusal that has the OpenAI shape, a request id, and gives nothing away."""
    assert (answer.get("content-type") or "").startswith("application/json"), answer
    assert answer.get("x-request-id"), "no x-request-id"
    error = answer.json()["error"]
    assert set(error) >= REQUIRED, f"members {sorted(error)}"
    text = answer.body.decode().lower()
    assert not any(word in text for word in FORBIDDEN), f"HTML or a trace in {text}"
    assert not ADDRESS.search(error["message"]), f"an address in {error['message']!r}"
    assert error["message"], "an empty message"
    return dict(error)


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """Return the error object of a refusal with this status and code."""
    assert answer.status == status, f"status {answer.status}, expected {status}: {answer.body[:300]!r}"
    error = openai_error(answer)
    assert error["code"] == code, f"code {error['code']!r}, expected {code!r}: {error['message']}"
    return error
