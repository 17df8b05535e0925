"""What a caller hears of a model that was retired, or is going to be (table of errors; lifecycle.md section 3)."""

from typing import Any

from tests.conformance.expect import refused
from tests.conformance.modelport import Modelport
from tests.conformance.target import Target


async def _uid(modelport: Modelport, name: str) -> str:
    page: dict[str, Any] = await modelport.management.get(f"/models?name={name}")
    return str(page["items"][0]["uid"])


async def test_a_retired_model_is_a_404_that_names_its_successor(target: Target, modelport: Modelport) -> None:
    """404 and not 410, `model_retired` in OpenAI's shape, not worth a retry; the upstream hears nothing."""
    case, successor = await target.case(), await target.case()
    uid = await _uid(modelport, case.model)
    await modelport.management.call("DELETE", f"/models/{uid}?successor={successor.model}")
    answer = await case.post()
    error = refused(answer, 404, "model_retired")
    assert successor.model in error["message"]
    assert answer.get("x-should-retry") == "false"
    assert 'rel="successor-version"' in (answer.get("link") or "")
    assert await case.seen() == []


async def test_a_deprecated_model_answers_and_announces_its_end(target: Target, modelport: Modelport) -> None:
    """RFC 9745 and RFC 8594 on every answer; the body is the upstream's."""
    case = await target.case()
    uid = await _uid(modelport, case.model)
    await modelport.management.call("POST", f"/models/{uid}/deprecation", {"sunset_at": "2098-12-31"})
    for answer in (await case.post(), await case.stream()):
        assert answer.status == 200
        assert (answer.get("deprecation") or "").startswith("@")
        assert answer.get("sunset") == "Thu, 01 Jan 2099 00:00:00 GMT"
