"""One digest of the whole list, by deltas and by snapshot."""

import hashlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.operation import Del, Put, apply, diff, line_of, merged, parse_operation
from gateway.catalogue.state_hash import EMPTY_STATE, StateHash, bucket_of, entry_sha

_IDS = st.integers(0, 12).map("acme/coder-{}".format)
_EDITS = st.lists(
    st.tuples(_IDS, st.none() | st.integers(0, 3)), max_size=12
)  # None deletes, a number is the entry's revision
_HISTORY = st.lists(_EDITS, min_size=1, max_size=6)  # one list of edits for each publication


def _plain(entries: dict[str, dict[str, Any]]) -> str:
    """Return the state as the specification says it, from nothing but hashlib."""
    buckets = [b""] * 256
    for id_ in sorted(entries):
        number = hashlib.sha256(id_.encode()).digest()[0]
        form = f'{{"id":"{id_}","rev":{entries[id_]["rev"]}}}'.encode()
        buckets[number] += id_.encode() + b"\0" + hashlib.sha256(form).digest()
    return hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in buckets)).hexdigest()


@settings(max_examples=60, deadline=None)
@given(_HISTORY, st.data())
def test_any_edits_give_one_state_by_deltas_merged_deltas_and_snapshot(
    history: list[list[tuple[str, int | None]]], data: st.DataObject
) -> None:
    """The deltas are read back from their lines; a merged one leads to its end from every serial that it spans."""
    states: list[dict[str, dict[str, Any]]] = [{}]
    deltas = []
    for edits in history:
        after = dict(states[-1])
        for id_, rev in edits:
            after.pop(id_, None) if rev is None else after.update({id_: {"id": id_, "rev": rev}})
        deltas.append([line_of(one) for one in diff(states[-1], after)])
        states.append(after)
    start = data.draw(st.integers(0, len(history) - 1))
    read = [parse_operation(line) for delta in deltas[start:] for line in delta]
    operations = [one for one in read if isinstance(one, Put | Del)]
    assert len(operations) == len(read)
    final = _plain(states[-1])
    for between in range(start, len(states)):
        kept = StateHash((id_, entry_sha(value)) for id_, value in states[between].items())
        kept.hexdigest()  # so that what follows rehashes touched buckets alone
        entries = dict(states[between])
        apply(entries, merged(operations))
        for one in merged(operations):
            kept.put(one.id, entry_sha(one.entry)) if isinstance(one, Put) else kept.delete(one.id)
        assert entries == states[-1]
        assert kept.hexdigest() == final
        assert len(kept) == len(states[-1])


def test_the_state_of_nothing_is_a_constant() -> None:
    """What a publisher in another language has to arrive at, too."""
    assert StateHash().hexdigest() == EMPTY_STATE == _plain({})
    assert hashlib.sha256(hashlib.sha256(b"").digest() * 256).hexdigest() == EMPTY_STATE


def test_a_change_of_one_entry_changes_the_state_and_back() -> None:
    """Only the bucket of the id is hashed anew."""
    state = StateHash([("acme/a", entry_sha({"id": "acme/a", "rev": 1}))])
    before = state.hexdigest()
    state.put("acme/a", entry_sha({"id": "acme/a", "rev": 2}))
    assert state._touched == {bucket_of("acme/a")}
    assert state.hexdigest() != before
    state.put("acme/a", entry_sha({"id": "acme/a", "rev": 1}))
    assert state.hexdigest() == before
