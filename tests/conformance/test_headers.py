"""PRX-17 to PRX-20, PRX-42 and section 6: allow-lists in both directions (security.md HDR-1, HDR-2)."""

import re
import secrets
import uuid

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.modelport import UpstreamProcess
from tests.conformance.target import Target
from tests.fakes.scenarios import DONE, ONE, completion
from tests.fakes.script import answer, event_stream

CLIENT_KEEPS = {
    "Content-Disposition": 'attachment; filename="a"',
    "Retry-After": "3",
    "retry-after-ms": "3000",
    "x-should-retry": "true",
    "x-ratelimit-limit-requests": "60",
    "openai-processing-ms": "12",
    "openai-version": "2020-10-01",
    "anthropic-ratelimit-requests-limit": "5",
}
CLIENT_NEVER = {
    "Set-Cookie": "upstream=1; Path=/",
    "X-Powered-By": "PHP",
    "Alt-Svc": 'h3=":443"',
    "Strict-Transport-Security": "max-age=1",
    "WWW-Authenticate": "Bearer",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Location": "http://evil.example/",
    "X-Internal-Host": "gpu-7.internal",
    "Keep-Alive": "timeout=5",
    "Proxy-Authenticate": "Basic",
    "X-Nominated": "secret",
    "Server": "upstream/9.9",
    "Via": "1.1 upstream",
    "Link": "<x>",
}
OURS = {"date", "server", "x-request-id", "server-timing", "content-type", "content-length", "transfer-encoding",
        "connection", "cache-control", "x-accel-buffering", "x-upstream-request-id", "vary", "via"}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_only_listed_answer_headers_reach_the_client(target: Target, stream: bool) -> None:
    """PRX-18 PRX-20 HDR-2: the list is kept, everything else, and what Connection names, is dropped."""
    headers = {**CLIENT_KEEPS, **CLIENT_NEVER, "Connection": "X-Nominated", "x-request-id": "upstream-7"}
    script = event_stream(headers).events(ONE, DONE).end() if stream else answer(200, completion(), headers)
    case = await target.case(script)
    reply = await case.post(case.body(stream=stream))
    assert reply.status == 200
    assert {name: reply.get(name) for name in CLIENT_KEEPS} == CLIENT_KEEPS
    leaked = reply.head.names() - OURS - {name.lower() for name in CLIENT_KEEPS}
    assert not leaked, f"leaked {sorted(leaked)}"
    assert reply.get("x-upstream-request-id") == "upstream-7"


async def test_the_answer_says_who_speaks(target: Target) -> None:
    """PRX-18: `Server` names us and no library, `Server-Timing` our share, `x-request-id` the call."""
    case = await target.case()
    reply = await case.post()
    assert reply.get("server") == "modelport"
    assert reply.get("server-timing")
    assert reply.get("x-request-id")


async def test_every_stream_asks_proxies_in_front_not_to_hold_it(target: Target) -> None:
    """PRX-42 CMP-14: `X-Accel-Buffering: no` and `Cache-Control: no-cache` on every event stream."""
    case = await target.case(event_stream({"Cache-Control": "public"}).events(ONE, DONE).end())
    reply = await case.stream()
    assert (reply.get("content-type") or "").startswith("text/event-stream")
    assert reply.get("x-accel-buffering") == "no"
    assert reply.get("cache-control") == "no-cache"


COOKIE = answer(200, completion(), {"Set-Cookie": "upstream=1; Path=/"})


async def test_a_cookie_of_the_upstream_reaches_no_caller(target: Target) -> None:
    """PRX-17 EGR-5: nor does a caller's cookie reach the upstream."""
    case = await target.case(COOKIE)
    assert (await case.post(Cookie="mine=2")).get("set-cookie") is None
    assert (await case.only()).get("cookie") is None


async def test_a_cookie_of_the_upstream_is_not_kept(target: Target) -> None:
    """PRX-17 EGR-5: no later request carries it; the upstream has a host name, since cookie jars skip addresses."""
    case = await target.case(COOKIE, upstream_host="localhost")
    assert [(await case.post()).status for _ in range(2)] == [200, 200]
    assert [seen.get("cookie") for seen in await case.seen()] == [None, None]


UPSTREAM_KEEPS = {
    "User-Agent": "my-program/1.0",
    "Idempotency-Key": "once-7",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "vendor=1",
    "OpenAI-Beta": "assistants=v2",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "x",
}
UPSTREAM_NEVER = {
    "Cookie": "session=secret",
    "X-Forwarded-For": "1.2.3.4",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "Forwarded": "for=1.2.3.4",
    "X-Real-IP": "1.2.3.4",
    "Proxy-Authorization": "Basic c2VjcmV0",
    "Origin": "http://page.example",
    "Referer": "http://page.example/secret",
    "X-Internal": "1",
    "X-Stainless-Lang": "python",
    "TE": "trailers",
    "Keep-Alive": "timeout=5",
}
SET_BY_US = {"host", "content-length", "transfer-encoding", "content-type", "accept", "accept-encoding",
             "authorization", "x-request-id", "via", "connection"}  # fmt: skip


