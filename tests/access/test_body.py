"""What is read from a JSON body, what is refused, and that a splice changes nothing else."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.body import read_call, rewrite
from gateway.access.json_text import MAX_DEPTH
from gateway.errors import InvalidRequest
from tests.fuzz.body import bodies, check, model_span

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).parents[1].joinpath("vectors/bodies.json").read_text("utf-8"))
GOOD = [row for row in ROWS if "code" not in row]
BAD = [row for row in ROWS if "code" in row]


def _bytes(row: dict[str, Any]) -> bytes:
    return bytes.fromhex(row["hex"]) if "hex" in row else row["body"].encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["why"])
def test_a_good_body_is_read(row: dict[str, Any]) -> None:
    """PRX-32 to PRX-34: model and stream are found, everything else is let be."""
    call = read_call(_bytes(row))
    assert call.model == row["model"]
    assert call.stream is row.get("stream", False)
    assert call.has_include_usage is row.get("asked", False)


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["why"])
def test_a_good_body_is_spliced_and_nothing_else_changes(row: dict[str, Any]) -> None:
    """PRX-10, USE-3: byte for byte, and the very same object when there is nothing to do."""
    body = _bytes(row)
    call = read_call(body)
    assert rewrite(body, call, model=call.model, inject_usage=False) is body
    assert rewrite(body, call, model=None, inject_usage=False) is body
    if "rewritten" in row:
        assert rewrite(body, call, model="n", inject_usage=False) == row["rewritten"].encode()
    injected = row["injected"].encode() if "injected" in row else body
    assert rewrite(body, call, model=None, inject_usage=True) == injected


@pytest.mark.parametrize("row", BAD, ids=lambda row: row["why"])
def test_a_bad_body_is_refused_with_its_place(row: dict[str, Any]) -> None:
    """PRX-30, PRX-31, PRX-34: code, param, and where a text breaks."""
    with pytest.raises(InvalidRequest) as caught:
        read_call(_bytes(row))
    error = caught.value
    assert (error.code, error.param) == (row["code"], row.get("param"))
    assert (error.extra.get("line"), error.extra.get("column")) == (row.get("line"), row.get("column"))


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 700, 5_000, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"\\"[":', "}]")])
def test_too_deep_a_body_is_refused_and_the_process_lives(levels: int, opening: str, closing: str) -> None:
    """PRX-31: whatever the recursion limit of this Python, the answer is 400."""
    body = '{"model":"m","a":' + opening * levels + "0" + closing * levels + "}"
    with pytest.raises(InvalidRequest, match="deeper than 512") as caught:
        read_call(body.encode())
    assert caught.value.code == "invalid_json"


@pytest.mark.parametrize("filler", ['"x"', '"]]]"', '"\\\\"', '"\\"[["', "[]", "[{}]", '"' + "é[" * 600 + '"'])
@pytest.mark.parametrize("name", ["messages", "a"])
def test_the_deepest_allowed_body_passes_and_one_level_more_does_not(filler: str, name: str) -> None:
    """Brackets in strings, escapes and long flat lists do not count; the limit is exact."""
    flat = ",".join([filler] * 700)
    for levels, passes in ((MAX_DEPTH - 3, True), (MAX_DEPTH - 1, False)):
        body = f'{{"model":"m","{name}":[{flat}, {"[" * levels}{"]" * levels}, {flat}]}}'
        assert _passes(body.encode()) is passes


def test_a_long_list_of_shallow_messages_passes() -> None:
    """Thousands of brackets are no depth; in a large body they are counted one by one."""
    message = {"role": "user", "content": [{"type": "text", "text": 'a [quoted \\ "thing"]\n'}]}
    for count in (1_000, 20_000):
        assert read_call(json.dumps({"messages": [message] * count, "model": "m"}).encode()).model == "m"


def test_two_places_of_a_large_body_can_hold_the_model() -> None:
    """At the start, at the end, and between two large members."""
    text = "x" * 20_000
    for order in (("model", "a", "b"), ("a", "b", "model"), ("a", "model", "b"), ("a", "model", "tools")):
        values = {"model": "m", "a": text, "b": text, "tools": [{"model": text}] * 3}
        body = json.dumps({name: values[name] for name in order}).encode()
        start, end = model_span(body)
        assert rewrite(body, read_call(body), model="n", inject_usage=False) == body[:start] + b'"n"' + body[end:]


def test_many_nested_models_do_not_hide_the_real_one() -> None:
    """When neither end helps, the members are walked through."""
    nested = {"model": "x" * 5000, "list": [{"model": "]"}, '"model":"y"', 5, None]}
    body = json.dumps({"a": nested, "b": "text", "n": -1.5, "model": "m", "z": nested}, indent=1).encode()
    expected = body.replace(b'"model": "m"', b'"model": "n"')
    assert rewrite(body, read_call(body), model="n", inject_usage=False) == expected


def test_a_doubled_member_of_a_large_body_is_found() -> None:
    """Without building anything of it; nested and escaped names do not confuse."""
    text, nested = '"a":"' + "x" * 2_000_000 + '"', '"n":{"stream_options":["\\u0061"]}'
    good = f'{{"model":"m","stream_options":{{}},{text},{nested}}}'
    assert read_call(good.encode()).stream_options == "object"
    for spelled in ('"stream_options"', '"stream_option\\u0073"'):
        with pytest.raises(InvalidRequest, match="stream_options stands"):
            read_call(f"{good[:-1]},{spelled}:{{}}}}".encode())


def test_a_large_body_with_endless_members_is_refused_when_it_must_be_walked_through() -> None:
    """A second of one caller's is a second of everybody's."""
    members = ",".join(f'"a{number}":"stream_options"' for number in range(80_000))
    with pytest.raises(InvalidRequest, match="more than 10000 members"):
        read_call(f'{{"model":"m","stream_options":null,{members}}}'.encode())


def test_thousands_of_half_emoji_are_refused() -> None:
    """A few are a browser's doing, so many are not."""
    assert read_call(b'{"model":"m","a":"' + b"\\ud83d" * 9_000 + b'"}').model == "m"
    with pytest.raises(InvalidRequest):
        read_call(b'{"model":"m","a":"' + b"\\ud83d" * 11_000 + b'"}')


