"""PRX-30 to PRX-34 and PRX-10: what is refused in a body, and that everything else arrives as it was written."""

import json

import pytest

from tests.conformance.case import Case
from tests.conformance.expect import refused
from tests.conformance.target import Target
from tests.fakes.scenarios import completion
from tests.fakes.script import answer, event_stream

BROKEN = {
    "cut": b'{"model": "%(model)s", "user": "%(marker)s"',
    "array": b'["%(model)s", "%(marker)s"]',
    "string": b'"%(model)s %(marker)s"',
    "number": b"5",
    "empty": b"",
    "blank": b"   ",
    "two values": b'{"model": "%(model)s", "user": "%(marker)s"} {}',
    "trailing comma": b'{"model": "%(model)s", "user": "%(marker)s",}',
    "single quotes": b"{'model': '%(model)s', 'user': '%(marker)s'}",
    "bad UTF-8": b'{"model": "%(model)s", "user": "%(marker)s", "x": "\xff\xfe"}',
    "lone control character": b'{"model": "%(model)s", "user": "%(marker)s", "x": "a\x01b"}',
    "leading zero": b'{"model": "%(model)s", "user": "%(marker)s", "x": 01}',
    "UTF-16": '{"model": "m"}'.encode("utf-16"),
}


def _filled(case: Case, template: bytes) -> bytes:
    return template.replace(b"%(model)s", case.model.encode()).replace(b"%(marker)s", case.marker.encode())


@pytest.mark.parametrize("template", BROKEN.values(), ids=BROKEN.keys())
async def test_a_body_that_is_no_json_object_is_refused(target: Target, template: bytes) -> None:
    """PRX-30: 400 in the OpenAI shape, and nothing reaches the upstream."""
    case = await target.case()
    body = _filled(case, template)
    headers = target.headers(body, Content_Type="application/json", Content_Length=str(len(body)))
    reply = await target.call("POST", "/chat/completions", body, headers)
    assert refused(reply, 400, reply.json()["error"]["code"])["code"] in {"invalid_json", "invalid_type"}
    assert await case.seen() == []


async def test_broken_json_names_line_and_column(target: Target) -> None:
    """PRX-30: the message says where."""
    case = await target.case()
    error = refused(await case.post(b'{"model": "m",\n "messages": [}'), 400, "invalid_json")
    assert "line 2" in error["message"]
    assert "column" in error["message"]


