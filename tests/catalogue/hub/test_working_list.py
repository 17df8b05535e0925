"""Entries as files, and what is wrong with them."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.catalogue.canonical import canonical
from gateway.catalogue.hub.errors import BadEntries, HubFault
from gateway.catalogue.hub.working_list import WorkingList
from gateway.catalogue.operation import Del
from tests.catalogue.entries import artifact, entry
from tests.catalogue.hubs import make_hub


@pytest.fixture
def entries(folder: Path) -> WorkingList:
    """Give an empty working list."""
    return WorkingList(folder / "entries")


def test_each_publisher_has_a_file_and_each_entry_a_line(entries: WorkingList) -> None:
    """In the order of ids, so that a version control shows what changed."""
    entries.put([entry(2), entry(1), entry(id="other/x"), entry(id="alone")])
    files = {path.name: path.read_text().splitlines() for path in entries.folder.iterdir()}
    assert files.keys() == {"acme.jsonl", "other.jsonl", "entries.jsonl"}
    assert [json.loads(line)["id"] for line in files["acme.jsonl"]] == ["acme/coder-1", "acme/coder-2"]
    assert list(entries.read()) == ["acme/coder-1", "acme/coder-2", "alone", "other/x"]


def test_what_became_of_each_is_told(entries: WorkingList) -> None:
    """A dry run tells the same and writes nothing."""
    entries.put([entry(1), entry(2)])
    news = [entry(1), entry(2, family="other"), entry(3)]
    told = {"acme/coder-1": "same", "acme/coder-2": "changed", "acme/coder-3": "added"}
    assert entries.put(news, dry_run=True) == told
    assert len(entries.read()) == 2
    assert entries.put(news) == told
    assert len(entries.read()) == 3


_BAD: list[tuple[Any, str]] = [
    (entry(limits={"context": 1.5}), "1.5 is no integer"),
    (
        entry(price={"currency": "USD", "unit": "1M_tokens", "in": 0.25}),
        "0.25 is no integer: amounts of money are texts",
    ),
    (entry(artifacts=[artifact(size=None)]), "artifacts"),
    (entry(artifacts=[{"role": "weights", "url": artifact()["url"], "size": 1}]), "sha256"),
    (entry(artifacts=[artifact(url="https://acme.example/resolve/main/f.gguf")]), "neither a commit nor the content"),
    (entry(schema=2), "schema 2 is not known here, so it would not be shown"),
    (entry(kind="adapter"), "kind 'adapter' is not known here"),
    (entry(requires={"min_client": "soon"}), "requires.min_client"),
    (entry(status="unknown"), "status"),
    (entry(id="../up"), "id"),
    ([1], "expected an object"),
]


@pytest.mark.parametrize(("bad", "says"), _BAD, ids=[says for _, says in _BAD])
def test_what_no_client_would_take_is_refused_with_file_and_line(folder: Path, bad: Any, says: str) -> None:
    """CAT-4, CAT-23: nothing is published, neither this entry nor the others."""
    hub = make_hub(folder / "hub")
    path = hub.entries.folder / "acme.jsonl"
    path.write_text(f"{path.read_text()}\n{json.dumps(bad)}\n")
    with pytest.raises(BadEntries, match=r"acme.jsonl:5") as caught:
        hub.publish()
    assert says in caught.value.message
    assert hub.signed().serial == 1


def test_two_entries_of_one_id_are_refused_with_both_places(folder: Path) -> None:
    """Even the same entry twice: one of them would be changed one day, and the other not."""
    hub = make_hub(folder / "hub")
    (hub.entries.folder / "more.jsonl").write_bytes(canonical(entry(1)) + b"\n")
    with pytest.raises(BadEntries, match=r"more\.jsonl:1: acme/coder-1: it is in acme\.jsonl:2 already"):
        hub.publish()


def test_all_problems_are_told_at_once(entries: WorkingList) -> None:
    """The first twenty of them with their lines."""
    entries.folder.mkdir()
    (entries.folder / "acme.jsonl").write_text("nonsense\n" * 25)
    with pytest.raises(BadEntries, match=r"acme\.jsonl:20: not JSON.*\(and 5 more\)") as caught:
        entries.read()
    assert len(caught.value.problems) == 25


def test_an_entry_for_later_clients_may_be_published(entries: WorkingList) -> None:
    """They show it, and those of today hide it."""
    entries.put([entry(requires={"min_client": "99.0"})])
    assert list(entries.read()) == ["acme/coder-0"]


def test_of_entries_to_add_all_are_written_or_none(entries: WorkingList) -> None:
    """The bad one is told at its line of the file that it came from; one id twice is such, too."""
    with pytest.raises(BadEntries, match=r"list.jsonl:7: acme/coder-2: rev"):
        entries.put([entry(1), entry(2, rev="x")], file="list.jsonl", lines=[5, 7])
    with pytest.raises(BadEntries, match="entry:2: acme/coder-1: it is given twice"):
        entries.put([entry(1), entry(1)])
    assert not entries.folder.exists()


def test_what_is_withdrawn_says_why_and_what_to_use(entries: WorkingList) -> None:
    """Until it is added again."""
    entries.put([entry(1), entry(2)])
    entries.remove("acme/coder-1", "superseded", "acme/coder-2")
    assert list(entries.read()) == ["acme/coder-2"]
    assert entries.removed() == {"acme/coder-1": Del("acme/coder-1", "superseded", "acme/coder-2")}
    entries.put([entry(1)])
    assert entries.removed() == {}
    with pytest.raises(HubFault, match="there is no entry 'acme/none'"):
        entries.remove("acme/none")
    with pytest.raises(HubFault, match="is no id"):
        entries.remove("acme/coder-1", successor="../x")


def test_lines_that_are_none_are_not_overwritten(entries: WorkingList) -> None:
    """Somebody wrote them by hand: they are told, not lost."""
    entries.put([entry(1)])
    path = entries.folder / "acme.jsonl"
    path.write_text(f"{path.read_text()}{{half a line")
    with pytest.raises(BadEntries, match=r"acme.jsonl:2"):
        entries.put([entry(2)])
    assert "half a line" in path.read_text()
