"""What a hub publishes, as a client sees it that is none of ours."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.index import CatalogueIndex
from gateway.catalogue.operation import Del, parse_operation
from tests.catalogue.entries import entry, noisy
from tests.catalogue.hub.client import Client
from tests.catalogue.hubs import make_hub
from tests.clock import ManualClock

_HOUR, _DAY = 3600, 86400  # seconds
Follow = Callable[[Hub], Client]


def test_a_client_that_knows_the_root_gets_the_whole_list(folder: Path, follow: Follow) -> None:
    """The snapshot is one target; its state is the index's."""
    hub = make_hub(folder / "hub", 5)
    client = follow(hub)
    assert client.sync() == ["catalog/1.jsonl.gz"]
    assert client.entries == {f"acme/coder-{number}": entry(number) for number in range(5)}
    assert client.sync() == []


def test_a_client_gets_only_what_changed(folder: Path, follow: Follow) -> None:
    """An added, a changed and a removed entry are three lines."""
    hub = make_hub(folder / "hub", 0)
    hub.put(noisy(number) for number in range(30))
    hub.publish()
    client = follow(hub)
    client.sync()
    hub.put([noisy(50), noisy(1, family="other")])
    hub.remove("acme/coder-2", "withdrawn by its publisher", "acme/coder-3")
    assert hub.publish() == 3
    assert client.sync() == ["catalog/delta/2-3.jsonl.gz"]
    updater, _ = client.refresh()
    lines = client.fetch(updater, "catalog/delta/2-3.jsonl.gz")
    gone = Del("acme/coder-2", "withdrawn by its publisher", "acme/coder-3")
    assert [json.loads(line)["op"] for line in lines] == ["put", "del", "put"]
    assert parse_operation(lines[1]) == gone


def test_without_a_change_the_serial_stays_and_the_signature_is_new(folder: Path, follow: Follow) -> None:
    """A client that follows then makes two requests: the next root, which is not there, and the timestamp."""
    clock = ManualClock()
    hub = make_hub(folder / "hub", clock=clock)
    client = follow(hub)
    client.sync()
    before = hub.signed()
    clock.advance(_HOUR)
    assert hub.publish() == 1
    after = hub.signed()
    assert after.expires["timestamp"] == before.expires["timestamp"] + _HOUR * 1000
    assert after.expires["catalog"] == before.expires["catalog"]
    client.refresh()
    assert client.fetcher.requests == 2
    assert client.fetcher.received < 1000


def test_what_runs_out_is_signed_anew_in_passing(folder: Path) -> None:
    """A role is due when half of its life is over: snapshot 7 days, catalog 30, targets 90."""
    clock = ManualClock()
    hub = make_hub(folder / "hub", clock=clock)
    made = hub.signed().expires
    clock.advance(4 * _DAY)
    hub.publish()
    assert hub.signed().expires["snapshot"] == made["snapshot"] + 4 * _DAY * 1000
    assert hub.signed().expires["catalog"] == made["catalog"]
    clock.advance(42 * _DAY)
    hub.publish()
    now = hub.signed().expires
    assert {role: (now[role] - made[role]) // (_DAY * 1000) for role in ("targets", "catalog", "history")} == {
        "targets": 46,
        "catalog": 46,
        "history": 46,
    }


def test_the_timestamp_is_signed_where_only_its_key_is(folder: Path) -> None:
    """For cron on a machine that faces the world; what else runs out is told."""
    clock = ManualClock()
    hub = make_hub(folder / "hub", clock=clock)
    online = folder / "online"
    online.mkdir()
    for name in ("root.json", "timestamp.pem"):
        shutil.copy(hub.keys.folder / name, online / name)
    there = Hub(hub.folder, online, clock=clock, entries=folder / "none")
    clock.advance(_HOUR)
    assert there.refresh() == []
    assert there.signed().expires["timestamp"] == clock.now_ms() + 48 * _HOUR * 1000
    clock.advance(4 * _DAY)
    assert there.refresh() == ["snapshot"]
    assert hub.refresh() == []
    assert hub.signed().expires["snapshot"] == clock.now_ms() + 7 * _DAY * 1000


