"""Which headers pass between a caller and an upstream: two allow-lists (proxy_behaviour.md section 6, HDR-1, HDR-2).

What is not listed does not pass; what `Connection` names does not pass although it is listed (PRX-20). Host, length,
credential and everything else that is ours is set by whoever sends. Pure; used by the data plane only.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from random import getrandbits
from typing import Final

from multidict import CIMultiDict, MultiMapping

from gateway.errors import LoopDetected

UPSTREAM_REQUEST_ID: Final = "x-upstream-request-id"


def to_upstream(headers: MultiMapping[str], *, extra: Iterable[str] = ()) -> CIMultiDict[str]:
    """Return the caller's headers that go upstream, and `Accept-Encoding: identity` (PRX-19, PRX-38).

    `extra` are further names, lower-case, that the operator lets through; never a credential or a hop-by-hop header.
    """
    if not extra:
        return _pick(headers, _goes_up, _IDENTITY)
    allowed = frozenset(extra) - _NEVER
    return _pick(headers, lambda name: _goes_up(name) or name.lower() in allowed, _IDENTITY)


def to_client(headers: MultiMapping[str]) -> CIMultiDict[str]:
    """Return the upstream's headers that go to the caller; its request id as `x-upstream-request-id` (PRX-12, PRX-18).

    Content-Encoding is among them: it must travel with the undecoded bytes or not at all (PRX-38).
    """
    picked = _pick(headers, _goes_down, {})
    upstream_id = headers.get("x-request-id") or headers.get("request-id")
    if upstream_id is not None and _SHOWN_ID.fullmatch(upstream_id):
        picked[UPSTREAM_REQUEST_ID] = upstream_id
    return picked


def without_account(headers: CIMultiDict[str]) -> CIMultiDict[str]:
    """Return a copy without the names of an OpenAI account, for endpoints that are not OpenAI's (clients.md 2)."""
    kept = headers.copy()
    kept.popall("openai-organization", None)
    kept.popall("openai-project", None)
    return kept


def request_id(headers: MultiMapping[str]) -> str:
    """Return the caller's `x-request-id` if it is a UUID, else a new one.

    >>> request_id(CIMultiDict({"X-Request-Id": "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a2d"}))
    '6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a2d'
    """
    given = headers.get("x-request-id")
    return given if given is not None and _UUID.fullmatch(given) else _new_uuid()


def via(headers: MultiMapping[str], instance: str) -> str:
    """Return the `Via` to send upstream: the gateways of our kind that the call came through, and this one.

    `instance` is this process' own id. Other proxies are left out: they are the caller's business, not the upstream's.
    Raises: LoopDetected when this instance is among them, or when they are too many.
    """
    own = f"1.1 modelport-{instance}"
    if "via" not in headers:
        return own
    hops = _HOP.findall(",".join(headers.getall("via")))
    if own in hops or len(hops) >= _MAX_HOPS:
        raise LoopDetected(
            "this call has been here before",
            hint="an endpoint's base_url leads back to this gateway",
            headers={"x-should-retry": "false"},
        )
    return ", ".join([*hops, own])


def _new_uuid() -> str:
    """Return a random UUID, version 4. It is a name and no secret: asking the kernel took 5 us of each call."""
    text = f"{getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _pick(headers: MultiMapping[str], passes: Callable[[str], bool], start: Mapping[str, str]) -> CIMultiDict[str]:
    if "connection" in headers:
        headers = _without_nominated(headers)
    picked: CIMultiDict[str] = CIMultiDict(start)
    for name, value in headers.items():
        if passes(name) and (value.isascii() or _writable(value)):
            picked.add(name, value)
    return picked


# Callers and upstreams repeat the names of their headers; remembered, a call's headers take a third of the time.
@lru_cache(maxsize=1024)
def _goes_up(name: str) -> bool:
    lower = name.lower()
    return lower in _TO_UPSTREAM or lower.startswith("openai-")


@lru_cache(maxsize=1024)
def _goes_down(name: str) -> bool:
    lower = name.lower()
    return lower in _TO_CLIENT or lower.startswith(("x-ratelimit-", "openai-", "anthropic-ratelimit-"))


def _without_nominated(headers: MultiMapping[str]) -> MultiMapping[str]:
    """Take out what `Connection` names (RFC 9110 7.6.1), unless it is only the usual `keep-alive` or `close`."""
    nominated = {name.strip().lower() for name in ",".join(headers.getall("connection")).split(",")}
    if nominated <= _ORDINARY:
        return headers
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in nominated)


def _writable(value: str) -> bool:
    """Whether a value beyond ASCII is at least UTF-8: other bytes come as surrogates, which cannot be sent."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_TO_UPSTREAM: Final = frozenset(
    {
        "content-type",
        "accept",
        "user-agent",
        "idempotency-key",
        "traceparent",
        "tracestate",
        "anthropic-version",
        "anthropic-beta",
    }
)
_TO_CLIENT: Final = frozenset(
    {
        "content-type",
        "content-encoding",
        "content-disposition",
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
    }
)
_NEVER: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "accept-encoding",
        "authorization",
        "x-api-key",
        "api-key",
        "cookie",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "expect",
        "via",
        "x-request-id",
    }
)
_ORDINARY: Final = frozenset({"keep-alive", "close", ""})
_IDENTITY: Final = {"Accept-Encoding": "identity"}
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SHOWN_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")  # longer than any provider's; nothing that could break a log line
_HOP: Final = re.compile(r"1\.1 modelport-[A-Za-z0-9._-]{1,64}(?=[ \t]*(?:,|$))")
_MAX_HOPS: Final = 8  # gateways in a row; more is a loop among instances whose ids change
