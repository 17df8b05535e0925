"""The quick way to a verdict gives no entry that the slow one does not."""

import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.canonical import canonical, canonical_decoded, decode
from gateway.catalogue.entry import Entry, judge
from gateway.catalogue.fitness import fits, unfit
from gateway.catalogue.state_hash import bucket_of, entry_sha
from gateway.catalogue.store.facts import Names, facts_of, words_of
from gateway.catalogue.store.known import Knowing, Known
from gateway.catalogue.store.rows import Row, hashes_of, read_line
from gateway.catalogue.store.schema import TABLES
from tests.catalogue.entries import artifact, entry

ODD: list[Any] = [
    None, "", "x", 0, -1, 2**60, True, [], ["x"], ["x", None], {}, {"x": 1}, {"in": "0.1"}, "0.25", "2026-11-18", "a/b",
    {"context": 1, "more": 2}, {"currency": "USD", "unit": "1M_tokens", "in": "1e3"}, {"base_url": "/../x"},
    {"min_client": "99"}, {"min_client": "0.1"}, "caf\u00e9", "\u202e", "a\tb", "\x7f", "x" * 2000, [artifact()],
    [artifact(url="https://x.example/main/f.gguf")], [artifact(sha256="zz")], ["no id", "a/b"],
]  # fmt: skip
MEMBERS = [*entry(), "unknown", "artifacts", "requires", "source", "description"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from(ODD), max_size=2), st.booleans())))
def test_the_quick_way_agrees_with_the_slow_one(many: list[tuple[dict[str, Any], bool]]) -> None:
    """Whatever members hold, also where an entry before said the same; numbers and bits are those of the slow way."""
    names = no_names()
    quick, after = Knowing(names), []
    for changes, drop in many:
        value = entry(**changes)
        if drop and changes:
            del value[next(iter(changes))]
        line = canonical(value)
        verdict = judge(decode(line), line)
        if isinstance(verdict, Entry):
            assert fits(verdict, verdict.price, verdict.artifacts)
            assert not list(unfit(verdict))
        said = quick.read(line)
        if said is not None:
            assert isinstance(verdict, Entry)
            after.append((said, verdict))
            assert said == Known(verdict.id, facts_of(verdict, names), words_of(verdict))
    assert all(said.facts == facts_of(verdict, names) for said, verdict in after)


def test_most_entries_go_the_quick_way() -> None:
    """Else it would be the slow one."""
    quick = Knowing(no_names())
    assert quick.read(canonical(entry(1))) is not None
    assert quick.read(canonical(entry(1, artifacts=[artifact()], requires={"min_client": "0.1"}))) is not None


def test_what_many_say_alike_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub whose entries all differ fills no memory, and what comes again after that is the same as before."""
    monkeypatch.setattr("gateway.catalogue.store.known.KEPT", 8)
    quick = Knowing(no_names())
    lines = [canonical(entry(number, capabilities={f"can{number % 20}": True})) for number in range(60)]
    first = [quick.read(line) for line in lines]
    assert None not in first
    assert [quick.read(line) for line in lines] == first
    assert max(len(quick._has), len(quick._places)) <= 8


def test_a_number_that_is_no_integer_is_found_at_any_depth() -> None:
    """Also in members that nobody reads (CAT-4)."""
    for member in (b'"rev":1.5', b'"limits":{"new":0.5}', b'"new":{"a":[1,2.0]}', b'"endpoint":{"x":1e9}'):
        line = b'{"id":"a/b","kind":"model","schema":1,' + member + b"}"
        assert Knowing(no_names()).read(line) is None
        assert not isinstance(read_line(line), Row)


def test_a_row_has_the_hashes_of_the_publisher() -> None:
    """Bucket and sha are those of `state_hash`."""
    value = entry(3)
    row = read_line(canonical(value))
    assert isinstance(row, Row)
    assert (row.bucket, row.sha, row.body) == (bucket_of(value["id"]), entry_sha(value), canonical_decoded(value))
    assert hashes_of(row.id, row.body) == (row.bucket, row.sha)


def no_names() -> Names:
    """Return the names of an empty list."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(TABLES)
    return Names(conn)
