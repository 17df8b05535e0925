"""What the log says of a call: who was asked, how it ended, and none of what was said (never prompts, never keys)."""

import json
from typing import Any

import pytest

from tests.dataplane.conftest import Open
from tests.dataplane.house import chat, mark
from tests.fakes.script import answer


async def test_a_request_line_names_the_attempts(open_house: Open, capfd: pytest.CaptureFixture[str]) -> None:
    """Section 7: each failed attempt with its reason; the line is one for the whole call."""
    async with open_house(log={"requests": True, "format": "json", "level": "info"}) as house:
        marker = mark()
        house.near.scripts[marker] = answer(503, b'{"error":{"message":"busy"}}')
        model = await house.ranked(house.near, house.far)
        house.product.inside._relay._dispatcher._balancer._random = lambda: 0.5
        said = await house.admin.post("v1/chat/completions", chat(model.name, f"a secret plan {marker}"))
        assert said.status == 200
    line = _line(capfd, said.headers["x-request-id"])
    assert line["attempts"] == f"{model.endpoints[0]}: 503"
    assert (line["endpoint_id"], line["status"], line["outcome"]) == (model.endpoints[1], 200, "complete")
    assert (line["operation"], line["model"], line["team"]) == ("chat.completions", model.name, "default")


async def test_a_request_line_tells_nothing_of_what_was_said(
    open_house: Open, capfd: pytest.CaptureFixture[str]
) -> None:
    """KEY-8: neither prompt nor answer, key, query or upstream address."""
    async with open_house(log={"requests": True, "format": "json", "level": "info"}) as house:
        marker = mark()
        house.near.scripts[marker] = answer(400, b'{"error":{"message":"an answer nobody logs"}}')
        endpoint = {"base_url": house.near.url, "api_key": "sk-upstream-canary"}
        model = await house.publish(endpoint)
        caller = await house.member()
        asked = chat(model.name, f"prompt-canary {marker}")
        said = await caller.post("v1/chat/completions?note=query-canary", asked, X_Canary="header-canary")
        secrets = [caller.headers["Authorization"], "canary", "nobody logs", str(house.near.port), house.product.key]
    written = capfd.readouterr().err
    assert said.headers["x-request-id"] in written
    assert [one for one in secrets if one in written] == []


async def test_a_refused_call_has_a_line_as_well(open_house: Open, capfd: pytest.CaptureFixture[str]) -> None:
    """With the code of the refusal, and no endpoint: nobody was asked."""
    async with open_house(log={"requests": True, "format": "json", "level": "info"}) as house:
        said = await house.admin.chat("no-such-model")
    line = _line(capfd, said.headers["x-request-id"])
    assert (line["status"], line["outcome"], line["error_code"]) == (404, "refused", "model_not_found")
    assert "endpoint_id" not in line


def _line(capfd: pytest.CaptureFixture[str], request_id: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if request_id in line]
    assert len(lines) == 1
    return dict(lines[0])