def test_a_revision_grows_with_substance_only(folder: Path, follow: Follow) -> None:
    """A list that is imported every day sends what changed, and nobody has to count."""
    hub = make_hub(folder / "hub", 1)
    source: dict[str, Any] = {"name": "a list", "version": "1"}
    hub.put([entry(0, source=source)])
    assert hub.publish() == 2
    same = entry(0, rev=9, updated_at="2026-11-20", source=source | {"version": "2"})
    same["price"] = same["price"] | {"as_of": "2026-11-20"}
    hub.put([same])
    assert hub.publish() == 2
    hub.put([entry(0, rev=1, family="other")])
    assert hub.publish() == 3
    client = follow(hub)
    client.sync()
    assert client.entries["acme/coder-0"]["rev"] == 3
    hub.put([entry(0, rev=7, family="third")])
    hub.publish()
    client.sync()
    assert client.entries["acme/coder-0"]["rev"] == 7


def test_further_files_are_targets_of_their_own(folder: Path, follow: Follow) -> None:
    """Rules, counters and chunk lists (CAT-25): they come and go without a new serial."""
    hub = make_hub(folder / "hub")
    hub.put_file("stats/2026-11-21.json", b"{}")
    hub.put_file("artifacts/acme/coder-0/f.gguf.chunks", b"\0" * 32)
    assert hub.publish() == 1
    client = follow(hub)
    updater, _ = client.refresh()
    assert client.fetch_file(updater, "stats/2026-11-21.json") == b"{}"
    assert client.fetch_file(updater, "artifacts/acme/coder-0/f.gguf.chunks") == b"\0" * 32
    (hub.entries.folder / "targets" / "stats" / "2026-11-21.json").unlink()
    hub.publish()
    updater, _ = client.refresh()
    assert updater.get_targetinfo("stats/2026-11-21.json") is None
    hub.put_file("somewhere/else.txt", b"")
    with pytest.raises(HubFault, match="no target of a catalogue"):
        hub.publish()


@pytest.fixture(scope="module")
def long_history(memory_folder: Path) -> tuple[Hub, dict[int, dict[str, Any]]]:
    """Give a hub after 73 publications, and the list at each serial."""
    (memory_folder / "long").mkdir()
    hub = make_hub(memory_folder / "long" / "hub", 0)
    hub.put(noisy(number) for number in range(60))
    lists: dict[int, dict[str, Any]] = {}
    for serial in range(2, 74):
        hub.put([entry(serial % 7, rev=serial, family=f"family-{serial}")])
        if serial % 10 == 3:
            hub.remove(f"acme/coder-{10 + serial // 10}")
        assert hub.publish() == serial
        lists[serial] = hub.entries.read()
    return hub, lists


@pytest.mark.parametrize("serial", [10, 11, 13, 14, 40, 62, 63, 69, 71, 72])
def test_a_client_that_was_away_arrives_by_deltas(
    long_history: tuple[Hub, dict[int, dict[str, Any]]], serial: int, folder: Path
) -> None:
    """From whatever serial: by single deltas where there are, by merged ones from further back; state verified."""
    hub, lists = long_history
    client = Client(hub.folder, folder / "client", hub.root)
    client.serial, client.entries = serial, copy.deepcopy(lists[serial])
    paths = client.sync()
    assert client.entries == lists[73]
    assert len(paths) <= 12
    assert all(path.startswith("catalog/delta/") for path in paths)


def test_who_was_away_too_long_takes_the_snapshot(long_history: tuple[Hub, object], folder: Path) -> None:
    """Nothing leads from there, and nothing is lost."""
    hub, _ = long_history
    client = Client(hub.folder, folder / "client", hub.root)
    client.serial = 5
    assert client.sync() == ["catalog/73.jsonl.gz"]


