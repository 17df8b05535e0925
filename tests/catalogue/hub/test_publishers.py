"""Publishers with keys of their own: a namespace is handed to one, and nobody signs outside of their own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, TargetFile, Targets

from gateway.catalogue.hub.errors import BadEntries, HubFault
from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.hub.publisher import Publisher
from gateway.catalogue.hub.signed_list import read_signed, target_file
from gateway.catalogue.namespace import list_path, role_of
from gateway.catalogue.operation import Del
from tests.catalogue.entries import entry
from tests.catalogue.hub.client import Client
from tests.catalogue.hubs import make_hub, make_publisher
from tests.clock import ManualClock

Follow = Callable[[Hub], Client]


def own(number: int, **changes: object) -> dict[str, object]:
    """Return an entry of the publisher zeta."""
    return entry(number, id=f"zeta/model-{number}", publisher="zeta", aliases=[], **changes)


def take(hub: Hub, publisher: Publisher) -> None:
    """Have the hub take what the publisher signed, and publish it."""
    hub.publishers.put(read_signed(publisher.folder))
    hub.publish()


@pytest.fixture
def hub(folder: Path) -> Hub:
    """Give a hub with three entries of acme."""
    return make_hub(folder / "hub", clock=ManualClock())


@pytest.fixture
def publisher(folder: Path) -> Publisher:
    """Give the publisher zeta with two entries, signed."""
    return make_publisher(folder / "zeta", "zeta", [own(0), own(1)], clock=ManualClock())


def test_a_publishers_entries_come_with_the_hubs_list(hub: Hub, publisher: Publisher, follow: Follow) -> None:
    """Byte for byte: its `rev` is not the hub's to settle. What it withdraws goes with its reason."""
    client = follow(hub)
    client.sync()
    take(hub, publisher)
    client.sync()
    assert {id_ for id_ in client.entries if id_.startswith("zeta/")} == {"zeta/model-0", "zeta/model-1"}
    publisher.entries.put([own(0, rev=1, display_name="another name")])
    publisher.entries.remove("zeta/model-1", "superseded", "zeta/model-0")
    publisher.sign()
    hub.publishers.put(read_signed(publisher.folder))
    plan = hub.plan()
    assert Del("zeta/model-1", "superseded", "zeta/model-0") in plan.operations
    hub.publish()
    client.sync()
    assert client.entries["zeta/model-0"]["rev"] == 2
    assert "zeta/model-1" not in client.entries


def test_a_namespace_is_signed_by_its_publisher_alone(hub: Hub, publisher: Publisher, follow: Follow) -> None:
    """python-tuf itself finds its files in that role, and no file of that name in any other."""
    publisher.entries.put_file("artifacts/zeta/model-0/f.gguf.chunks", b"00\n")
    publisher.sign()
    take(hub, publisher)
    updater, _ = follow(hub).refresh()
    names = [list_path("zeta"), "artifacts/zeta/model-0/f.gguf.chunks"]
    found = [updater.get_targetinfo(name) for name in names]
    assert [one.path for one in found if one] == names
    repository = hub._open()
    repository.set_target("catalog", "artifacts/zeta/model-9/f.gguf.chunks", b"11\n")
    repository.commit(hub._now(None))
    assert follow(hub).refresh()[0].get_targetinfo("artifacts/zeta/model-9/f.gguf.chunks") is None


def test_a_publisher_cannot_sign_outside_of_its_namespace(hub: Hub, publisher: Publisher, follow: Follow) -> None:
    """Neither an entry, which its own tool refuses and the hub as well, nor a file of somebody else's."""
    publisher.entries.put([entry(7)])
    with pytest.raises(BadEntries, match="acme/coder-7: it is outside of the namespace zeta/"):
        publisher.sign()
    publisher.entries.remove("acme/coder-7")
    publisher.entries.put_file("artifacts/acme/coder-7/f.gguf.chunks", b"00\n")
    with pytest.raises(HubFault, match="nothing that a publisher signs"):
        publisher.sign()
    for path in ("catalog/index.json", "artifacts/acme/coder-7/f.gguf.chunks", "publisher/zeta/../../../x"):
        _sign(publisher, path, b"forged")
        with pytest.raises(HubFault, match="outside of its namespace"):
            read_signed(publisher.folder)
    assert follow(hub).refresh()[0].get_targetinfo("artifacts/acme/coder-7/f.gguf.chunks") is None


def test_a_list_with_somebody_elses_entry_is_not_taken(publisher: Publisher, folder: Path) -> None:
    """A publisher that writes its metadata with a tool of its own is judged by the same rules."""
    stranger = make_publisher(folder / "other", "other", [entry(0, id="other/model")], clock=ManualClock())
    signed = read_signed(stranger.folder)
    target = signed.metadata.signed.targets[list_path("other")]
    custom = dict(target.custom)
    _sign(publisher, list_path("zeta"), signed.targets[list_path("other")], custom=custom)
    with pytest.raises(BadEntries, match="other/model: it is outside of the namespace zeta/"):
        read_signed(publisher.folder)


def test_a_list_that_was_changed_or_signed_by_another_key_is_not_taken(publisher: Publisher, folder: Path) -> None:
    """On its way to the hub's owner, or by somebody who replaced the key beside it."""
    moved = Path(shutil.copytree(publisher.folder, folder / "moved"))
    thief = make_publisher(folder / "thief", "zeta", [own(5)], clock=ManualClock())
    shutil.copy(thief.folder / "key.json", moved / "key.json")
    with pytest.raises(HubFault, match="was not signed with"):
        read_signed(moved)
    signed = read_signed(publisher.folder)
    listed = target_file(publisher.folder, signed.metadata.signed.targets[list_path("zeta")])
    content = bytearray(listed.read_bytes())
    content[-1] ^= 1
    listed.write_bytes(content)
    with pytest.raises(HubFault, match="is not what zeta has signed"):
        read_signed(publisher.folder)


