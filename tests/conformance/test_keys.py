"""PRX-29 and security.md KEY-7 to KEY-10: who may call, asked before anything else and answered without a hint."""

import json
import re

import pytest

from tests.conformance.case import CHAT, Case
from tests.conformance.expect import openai_error, refused
from tests.conformance.target import Target
from tests.conformance.wire import Answer

SHAPED = "mp_live_abcdefghij_" + "A" * 43 + "_00000000"
HOSTILE = {
    "wrong": "Bearer sk-wrong",
    "empty": "Bearer ",
    "no scheme": "sk-wrong",
    "basic": "Basic dXNlcjpwYXNz",
    "our form, unknown": f"Bearer {SHAPED}",
    "SQL": "Bearer ' OR '1'='1",
    "very long": "Bearer " + "a" * 7000,
    "not ASCII": "Bearer caf\u00e9",
    "two words": "Bearer a b",
    "template": "Bearer ${jndi:ldap://x}",
}


async def _with(case: Case, authorization: str) -> Answer:
    body = case.body()
    headers = case.target.headers(body) | {"Authorization": authorization}
    return await case.target.call("POST", CHAT, body, headers)


@pytest.mark.parametrize("authorization", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_bad_key_is_refused_without_an_echo(target: Target, authorization: str) -> None:
    """PRX-29 KEY-9: 401 `invalid_api_key` with WWW-Authenticate; the key is not in the answer, nothing is forwarded."""
    case = await target.case()
    reply = await _with(case, authorization)
    refused(reply, 401, "invalid_api_key")
    assert (reply.get("www-authenticate") or "").startswith("Bearer")
    secret = authorization.removeprefix("Bearer ").strip()
    assert not secret or secret.encode() not in reply.body
    assert await case.seen() == []


async def test_a_missing_key_is_refused(target: Target) -> None:
    """PRX-29: 401, and nothing is forwarded."""
    case = await target.case()
    refused(await case.post(Authorization=""), 401, "invalid_api_key")
    assert await case.seen() == []


async def test_every_bad_key_gets_the_same_answer(target: Target) -> None:
    """PRX-29 KEY-10: one body for all reasons, a model or path that does not exist included."""
    case = await target.case()
    bodies = {_without_id(await _with(case, value)) for value in HOSTILE.values()}
    headers = target.headers(b"", Authorization="Bearer sk-wrong")
    bodies.add(_without_id(await target.call("POST", CHAT, b'{"model":"no-such"}', _length(headers, 19))))
    bodies.add(_without_id(await target.call("GET", "/models/no-such", b"", headers)))
    bodies.add(_without_id(await case.post(Authorization="")))
    assert len(bodies) == 1, bodies


async def test_a_bad_key_is_refused_before_the_body_is_looked_at(target: Target) -> None:
    """PRX-29: 401 and not 400 for broken JSON."""
    headers = target.headers(b"", Authorization="Bearer sk-wrong")
    reply = await target.call("POST", CHAT, b"{broken", _length(headers, 7))
    refused(reply, 401, "invalid_api_key")


@pytest.mark.parametrize("name", ["x-api-key", "api-key"])
async def test_the_other_two_headers_are_read_too(target: Target, name: str) -> None:
    """KEY-7: the same check for each of the three places."""
    case = await target.case()
    body = case.body()
    headers = target.headers(body, Authorization="")
    assert (await target.call("POST", CHAT, body, headers | {name: target.key})).status == 200
    refused(await target.call("POST", CHAT, body, headers | {name: "wrong"}), 401, "invalid_api_key")


async def test_two_different_credentials_are_refused(target: Target) -> None:
    """KEY-7 section 7: 400, whichever of them is good."""
    case = await target.case()
    for mine, other in ((target.key, "sk-wrong"), ("sk-wrong", target.key)):
        reply = await case.post(Authorization=f"Bearer {mine}", x_api_key=other)
        assert reply.status == 400
        openai_error(reply)
    assert await case.seen() == []


async def test_a_key_in_the_query_is_no_key(target: Target) -> None:
    """KEY-8: keys in URLs end in logs."""
    case = await target.case()
    body = case.body()
    headers = target.headers(body, Authorization="Bearer sk-wrong")
    reply = await target.call("POST", f"{CHAT}?api_key={target.key}&key={target.key}", body, headers)
    assert reply.status in {400, 401}
    assert target.key.encode() not in reply.body
    assert await case.seen() == []


async def test_the_scheme_is_read_without_regard_to_case(target: Target) -> None:
    """KEY-7: `bearer` is `Bearer` (RFC 9110 section 11.1)."""
    case = await target.case()
    assert (await _with(case, f"bearer {target.key}")).status == 200


def _length(headers: dict[str, str], length: int) -> dict[str, str]:
    return headers | {"Content-Type": "application/json", "Content-Length": str(length)}


def _without_id(reply: Answer) -> str:
    text = json.dumps(reply.json()["error"], sort_keys=True)
    return re.sub(re.escape(reply.get("x-request-id") or "-"), "ID", text)
