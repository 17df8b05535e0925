"""What is used, hidden and put into quarantine of what a hub sends."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.canonical import MAX_LINE, NotCanonical, canonical, decode
from gateway.catalogue.entry import Entry, Hidden, Quarantined, is_newer, parse_entry
from tests.catalogue.entries import artifact, entry

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), _JSON, max_size=5))
def test_the_canonical_form_is_what_any_json_library_writes(value: dict[str, Any]) -> None:
    """Publishers and clients in other languages hash the same bytes: sorted keys, no spaces, UTF-8."""
    form = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical(value) == form
    assert decode(form) == value


@pytest.mark.parametrize(
    "value",
    [{"a": 0.25}, {"a": [1, {"b": 1.0}]}, {"a": float("nan")}, {"a": b"x"}, {"a": {1}}, {1: 2}, {"a": "\ud800"}],
)
def test_what_json_without_floats_does_not_know_has_no_canonical_form(value: dict[str, Any]) -> None:
    """CAT-4: no floats anywhere."""
    with pytest.raises(NotCanonical):
        canonical(value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"id":"a","x":1.5}', "1.5 is no integer"),
        (b'{"id":"a","x":1e3}', "1e3 is no integer"),
        (b"[1]", "expected an object"),
        (b"\xff", "not JSON"),
        (b'{"id":"a"', "not JSON"),
        (b"[" * 9000, "not JSON"),
        (b'{"id":"' + b"a" * MAX_LINE + b'"}', "bytes where"),
    ],
)
def test_a_line_that_is_no_entry_says_why(line: bytes, says: str) -> None:
    """CAT-20: nothing that a hub sends is an exception."""
    verdict = parse_entry(line)
    assert isinstance(verdict, Quarantined)
    assert verdict.id is None
    assert says in verdict.reason


def test_an_entry_is_read_with_all_that_it_says() -> None:
    """Unknown members are ignored, known ones keep their types."""
    read = parse_entry(entry(7, artifacts=[artifact(chunk=8388608, mirrors=[])], future={"a": [1]}))
    assert isinstance(read, Entry)
    assert (read.id, read.endpoint and read.endpoint.region) == ("acme/coder-7", ("eu", "us"))
    assert read.price is not None
    assert (read.price.into, read.price.cache_read) == ("0.25", None)
    assert read.artifacts[0].size == 4_100_000_000


def test_what_is_missing_is_unknown() -> None:
    """CAT-8: missing is not zero, and not an error."""
    read = parse_entry({"schema": 1, "id": "acme/bare", "rev": 0, "kind": "model"})
    assert isinstance(read, Entry)
    assert (read.price, read.limits, read.open_weights, read.capabilities) == (None, None, None, {})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": 2}, "schema 2"),
        ({"kind": "adapter"}, "kind 'adapter'"),
        ({"requires": {"min_client": "99.1"}}, "modelport 99.1 or later"),
        ({"requires": {"min_client": "soon"}}, "modelport soon or later"),
    ],
)
def test_entries_for_other_programs_are_hidden(changes: dict[str, Any], says: str) -> None:
    """CAT-20: hidden and counted, never a crash."""
    verdict = parse_entry(entry(**changes))
    assert isinstance(verdict, Hidden)
    assert says in verdict.reason


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": "1"}, "schema"),
        ({"rev": -1}, "rev"),
        ({"rev": "3"}, "rev"),
        ({"kind": None}, "kind"),
        ({"status": "sleeping"}, "status"),
        ({"open_weights": "yes"}, "open_weights"),
        ({"limits": {"context": "128k"}}, "limits.context"),
        ({"price": {"currency": "USD", "unit": "1M_tokens", "in": "1e3"}}, "price"),
        ({"price": {"currency": "dollars", "unit": "1M_tokens"}}, "price.currency"),
        ({"price": {"currency": "USD"}}, "unit"),
        ({"successor": "../x"}, "'../x' is no id"),
        ({"aliases": ["a b"]}, "'a b' is no id"),
        ({"updated_at": "yesterday"}, "'yesterday' is no date"),
        ({"updated_at": "2026-13-01"}, "is no date"),
        ({"display_name": "Coder\x1b[31m"}, "control characters"),
        ({"tags": ["\u202eevil"]}, "control characters"),
        ({"tags": ["x"] * 101}, "tags"),
        ({"endpoint": {"base_url": "//evil.example/v1"}}, "endpoint.base_url"),
        ({"endpoint": {"base_url": "https://user:pass@acme.example/v1"}}, "endpoint.base_url"),
        ({"endpoint": {"base_url": "ftp://acme.example/v1"}}, "endpoint.base_url"),
        ({"endpoint": {"base_url": "/proxy/../admin/"}}, "dot segment"),
        ({"endpoint": {"base_url": "https://acme.example/v1?key=1"}}, "endpoint.base_url"),
        ({"artifacts": [artifact(url="https://acme.example/resolve/main/f.gguf")]}, "neither a commit nor"),
        ({"artifacts": [artifact(url="file:///etc/passwd")]}, "no http(s) URL"),
        ({"artifacts": [artifact(size="4.1 GB")]}, "size"),
        ({"artifacts": [artifact(sha256="abc")]}, "sha256"),
        ({"artifacts": [{"role": "weights", "url": artifact()["url"]}]}, "size"),
        ({"artifacts": [artifact(mirrors=["mailto:x"])]}, "mirrors"),
    ],
)
def test_a_bad_entry_goes_into_quarantine_with_the_member_at_fault(changes: dict[str, Any], says: str) -> None:
    """CAT-20, CAT-21, CAT-23."""
    verdict = parse_entry(entry(**changes))
    assert isinstance(verdict, Quarantined), verdict
    assert verdict.id == "acme/coder-0"
    assert says in verdict.reason


@pytest.mark.parametrize("id_", [None, 7, "", "a//b", "/a", "a/", "../a", "a b", "a" * 201, "a\n", "ä", "-a"])
def test_what_has_no_usable_id_has_no_place_in_the_list(id_: object) -> None:
    """An id goes into paths, URLs and the state's hash."""
    verdict = parse_entry(entry(id=id_))
    assert isinstance(verdict, Quarantined)
    assert verdict.id is None


