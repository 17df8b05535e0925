"""PRX-12 to PRX-16 and section 7: the upstream's errors pass, what cannot pass becomes an error of ours."""

import json

import pytest

from tests.conformance.expect import openai_error, refused
from tests.conformance.runner import settle
from tests.conformance.target import Target
from tests.fakes.scenarios import HTML
from tests.fakes.script import JSON_TYPE, Script, answer, head

ADVICE = {
    "Retry-After": "7", "retry-after-ms": "7000", "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s",
}  # fmt: skip


@pytest.mark.parametrize("status", [429, 503])
async def test_a_refusal_keeps_its_body_and_its_advice(target: Target, status: int) -> None:
    """PRX-12 CMP-17: Retry-After and x-ratelimit-* arrive, the body is untouched, and we do not retry before it."""
    body = b'{"error": {"message":"Rate limit", "type":"tokens", "code":"rate_limit_exceeded", "zz":1.0}}'
    case = await target.case(answer(status, body, ADVICE))
    reply = await case.post()
    assert reply.status == status
    assert reply.body == body
    assert {name: reply.get(name) for name in ADVICE} == ADVICE
    await case.only()


async def test_a_stream_that_is_refused_is_a_plain_refusal(target: Target) -> None:
    """PRX-12: a 429 to a streamed call is no event stream."""
    case = await target.case(answer(429, b'{"error":{"message":"no"}}', ADVICE))
    reply = await case.stream()
    assert (reply.status, reply.body) == (429, b'{"error":{"message":"no"}}')
    assert reply.get("retry-after") == "7"


ERRORS = {
    "openai 400": (400, b'{"error":{"message":"too long","type":"x","param":"m","code":"context_length_exceeded"}}'),
    "detail 422": (422, b'{"detail": [{"loc":["body"],"msg":"bad"}]}'),
    "detail 404": (404, b'{"detail":"Not Found"}'),
    "text in error 400": (400, b'{"error":"plain words"}'),
    "tgi 424": (424, b'{"error":"Incomplete generation","error_type":"Incomplete"}'),
    "openai 500": (500, b'{"error":{"message":"boom","type":"server_error","param":null,"code":500}}'),
    "problem 409": (409, b'{"type":"about:blank","title":"Conflict"}'),
}


@pytest.mark.parametrize(("status", "body"), ERRORS.values(), ids=ERRORS.keys())
async def test_a_json_error_passes_byte_for_byte(target: Target, status: int, body: bytes) -> None:
    """PRX-13 CMP-25: whatever its shape; it carries our request id."""
    case = await target.case(answer(status, body))
    reply = await case.post()
    assert (reply.status, reply.body) == (status, body)
    assert reply.get("x-request-id")


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (502, HTML, "text/html", 502),
        (500, b"Internal Server Error", "text/plain", 502),
        (404, HTML, "text/html", 502),
        (400, b"bad", "application/octet-stream", 502),
        (503, HTML, "text/html; charset=utf-8", 503),
        (429, HTML, "text/html", 429),
    ],
    ids=["502 HTML", "500 text", "404 HTML", "400 bytes", "503 HTML", "429 HTML"],
)
async def test_an_error_that_is_no_json_becomes_ours(
    target: Target, status: int, body: bytes, kind: str, told: int
) -> None:
    """PRX-14 PRX-12: OpenAI-shaped 502 `upstream_error`, no HTML, no address; 429 and 503 stay what they say."""
    case = await target.case(answer(status, body, {"Content-Type": kind}))
    error = refused(await case.post(), told, "upstream_error")
    assert error["upstream_status"] == status
    assert "internal:8080" not in json.dumps(error)


async def test_an_html_refusal_keeps_its_advice(target: Target) -> None:
    """PRX-12 PRX-14: Retry-After survives even where the body does not."""
    case = await target.case(answer(503, HTML, {"Content-Type": "text/html", "Retry-After": "9"}))
    reply = await case.post()
    openai_error(reply)
    assert reply.get("retry-after") == "9"


