"""Who sees what: lists and calls differ per key, and another team's address is nobody's (ACL-3, section 7)."""

import json
import re
import secrets

from tests.conformance.case import CHAT
from tests.conformance.expect import refused
from tests.conformance.modelport import Modelport, UpstreamProcess
from tests.conformance.target import Target
from tests.conformance.wire import Answer


async def _key(modelport: Modelport, **fields: object) -> dict[str, str]:
    made = await modelport.management.post("/keys", {"name": "scoped", "team": "default", **fields})
    return {"id": made["id"], "key": made["key"]}


async def _call(target: Target, key: str, model: str) -> Answer:
    body = json.dumps({"model": model, "messages": []}).encode()
    return await target.call("POST", CHAT, body, target.headers(body, Authorization=f"Bearer {key}"))


async def test_a_key_lists_and_calls_only_its_models(target: Target, modelport: Modelport) -> None:
    """Section 7: a model without grant looks unknown, in the list, by name and in a call."""
    mine, other = (await target.case()).model, (await target.case()).model
    key = (await _key(modelport, models=[mine]))["key"]
    headers = target.headers(b"", Authorization=f"Bearer {key}")
    listed = (await target.call("GET", "/models", b"", headers)).json()["data"]
    assert [entry["id"] for entry in listed] == [mine]
    assert listed[0].keys() >= {"object", "created", "owned_by"}
    refused(await target.call("GET", f"/models/{other}", b"", headers), 404, "model_not_found")
    assert (await _call(target, key, mine)).status == 200
    error = refused(await _call(target, key, other), 404, "model_not_found")
    assert other not in (error.get("hint") or "")


async def test_a_model_without_grant_and_one_that_is_not_there_look_the_same(
    target: Target, modelport: Modelport
) -> None:
    """Section 7: nothing tells them apart but the name."""
    mine, other = (await target.case()).model, (await target.case()).model
    key = (await _key(modelport, models=[mine]))["key"]
    absent = f"case-{secrets.token_hex(5)}"
    told = []
    for name in (other, absent):
        error = refused(await _call(target, key, name), 404, "model_not_found")
        text = json.dumps({**error, "request_id": ""}).replace(name, "NAME")
        told.append(re.sub(r"did you mean [^?]*\? ", "", text))  # random names may resemble the visible one
    assert told[0] == told[1]


async def test_another_teams_address_is_refused_whether_it_exists_or_not(
    modelport: Modelport, upstream: UpstreamProcess
) -> None:
    """Section 7 ACL-3: 403 for lists and calls, the same for a team that there is not; nothing is forwarded."""
    team = f"team-{secrets.token_hex(4)}"
    await modelport.management.post("/teams", {"name": team})
    key = (await _key(modelport, team=team))["key"]
    told = set()
    for name in ("default", "no-such-team"):
        target = modelport.target(upstream, path=f"access/models/{name}")
        case = await target.case()
        headers = target.headers(b"", Authorization=f"Bearer {key}")
        for reply in (await _call(target, key, case.model), await target.call("GET", "/models", b"", headers)):
            error = refused(reply, 403, "permission_denied")
            told.add(json.dumps({**error, "request_id": ""}).replace(name, "NAME"))
        assert await case.seen() == []
    assert len(told) == 1
    own = modelport.target(upstream, key=key)
    assert (await own.call("GET", "/models")).json()["data"] == []


async def test_a_team_cannot_be_seen_without_a_key(modelport: Modelport, upstream: UpstreamProcess) -> None:
    """auth-5: 401 for a known and an unknown team alike."""
    for team in ("default", "no-such-team"):
        target = modelport.target(upstream, path=f"access/models/{team}")
        reply = await target.call("GET", "/models", b"", target.headers(b"", Authorization=""))
        refused(reply, 401, "invalid_api_key")


async def test_a_revoked_key_ends_at_once(target: Target, modelport: Modelport) -> None:
    """KEY-5 KEY-10 auth-1: the next call is refused, with the words for any bad key."""
    case = await target.case()
    made = await _key(modelport)
    assert (await _call(target, made["key"], case.model)).status == 200
    await modelport.management.call("POST", f"/keys/{made['id']}/revoke")
    refused(await _call(target, made["key"], case.model), 401, "invalid_api_key")


async def test_a_viewers_key_may_not_infer(target: Target, modelport: Modelport) -> None:
    """Section 7: a good key without the permission is 403, and not asked for another key."""
    case = await target.case()
    key = (await _key(modelport, role="viewer"))["key"]
    refused(await _call(target, key, case.model), 403, "permission_denied")
    assert await case.seen() == []