def test_a_hub_keeps_sixty_single_deltas_and_merged_ones(long_history: tuple[Hub, object], folder: Path) -> None:
    """Section 4; and the metadata that every change costs stays near 11 KB."""
    hub, _ = long_history
    client = Client(hub.folder, folder / "client", hub.root)
    updater, index = client.refresh()
    assert _spans(index) == {1: 60, 10: 6}
    assert {one.to for one in index.deltas if one.to - one.start == 1} == set(range(14, 74))
    assert all(updater.get_targetinfo(one.path) is not None for one in index.deltas)
    assert all(one.state_from and one.state_to for one in index.deltas)
    (catalog,) = (path for path in hub.folder.glob("metadata/*.catalog.json") if path.name.startswith("74."))
    assert catalog.stat().st_size < 12_000


@pytest.mark.usefixtures("long_history")
def test_ten_changed_entries_cost_less_than_20_kilobytes(memory_folder: Path, folder: Path) -> None:
    """With a history as long as it gets: next root, timestamp, snapshot, catalog and the delta, no more."""
    for part in ("hub", "hub.keys", "hub.entries"):
        shutil.copytree(memory_folder / "long" / part, folder / part)
    hub = Hub(folder / "hub", folder / "hub.keys", entries=folder / "hub.entries")
    client = Client(hub.folder, folder / "client", hub.root)
    client.sync()
    hub.put(entry(number, family="new") for number in range(10))
    hub.publish()
    assert client.sync() == ["catalog/delta/73-74.jsonl.gz"]
    # `sync` refreshes and fetches with one fetcher; python-tuf keeps targets.json, which did not change.
    assert client.fetcher.requests == 5
    assert client.fetcher.received < 20_000


def test_old_files_are_removed_and_those_of_the_last_publications_stay(long_history: tuple[Hub, object]) -> None:
    """A client that began before the last publication still finds what it was told of; roots stay for ever."""
    hub, _ = long_history
    snapshots = sorted(int(path.name.split(".")[1]) for path in hub.folder.glob("targets/catalog/*.jsonl.gz"))
    assert snapshots == [69, 70, 71, 72, 73]
    assert (hub.folder / "metadata" / "1.root.json").exists()
    assert len(list(hub.folder.glob("metadata/*.catalog.json"))) == 5
    assert not list(hub.folder.rglob(".*.new"))


_EDITS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["put", "other", "remove"])), max_size=4)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(_EDITS, min_size=1, max_size=5), away=st.integers(0, 4))
def test_any_edits_lead_a_follower_and_a_newcomer_to_one_state(
    history: list[list[tuple[int, str]]], away: int, memory_folder: Path
) -> None:
    """One client follows now and then by deltas, the other takes the snapshot: `sync` compares both with the index."""
    home = Path(memory_folder, f"edits-{len(list(memory_folder.iterdir()))}")
    home.mkdir()
    hub = make_hub(home / "hub", 2)
    follower = Client(hub.folder, home / "follower", hub.root)
    follower.sync()
    for number, edits in enumerate(history):
        for which, edit in edits:
            if edit != "remove":
                hub.put([entry(which, family=edit)])
            elif f"acme/coder-{which}" in hub.entries.read():
                hub.remove(f"acme/coder-{which}")
        hub.publish()
        if number >= away:
            follower.sync()
    follower.sync()
    newcomer = Client(hub.folder, home / "newcomer", hub.root)
    newcomer.sync()
    assert follower.entries == newcomer.entries
    shutil.rmtree(home)


def _spans(index: CatalogueIndex) -> dict[int, int]:
    spans = [one.to - one.start for one in index.deltas]
    return {span: spans.count(span) for span in sorted(set(spans))}


def test_what_was_agreed_to_is_what_is_published(folder: Path, follow: Follow) -> None:
    """It is planned once, with the folder held: entries that come while somebody thinks wait for the next time."""
    hub = make_hub(folder / "hub")
    hub.put([entry(7)])
    plan = hub.publish_agreed(lambda wanted: hub.put([entry(8)]) if wanted.added == ("acme/coder-7",) else None)
    client = follow(hub)
    client.sync()
    assert (plan.serial, plan.added) == (2, ("acme/coder-7",))
    assert "acme/coder-8" not in client.entries
    with pytest.raises(HubFault, match="somebody said no"):
        hub.publish_agreed(_refuse)
    assert hub.signed().serial == 2
    assert hub.publish() == 3


def _refuse(_plan: object) -> None:
    raise HubFault("somebody said no")