def test_another_key_needs_the_owners_word(hub: Hub, publisher: Publisher, follow: Follow, folder: Path) -> None:
    """And an older list is never taken: what its publisher withdrew would come back."""
    older = read_signed(publisher.folder)
    publisher.sign()
    take(hub, publisher)
    client = follow(hub)
    client.sync()
    with pytest.raises(HubFault, match="older than the one that is here"):
        hub.publishers.outcome(older)
    hub.publishers.put(older)
    with pytest.raises(HubFault, match="older than the one that was published"):
        hub.publish()
    clock = ManualClock()
    clock.advance(60)
    anew = make_publisher(folder / "anew", "zeta", [own(3)], clock=clock)
    with pytest.raises(HubFault, match="signs with another key than before"):
        hub.publishers.outcome(read_signed(anew.folder))
    assert hub.publishers.outcome(read_signed(anew.folder), new_key=True) == "changed"
    take(hub, anew)
    client.sync()
    assert [id_ for id_ in client.entries if id_.startswith("zeta/")] == ["zeta/model-3"]
    assert client.refresh()[0].get_targetinfo(list_path("zeta")) is not None


def test_the_hub_writes_nothing_into_a_namespace_that_it_gave_away(hub: Hub, publisher: Publisher) -> None:
    """Neither entries nor lists of chunks: no client would take them."""
    hub.publishers.put(read_signed(publisher.folder))
    hub.put([own(8)])
    with pytest.raises(BadEntries, match="zeta/model-8: zeta/ is the namespace of its publisher"):
        hub.publish()
    hub.remove("zeta/model-8")
    hub.put_file("artifacts/zeta/model-8/f.gguf.chunks", b"00\n")
    with pytest.raises(HubFault, match="lies in the namespace of a publisher"):
        hub.publish()


def test_a_publisher_that_is_revoked_goes_with_its_list(hub: Hub, publisher: Publisher, follow: Follow) -> None:
    """Its key signs nothing any more; clients that were there follow, and the hub may speak of the namespace again."""
    take(hub, publisher)
    client = follow(hub)
    client.sync()
    key = read_signed(publisher.folder).key.keyid
    hub.publishers.remove("zeta")
    hub.publish()
    client.sync()
    assert not [id_ for id_ in client.entries if id_.startswith("zeta/")]
    updater, _ = client.refresh()
    assert updater.get_targetinfo(list_path("zeta")) is None
    assert key not in (hub.folder / "metadata" / _newest(hub, "targets")).read_text(encoding="utf-8")
    assert not list((hub.folder / "targets" / "publisher").rglob("*.gz"))
    hub.put([own(0)])
    hub.publish()
    client.sync()
    assert "zeta/model-0" in client.entries
    hub.remove("zeta/model-0")
    take(hub, publisher)  # and it may come back
    client.sync()
    assert {"zeta/model-0", "zeta/model-1"} <= client.entries.keys()


def test_a_signature_is_for_thirty_days_and_its_key_is_needed(hub: Hub, folder: Path) -> None:
    """The hub's owner sees when it ends; without a change it is signed anew with the same list."""
    clock = ManualClock()
    made = make_publisher(folder / "late", "late", [entry(0, id="late/model")], clock=clock)
    first = read_signed(made.folder)
    assert round(first.expires.timestamp()) - clock.at_ms // 1000 == 30 * 86400
    clock.advance(86400)
    second = made.sign()
    assert (second.forms, second.version > first.version) == (first.forms, True)
    hub.publishers.put(second)
    hub.publish()
    assert hub.signed().expires[role_of("late")] == round(second.expires.timestamp() * 1000)
    (made.keys.folder / "publisher.pem").unlink()
    with pytest.raises(HubFault, match="the key publisher is not in"):
        made.sign()


def test_who_writes_into_the_public_folder_is_no_publisher(hub: Hub, publisher: Publisher, folder: Path) -> None:
    """The hub's owner signs nothing beside a list that others put there."""
    take(hub, publisher)
    thief = make_publisher(folder / "thief", "zeta", [own(5)], clock=ManualClock())
    place = hub.folder / "metadata" / _newest(hub, role_of("zeta"))
    place.write_bytes(read_signed(thief.folder).content)
    with pytest.raises(HubFault, match="not signed by the keys of this hub"):
        hub.publish()


def _newest(hub: Hub, role: str) -> str:
    found = [path.name for path in (hub.folder / "metadata").glob(f"*.{role}.json")]
    return max(found, key=lambda name: int(name.partition(".")[0]))


def _sign(publisher: Publisher, path: str, content: bytes, custom: object = None) -> None:
    """Sign what its tool would refuse, with the publisher's own key."""
    place = publisher.folder / "metadata" / f"{role_of(publisher.name)}.json"
    metadata = Metadata[Targets].from_bytes(place.read_bytes())
    target = TargetFile.from_data(path, content, ["sha256"])
    if custom is not None:
        target.unrecognized_fields["custom"] = custom
    if ".." not in path:
        written = target_file(publisher.folder, target)
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(content)
    metadata.signed.targets = {one: about for one, about in metadata.signed.targets.items() if one == list_path("zeta")}
    metadata.signed.targets[path] = target
    metadata.sign(publisher.keys.get("publisher"))
    metadata.to_file(str(place))