SILENCES = {
    "closes": Script().fin(),
    "resets": Script().rst(),
    "half a head": Script().raw(b"HTTP/1.1 200 OK\r\nContent-").fin(),
    "no HTTP": Script().raw(b"220 mail.example ESMTP ready\r\n").fin(),
    "HTTP/2 preface": Script().raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00").fin(),
    "bad header": Script().raw(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n").fin(),
    "two lengths": Script().raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}").fin(),
    "giant header": Script().raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n").fin(),
    "no status": Script().raw(b"HTTP/1.1 abc\r\n\r\n").fin(),
}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("script", SILENCES.values(), ids=SILENCES.keys())
async def test_an_upstream_that_answers_no_http_is_a_502(target: Target, script: Script, stream: bool) -> None:
    """PRX-15 CMP-27: OpenAI-shaped, without the upstream's address, and the process lives."""
    case = await target.case(script)
    reply = await case.post(case.body(stream=stream))
    assert reply.status == 502
    assert openai_error(reply)["code"] in {"upstream_disconnected", "upstream_bad_response"}
    assert reply.get("x-should-retry") == "false"  # CL-7: our attempts are spent, theirs would multiply them
    assert str(target.upstream_port).encode() not in reply.body


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(target: Target, status: int) -> None:
    """PRX-16 EGR-5: 502 `upstream_redirect`; the Location is neither called nor passed on."""
    elsewhere = await target.case()
    location = f"http://127.0.0.1:{target.upstream_port}/v1/elsewhere/{elsewhere.marker}"
    case = await target.case(answer(status, b"{}", {"Location": location}))
    reply = await case.post()
    refused(reply, 502, "upstream_redirect")
    assert reply.get("location") is None
    assert await elsewhere.seen() == []


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_upstream_credential_is_not_the_callers_fault(target: Target, status: int) -> None:
    """PRX-13 section 7: 401 and 403 of the upstream mean our credential: 502, and no retry of the caller."""
    body = b'{"error":{"message":"Incorrect API key provided: sk-abc","code":"invalid_api_key"}}'
    case = await target.case(answer(status, body, {"WWW-Authenticate": "Bearer realm=upstream"}))
    reply = await case.post()
    refused(reply, 502, "upstream_auth_failed")
    assert reply.get("x-should-retry") == "false"
    assert reply.get("www-authenticate") is None
    assert b"sk-abc" not in reply.body


async def test_an_unreachable_upstream_is_told_without_its_address(target: Target) -> None:
    """PRX-15 section 7: nobody listens there: 502 or 503, with a next step."""
    case = await target.case(base_urls=("http://127.0.0.1:9/v1",))
    reply = await case.post()
    assert reply.status in {502, 503}
    assert openai_error(reply)["code"] in {"upstream_connect_failed", "no_upstream_available"}
    if reply.status == 503:
        assert reply.get("retry-after")


async def test_a_model_with_one_endpoint_is_called_once(target: Target) -> None:
    """PRX-12 CL-7: our retry goes to another endpoint or nowhere; the answer says that retrying is pointless here."""
    case = await target.case(answer(500, b'{"error":{"message":"boom"}}'))
    await case.post()
    await case.only()


async def test_an_answer_in_pieces_before_its_head_passes(target: Target) -> None:
    """PRX-15: a head that comes slowly, byte by byte, is still a head."""
    raw = head(200, {**JSON_TYPE, "Content-Length": "2"}) + b"{}"
    case = await target.case(Script().raw(*(bytes([byte]) for byte in raw)))
    reply = await case.post()
    assert (reply.status, reply.body) == (200, b"{}")


async def test_an_interim_answer_is_skipped(target: Target) -> None:
    """PRX-15: 100 and 103 of the upstream are no answer."""
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    case = await target.case(Script().raw(interim + head(200, {**JSON_TYPE, "Content-Length": "2"}) + b"{}"))
    reply = await case.post()
    assert (reply.status, reply.body) == (200, b"{}")


async def test_a_call_after_every_fault_works(target: Target) -> None:
    """CMP-27: upstream trouble never outlives its request."""
    for script in SILENCES.values():
        case = await target.case(script)
        await case.post()
    assert await settle(target)