HOSTILE = {
    "NaN": b'{"model": "%(model)s", "user": "%(marker)s", "temperature": NaN}',
    "Infinity": b'{"model": "%(model)s", "user": "%(marker)s", "temperature": Infinity}',
    "-Infinity": b'{"model": "%(model)s", "user": "%(marker)s", "temperature": -Infinity}',
    "duplicate model": b'{"model": "%(model)s", "user": "%(marker)s", "model": "other"}',
    "duplicate model first": b'{"model": "other", "user": "%(marker)s", "model": "%(model)s"}',
    "escaped duplicate last": b'{"model": "%(model)s", "user": "%(marker)s", "\\u006dodel": "other"}',
    "escaped duplicate first": b'{"\\u006dodel": "other", "user": "%(marker)s", "model": "%(model)s"}',
    "depth 5,000": b'{"model": "%(model)s", "user": "%(marker)s", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "depth 200,000": b'{"model": "%(model)s", "user": "%(marker)s", "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "depth of objects": b'{"model": "%(model)s", "user": "%(marker)s", "x": ' + b'{"a":' * 9000 + b"1" + b"}" * 9001,
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_body_is_refused_and_the_gateway_lives(target: Target, template: bytes) -> None:
    """PRX-31 CMP-27: NaN, duplicate keys and depth: 400, not forwarded; the next call works."""
    case = await target.case(answer(200, completion()))
    reply = await case.post(_filled(case, template))
    assert reply.status == 400, reply
    assert refused(reply, 400, reply.json()["error"]["code"])["code"] in {"invalid_json", "duplicate_key"}
    assert await case.seen() == []
    assert (await case.post()).status == 200


NUMBERS = "[9223372036854775808, 18446744073709551617, 12345678901234567890123, 0.10, 1E5, -0, -0.0, 1e-7, 1.0]"


async def test_numbers_reach_the_upstream_as_written(target: Target) -> None:
    """PRX-32: no digit is changed, none is added."""
    case = await target.case()
    body = case.body()[:-1] + f', "x": {NUMBERS}}}'.encode()
    assert (await case.post(body)).status == 200
    assert NUMBERS.encode() in (await case.only()).start


async def test_a_body_reaches_the_upstream_byte_for_byte(target: Target) -> None:
    """PRX-33: unknown fields, order, white space and escapes arrive; nothing is added, only the model may differ."""
    case = await target.case()
    template = (
        b'{ "zeta":1,\r\n\t"model" :  "MODEL" ,"alpha":{"b":[],"a":{}}, "top_p": 7.5,"user":"MARKER",'
        b'"messages":[{"role":"user","content":"\\u00e9\\/ \xc3\xa9 \\ud83e\\udd8a"}],"unknown":{"model":"inner"}}\n'
    )
    body = template.replace(b"MODEL", case.model.encode()).replace(b"MARKER", case.marker.encode())
    assert (await case.post(body)).status == 200
    assert _without_model((await case.only()).start) == _without_model(body)


async def test_only_the_value_of_model_is_replaced(target: Target) -> None:
    """PRX-33 principle 1: where the endpoint's name differs, that one string is spliced."""
    case = await target.case(upstream_model='up/"stream"\\é')
    body = b'{"x":{"model":"inner"}, "mod\\u0065l"  :\t"%s" ,"user":"%s","model2":1.50}' % (
        case.model.encode(), case.marker.encode(),
    )  # fmt: skip
    assert (await case.post(body)).status == 200
    got = (await case.only()).start
    start, _, end = body.partition(b'"' + case.model.encode() + b'"')
    assert got.startswith(start)
    assert got.endswith(end)
    assert json.loads(got)["model"] == 'up/"stream"\\é'


WRONG_TYPES = {
    "stream as text": (b'{"model": "%(model)s", "user": "%(marker)s", "stream": "yes"}', "invalid_type", "stream"),
    "stream as number": (b'{"model": "%(model)s", "user": "%(marker)s", "stream": 1}', "invalid_type", "stream"),
    "model as number": (b'{"model": 5, "user": "%(marker)s"}', "invalid_type", "model"),
    "model as list": (b'{"model": ["%(model)s"], "user": "%(marker)s"}', "invalid_type", "model"),
    "model null": (b'{"model": null, "user": "%(marker)s"}', None, "model"),
    "no model": (b'{"messages": [], "user": "%(marker)s"}', "missing_field", "model"),
}


@pytest.mark.parametrize(("template", "code", "param"), WRONG_TYPES.values(), ids=WRONG_TYPES.keys())
async def test_a_field_of_the_wrong_type_is_named(
    target: Target, template: bytes, code: str | None, param: str
) -> None:
    """PRX-34: 400 with the field in `param`; nothing is forwarded."""
    case = await target.case()
    reply = await case.post(_filled(case, template))
    assert reply.status == 400, reply
    error = refused(reply, 400, code or reply.json()["error"]["code"])
    assert error["param"] == param
    assert await case.seen() == []


async def test_stream_null_means_no_stream(target: Target) -> None:
    """PRX-34: null is false."""
    case = await target.case(answer(200, completion()))
    reply = await case.post(case.body(stream=False)[:-1] + b', "stream": null}')
    assert reply.status == 200
    assert reply.body == completion()


ODD_ANSWER = (
    b'{ "usage":{"total_tokens":18446744073709551617,"x":1.0},"created" : 1e5,\r\n "model":"not-the-one-asked-for",'
    b'"choices":[{"message":{"reasoning_content":"\\u00e9 \xc3\xa9","role":"assistant","content":null}}]}\n\n'
)


async def test_a_plain_answer_is_byte_identical(target: Target) -> None:
    """PRX-10: `model`, `created`, numbers, escapes and white space are the upstream's."""
    case = await target.case(answer(200, ODD_ANSWER))
    reply = await case.post()
    assert reply.whole
    assert reply.body == ODD_ANSWER


async def test_a_streamed_answer_keeps_model_and_key_order(target: Target) -> None:
    """PRX-10: an event is not parsed and written anew."""
    odd = b'data:  {"zzz":1.0 , "model":"not-the-one-asked-for","choices":[],"created":1E5}\n\n'
    case = await target.case(event_stream().events(odd).end())
    assert (await case.stream()).body == odd


def _without_model(body: bytes) -> list[bytes]:
    """Cut the top-level model value out: what is left must not differ."""
    value = json.dumps(json.loads(body)["model"]).encode()
    return body.split(value, 1)


async def test_two_equal_calls_both_reach_the_upstream(target: Target) -> None:
    """PRX-43: nothing is answered from a cache by default."""
    case = await target.case(answer(200, completion()))
    assert [(await case.post()).status for _ in range(2)] == [200, 200]
    assert len(await case.seen()) == 2