async def test_only_listed_request_headers_reach_the_upstream(target: Target) -> None:
    """PRX-19 HDR-1: the list is kept; the caller's key, cookies, X-Forwarded-* and everything else stay here."""
    case = await target.case()
    body = case.body()
    headers = target.headers(body) | UPSTREAM_KEEPS | UPSTREAM_NEVER
    assert (await target.call("POST", "/chat/completions", body, headers)).status == 200
    seen = await case.only()
    assert {name: seen.get(name) for name in UPSTREAM_KEEPS} == UPSTREAM_KEEPS
    leaked = seen.names() - SET_BY_US - {name.lower() for name in UPSTREAM_KEEPS}
    assert not leaked, f"leaked {sorted(leaked)}"


@pytest.mark.parametrize("passed", [True, False])
async def test_organization_headers_follow_the_endpoint(target: Target, passed: bool) -> None:
    """PRX-19 clients.md 2: they name an account of the caller's: an endpoint says whether it gets them."""
    case = await target.case(organization_headers=passed)
    assert (await case.post(OpenAI_Organization="org-1", OpenAI_Project="proj-1")).status == 200
    seen = await case.only()
    expected = ("org-1", "proj-1") if passed else (None, None)
    assert (seen.get("openai-organization"), seen.get("openai-project")) == expected


async def test_the_callers_key_never_reaches_the_upstream(target: Target) -> None:
    """PRX-19: in no header, by no name."""
    case = await target.case()
    assert (await case.post()).status == 200
    seen = await case.only()
    assert target.key not in "".join(value for _, value in seen.headers)


async def test_headers_named_by_connection_are_removed(target: Target) -> None:
    """PRX-20 HDR-1: even one that the list would keep."""
    case = await target.case()
    token = f"OpenAI-{secrets.token_hex(4)}"
    body = case.body()
    headers = target.headers(body) | {"Connection": f"keep-alive, {token}", token: "secret"}
    assert (await target.call("POST", "/chat/completions", body, headers)).status == 200
    seen = await case.only()
    assert seen.get(token) is None
    assert token.lower() not in (seen.get("connection") or "").lower()


async def test_the_upstream_is_asked_for_plain_bytes(target: Target) -> None:
    """PRX-38: identity, whatever the caller would take."""
    case = await target.case()
    await case.post(case.body(stream=True), Accept_Encoding="gzip, deflate, br, zstd")
    assert (await case.only()).get("accept-encoding") == "identity"


async def test_a_length_that_is_known_goes_on_as_length(target: Target) -> None:
    """CMP-29: both ways, and it is the length of what really follows."""
    case = await target.case(answer(200, completion()))
    body = case.body()
    reply = await case.post(body)
    seen = await case.only()
    assert int(seen.get("content-length") or 0) == seen.length
    assert int(reply.get("content-length") or 0) == len(reply.body) == len(completion())


async def test_a_chunked_upload_is_accepted(target: Target) -> None:
    """CMP-29: a body without length arrives whole, with a length or chunks of its own."""
    case = await target.case()
    body = case.body()
    headers = target.headers(b"", Content_Type="application/json", Transfer_Encoding="chunked")
    framed = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:20], body[20:])) + b"0\r\n\r\n"
    assert (await target.call("POST", "/chat/completions", framed, headers)).status == 200
    assert case.marker.encode() in (await case.only()).start


async def test_a_clients_uuid_is_taken_over_as_request_id(target: Target) -> None:
    """Section 6: the same id goes upstream and into the answer."""
    case, mine = await target.case(), str(uuid.uuid4())
    reply = await case.post(x_request_id=mine)
    assert reply.get("x-request-id") == mine == (await case.only()).get("x-request-id")


@pytest.mark.parametrize("foreign", ["7", "a" * 300, "x<script>", "{}"])
async def test_any_other_request_id_is_replaced(target: Target, foreign: str) -> None:
    """Section 6: nothing a caller invents reaches a log line."""
    case = await target.case()
    reply = await case.post(x_request_id=foreign)
    ours = reply.get("x-request-id") or ""
    assert ours != foreign
    assert re.fullmatch(r"[0-9A-Za-z_-]{8,64}", ours)


async def test_our_own_via_ends_a_loop(target: Target) -> None:
    """Section 6 section 7: the `Via` that we send comes back as 508 `gateway_loop`."""
    case = await target.case()
    await case.post()
    via = (await case.only()).get("via") or ""
    assert via.startswith("1.1 ")
    reply = await case.post(Via=f"1.0 fred, {via}")
    assert reply.status == 508
    assert reply.json()["error"]["code"] == "gateway_loop"
    await case.only()


async def test_an_operator_lets_further_headers_through(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-19 section 6: what is configured goes upstream; a credential does not, configured or not."""
    with serve(server={"forward_headers": ["X-Tenant", "Cookie"]}) as server:
        case = await server.target(upstream).case()
        await case.post(X_Tenant="blue", X_Other="red", Cookie="a=b")
        seen = await case.only()
    assert seen.get("x-tenant") == "blue"
    assert not seen.names() & {"x-other", "cookie"}
