"""What lies in the public folder and beside it: others may have written there, and some of it is secret."""

import fcntl
import json
import resource
import shutil
import threading
import time
from pathlib import Path

import pytest

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.hub import Hub
from tests.catalogue.entries import entry, noisy
from tests.catalogue.hub.client import Client
from tests.catalogue.hubs import make_hub


@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json", "targets.json", "catalog.json", "history.json"])
def test_what_somebody_else_wrote_is_not_signed_anew(folder: Path, name: str) -> None:
    """Whoever can write into the web server's folder adds a delegation and waits for our signature: in vain."""
    hub = make_hub(folder / "hub")
    path = max((hub.folder / "metadata").glob(f"*{name}"))
    document = json.loads(path.read_bytes())
    document["signed"]["x-evil"] = True
    path.write_text(json.dumps(document))
    hub.put([entry(9)])
    with pytest.raises(HubFault, match="was not signed by the keys of this hub") as caught:
        hub.publish()
    assert "from a copy" in str(caught.value.hint)


def test_an_older_file_under_a_newer_name_is_told(folder: Path) -> None:
    """Properly signed, and not what was published."""
    hub = make_hub(folder / "hub")
    hub.put([entry(9)])
    hub.publish()
    metadata = hub.folder / "metadata"
    shutil.copy(metadata / "2.catalog.json", metadata / "3.catalog.json")
    with pytest.raises(HubFault, match="has version 2, and 3 was published"):
        hub.publish()


def test_a_list_that_was_changed_is_told(folder: Path) -> None:
    """The next delta would begin at something that nobody has."""
    hub = make_hub(folder / "hub")
    (path,) = (hub.folder / "targets" / "catalog").glob("*.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(HubFault, match="is not what was published"):
        hub.publish()


def test_two_publishers_do_not_meet(folder: Path) -> None:
    """One of them is told at once; nothing waits for a publisher that hangs."""
    hub = make_hub(folder / "hub")
    with (hub.folder / ".publishing").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for act in (hub.publish, hub.refresh, hub.renew_root, lambda: hub.rotate("timestamp")):
            with pytest.raises(HubFault, match="another process publishes"):
                act()
    assert hub.publish() == 1


def test_many_publish_at_once_and_one_after_the_other_is_published(folder: Path) -> None:
    """Whoever is refused tries again; no version is lost or written twice."""
    hub = make_hub(folder / "hub")

    def publish(number: int) -> None:
        own = Hub(hub.folder, hub.keys.folder, entries=folder / f"entries-{number}")
        shutil.copytree(hub.entries.folder, own.entries.folder)
        own.put([entry(50 + number)])
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            try:
                own.publish()
            except HubFault as error:
                assert "another process publishes" in error.message  # noqa: PT017 - every other one is a failure
                time.sleep(0.005)  # as a person would, who tries again
            else:
                return

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert hub.signed().serial == 4


def test_a_full_disk_leaves_what_was_published(folder: Path) -> None:
    """The file that does not fit is told; nothing half-written has a name, and with room it goes on."""
    hub = make_hub(folder / "hub")
    client = Client(hub.folder, folder / "client", hub.root)
    hub.put(noisy(number) for number in range(9))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))  # bytes: the snapshot does not fit
    try:
        with pytest.raises(HubFault, match="cannot be written: File too large"):
            hub.publish()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    client.sync()
    assert client.serial == 1
    assert not list(folder.rglob(".*.new"))
    assert hub.publish() == 2
    client.sync()
    assert len(client.entries) == 9


def test_keys_are_for_their_owner_alone(folder: Path) -> None:
    """0600 in 0700; one that others may read is not used."""
    hub = make_hub(folder / "hub")
    assert hub.keys.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in hub.keys.folder.glob("*.pem")} == {0o600}
    (hub.keys.folder / "timestamp.pem").chmod(0o640)
    with pytest.raises(HubFault, match="may be read by others") as caught:
        hub.publish()
    assert str(caught.value.hint).startswith("chmod 600 ")


def test_keys_are_encrypted_with_a_passphrase(folder: Path) -> None:
    """Without it, and with another, nothing is signed; a rotated key is encrypted, too."""
    Hub.init(folder / "hub", folder / "keys", passphrase=b"correct horse").publish()
    assert all(b"ENCRYPTED" in path.read_bytes() for path in (folder / "keys").glob("*.pem"))
    with pytest.raises(HubFault, match="is encrypted"):
        Hub(folder / "hub", folder / "keys").publish()
    with pytest.raises(HubFault, match="the passphrase is wrong"):
        Hub(folder / "hub", folder / "keys", passphrase=b"battery staple").publish()
    hub = Hub(folder / "hub", folder / "keys", passphrase=b"correct horse")
    hub.rotate("snapshot")
    assert hub.publish() == 1
    assert all(b"ENCRYPTED" in path.read_bytes() for path in (folder / "keys").glob("*.pem"))


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\x00"])
def test_a_key_that_is_none_is_told(folder: Path, content: bytes) -> None:
    """With its file's name."""
    hub = make_hub(folder / "hub")
    (hub.keys.folder / "timestamp.pem").write_bytes(content)
    with pytest.raises(HubFault, match=r"timestamp\.pem cannot be opened: it is no key"):
        hub.publish()


def test_a_hub_is_made_once_and_never_with_its_keys_inside(folder: Path) -> None:
    """Nothing that exists is overwritten, and keys are not published."""
    hub = make_hub(folder / "hub")
    with pytest.raises(HubFault, match="there are keys in"):
        Hub.init(folder / "other", hub.keys.folder)
    with pytest.raises(HubFault, match="there is a hub in"):
        Hub.init(hub.folder, folder / "more-keys")
    with pytest.raises(HubFault, match="which is published"):
        Hub.init(folder / "third", folder / "third" / "keys")
    assert not (folder / "third").exists()


def test_where_there_is_no_hub_is_told(folder: Path) -> None:
    """Not as a missing file of python-tuf's."""
    with pytest.raises(HubFault, match="is no hub's folder"):
        Hub(folder / "none", folder / "keys").publish()
    (folder / "empty").mkdir()
    with pytest.raises(HubFault, match=r"root.json cannot be read"):
        Hub(folder / "empty", folder / "keys").publish()
