"""PRX-21 to PRX-24, security.md SRV-3 and RES-3 to RES-5: what is no proper request is refused whole."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.case import CHAT, Case
from tests.conformance.expect import openai_error, refused
from tests.conformance.target import Target
from tests.conformance.wire import ConnectionEnded, Wire, request_bytes
from tests.fakes.scenarios import completion
from tests.fakes.script import Script, answer

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "hostile_requests.json").read_text())
OVERSIZE = 40 << 20  # above the default limit of 32 MiB


def _bytes(case: Case, row: dict[str, Any]) -> bytes:
    target, full = case.target, VECTORS["defaults"] | row
    body = case.body()
    values = {
        "host": target.authority,
        "path": target.path + CHAT,
        "models": target.path + "/models",
        "length": str(len(body)),
        "json": body.decode(),
        "chunked": "",
    }
    auth = f"Authorization: Bearer {target.key}\r\n" if full["auth"] else ""
    lines = f"{full['line']}\r\n{full['host']}{auth}Content-Type: application/json\r\n{full['extra']}\r\n{full['body']}"
    for name, value in values.items():
        lines = lines.replace("{" + name + "}", value)
    return lines.encode("latin-1")


@pytest.mark.parametrize("row", VECTORS["cases"], ids=[row["id"] for row in VECTORS["cases"]])
async def test_a_hostile_request_is_refused_and_nothing_behind_it_runs(target: Target, row: dict[str, Any]) -> None:
    """PRX-21 PRX-22 SRV-3 RES-4: refused; the request behind it is not run, the connection closes."""
    hostile, behind = await target.case(), await target.case()
    body = behind.body()
    follower = request_bytes("POST", target.path + CHAT, target.headers(body), body)
    async with await target.connect() as wire:
        wire.send_soon(_bytes(hostile, row) + follower)
        first = await wire.answer()
        assert first.status in (row.get("status") or VECTORS["defaults"]["status"]), first
        went_on = await _another_answer(wire)
    assert await hostile.seen() == []
    if first.status == 400 and (VECTORS["defaults"] | row)["closes"]:
        assert not went_on
        assert await behind.seen() == []


async def test_a_refusal_of_the_parser_has_the_openai_shape(target: Target) -> None:
    """Principle 5: never text/plain or HTML, even where no handler has run."""
    case = await target.case()
    async with await target.connect() as wire:
        wire.send_soon(_bytes(case, next(row for row in VECTORS["cases"] if row["id"] == "cl-plus")))
        openai_error(await wire.answer())


@pytest.mark.parametrize("row", VECTORS["legal"], ids=[row["id"] for row in VECTORS["legal"]])
async def test_an_unusual_but_legal_request_works(target: Target, row: dict[str, Any]) -> None:
    """SRV-3: strictness ends where the standard allows."""
    case = await target.case(answer(200, completion()))
    body = case.body()
    framings = {
        "chunked": b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
        "extension": b'%x;name="a b"\r\n%s\r\n0;x\r\n\r\n' % (len(body), body),
    }
    sent = _bytes(case, row | {"body": ""}) + framings.get(row["body"], body)
    async with await target.connect() as wire:
        wire.send_soon(row.get("before", "").encode() + sent)
        assert (await wire.answer()).status == 200


async def test_pipelined_requests_are_answered_in_order(target: Target) -> None:
    """PRX-23: the second answer waits for the first, even when it is ready earlier."""
    slow = await target.case(Script().pause(0.3).raw(answer(200, b'"slow"').steps[0].data))
    quick = await target.case(answer(200, b'"quick"'))
    async with await target.connect() as wire:
        for case in (slow, quick):
            body = case.body()
            wire.send_soon(request_bytes("POST", target.path + CHAT, target.headers(body), body))
        assert [(await wire.answer()).body for _ in range(2)] == [b'"slow"', b'"quick"']


async def _expecting(target: Target, headers: dict[str, str]) -> Wire:
    wire = await target.connect()
    wire.send_soon(request_bytes("POST", target.path + CHAT, headers | {"Expect": "100-continue"}, b""))
    return wire


async def test_continue_is_not_given_to_a_bad_key(target: Target) -> None:
    """PRX-24: 401 without 100: the body is never asked for."""
    headers = target.headers(b"", Authorization="Bearer wrong", Content_Type="application/json", Content_Length="50")
    async with await _expecting(target, headers) as wire:
        assert (await wire.head()).status == 401


async def test_continue_is_not_given_to_a_body_that_is_too_large(target: Target) -> None:
    """PRX-24: 413 without 100."""
    headers = target.headers(b"", Content_Type="application/json", Content_Length=str(OVERSIZE))
    async with await _expecting(target, headers) as wire:
        assert (await wire.head()).status == 413


async def test_continue_is_given_to_a_good_request(target: Target) -> None:
    """PRX-24: 100, then the answer; `Expect` does not reach the upstream."""
    case = await target.case()
    body = case.body()
    async with await _expecting(target, target.headers(body)) as wire:
        assert (await wire.head()).status == 100
        wire.send_soon(body)
        assert (await wire.answer()).status == 200
    assert (await case.only()).get("expect") is None


async def test_a_connection_serves_many_requests(target: Target) -> None:
    """PRX-23: refusals that could be framed do not cost the connection."""
    case = await target.case(answer(200, completion()))
    body = case.body()
    good = request_bytes("POST", target.path + CHAT, target.headers(body), body)
    bad = b'{"model": "no-such-model"}'
    unknown = request_bytes("POST", target.path + CHAT, target.headers(bad), bad)
    async with await target.connect() as wire:
        statuses = []
        for request in (good, unknown, good):
            wire.send_soon(request)
            statuses.append((await wire.answer()).status)
    assert statuses == [200, 404, 200]


async def test_a_refused_body_in_a_foreign_coding_names_415(target: Target) -> None:
    """PRX-39 SRV-8: a compressed body is not inflated."""
    case = await target.case()
    reply = await case.post(b"\x1f\x8b\x08\x00" + b"x" * 100, Content_Encoding="gzip")
    refused(reply, 415, "unsupported_content_encoding")
    assert await case.seen() == []


async def _another_answer(wire: Wire) -> bool:
    try:
        async with asyncio.timeout(3):
            await wire.final_head()
    except ConnectionEnded:
        return False
    return True
