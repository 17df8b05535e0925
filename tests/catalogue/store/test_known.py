"""The quick way to a verdict gives no entry that the slow one does not."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.canonical import canonical, canonical_decoded, decode
from gateway.catalogue.entry import Entry, judge
from gateway.catalogue.fitness import fits, unfit
from gateway.catalogue.state_hash import bucket_of, entry_sha
from gateway.catalogue.store.known import known
from gateway.catalogue.store.rows import Row, read_line
from tests.catalogue.entries import artifact, entry

ODD: list[Any] = [
    None, "", "x", 0, -1, 2**60, True, [], ["x"], ["x", None], {}, {"x": 1}, {"in": "0.1"}, "0.25", "2026-11-18", "a/b",
    {"context": 1, "more": 2}, {"currency": "USD", "unit": "1M_tokens", "in": "1e3"}, {"base_url": "/../x"},
    {"min_client": "99"}, {"min_client": "0.1"}, "caf\u00e9", "\u202e", "a\tb", "\x7f", "x" * 2000, [artifact()],
    [artifact(url="https://x.example/main/f.gguf")], [artifact(sha256="zz")], ["no id", "a/b"],
]  # fmt: skip
MEMBERS = [*entry(), "unknown", "artifacts", "requires", "source", "description"]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from(ODD), max_size=2), st.booleans())
def test_the_quick_way_agrees_with_the_slow_one(changes: dict[str, Any], drop: bool) -> None:
    """Whatever a member holds; and a row is the same whichever way it was read."""
    value = entry(**changes)
    if drop and changes:
        del value[next(iter(changes))]
    line = canonical(value)
    verdict = judge(decode(line), line)
    quick = known(line)
    if quick is not None:
        assert isinstance(verdict, Entry)
        assert _plain(quick) == _plain(verdict)
    assert _row(line, exact=False) == _row(line, exact=True)
    if isinstance(verdict, Entry):
        assert fits(verdict)
        assert not list(unfit(verdict))


def test_most_entries_go_the_quick_way() -> None:
    """Else it would be the slow one."""
    assert known(canonical(entry(1))) is not None
    assert known(canonical(entry(1, artifacts=[artifact()], requires={"min_client": "0.1"}))) is not None


def test_a_number_that_is_no_integer_is_found_at_any_depth() -> None:
    """Also in members that nobody reads (CAT-4)."""
    for member in (b'"rev":1.5', b'"limits":{"new":0.5}', b'"new":{"a":[1,2.0]}', b'"endpoint":{"x":1e9}'):
        line = b'{"id":"a/b","kind":"model","schema":1,' + member + b"}"
        assert known(line) is None
        assert not isinstance(read_line(line), Row)


def test_a_row_has_the_hashes_of_the_publisher() -> None:
    """Bucket and sha are those of `state_hash`."""
    value = entry(3)
    row = read_line(canonical(value))
    assert isinstance(row, Row)
    assert (row.bucket, row.sha, row.body) == (bucket_of(value["id"]), entry_sha(value), canonical_decoded(value))


def _row(line: bytes, *, exact: bool) -> object:
    row = read_line(line, exact=exact)
    return row._replace(entry=None) if isinstance(row, Row) else row


def _plain(one: Entry) -> object:
    import msgspec

    return msgspec.to_builtins(one)