def test_an_operation_without_a_model_reads_the_rest() -> None:
    """Batches name a file, responses an earlier response; a model is optional or meaningless there."""
    call = read_call(b'{"input_file_id":"file-1","store":false,"previous_response_id":"resp_1"}', model="none")
    assert (call.model, call.store) == (None, False)
    assert call.refers_to("input_file_id") == "file-1"
    assert call.refers_to("previous_response_id") == "resp_1"
    assert call.refers_to(None) is None
    assert read_call(b"{}", model="optional").model is None
    with pytest.raises(InvalidRequest, match="empty"):
        read_call(b'{"model":""}', model="optional")


def test_members_of_another_type_are_left_to_the_upstream() -> None:
    """Only model, stream and stream_options are judged here."""
    call = read_call(b'{"model":"m","store":"yes","previous_response_id":7,"input_file_id":"\\ud800"}')
    assert (call.store, call.previous_response_id, call.input_file_id) == (None, None, "�")
    assert read_call(b'{"model":"m","previous_response_id":"' + b"a" * 2000 + b'"}').previous_response_id is None


def test_a_new_name_is_written_as_json() -> None:
    """Quotes, backslashes and control characters of an upstream's name cannot break out of the string."""
    body = b'{"model":"m"}'
    name = 'a"b\\c\n\u2028ü'
    assert json.loads(rewrite(body, read_call(body), model=name, inject_usage=False)) == {"model": name}


@pytest.mark.parametrize("size", [70_000, 2_000_000])
def test_bad_utf8_is_found_wherever_it_stands(size: int) -> None:
    """A character may be cut by the pieces in which a large body is looked at; a broken one is still found."""
    good = b'{"model":"m","a":"' + "a€".encode() * (size // 4) + b'"}'
    assert read_call(good).model == "m"
    with pytest.raises(InvalidRequest) as caught:
        read_call(good[:-3] + b"\xa0" + good[-3:])
    assert caught.value.extra["column"] == len(good[:-3].decode("utf-8", "replace")) + 1


@given(st.integers(0, 2**32))
def test_the_standard_library_agrees(seed: int) -> None:
    """Accepted or refused, read and spliced: as the plain reference says (the fuzzer does 120,000 of these)."""
    for body in bodies(random.Random(seed), 10):
        check(body)


@given(st.binary(max_size=40))
def test_any_bytes_are_answered(body: bytes) -> None:
    """No input leads to anything but a call or a 400."""
    _passes(body)
    _passes(b'{"model":"m",' + body + b"}")


def _passes(body: bytes) -> bool:
    try:
        read_call(body)
    except InvalidRequest:
        return False
    return True