@pytest.mark.parametrize(
    "base_url", ["/proxy/models/acme/coder/v1/", "/", "http://10.0.0.1:8000/v1", "https://[::1]/v1"]
)
def test_an_address_is_a_url_or_a_path_on_this_server(base_url: str) -> None:
    """Which hosts may be called is the egress policy's to say, not the entry's form."""
    assert isinstance(parse_entry(entry(endpoint={"base_url": base_url})), Entry)


def test_versions_are_compared_as_numbers() -> None:
    """1.10 comes after 1.9; what lacks a part has zero there."""
    assert [is_newer(one, "1.9.1") for one in ("1.9", "1.9.1", "1.9.1.0", "1.9.2", "1.10", "2")] == [
        False,
        False,
        False,
        True,
        True,
        True,
    ]


def test_one_bad_entry_in_a_thousand_drops_only_itself() -> None:
    """CAT-20, with whatever may have become of a line: cut, bytes changed, members of other types, swapped, removed."""
    rng = random.Random(20)
    for _ in range(300):
        bad = rng.randrange(1000)
        line = _damaged(rng, canonical(entry(bad)))
        verdict = parse_entry(line)  # the one; the other 999 lines are read by themselves, and none knows of it
        assert isinstance(verdict, Entry | Hidden | Quarantined)
        if isinstance(verdict, Entry):
            canonical(decode(line))
    lines = [canonical(entry(number)) for number in range(1000)]
    lines[500] = lines[500].replace(b'"rev":1', b'"rev":"one"')
    verdicts = [parse_entry(line) for line in lines]
    assert [number for number, one in enumerate(verdicts) if not isinstance(one, Entry)] == [500]


def _damaged(rng: random.Random, line: bytes) -> bytes:
    match rng.randrange(3):
        case 0:
            return line[: rng.randrange(len(line))]
        case 1:
            where = rng.randrange(len(line))
            return line[:where] + bytes([rng.randrange(256)]) + line[where + 1 :]
        case _:
            value: dict[str, Any] = json.loads(line)
            odd: list[Any] = [
                None,
                True,
                -1,
                2**80,
                "",
                "x" * 2000,
                [],
                {},
                [[]],
                {"a": {}},
                "\x00",
                [None],
                ["x"] * 200,
            ]
            value[rng.choice(list(value))] = rng.choice(odd)
            return json.dumps(value).encode()
