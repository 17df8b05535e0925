"""New keys: clients follow by themselves, and what the old key signs is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Timestamp

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.hub.keys import Keys
from tests.catalogue.entries import entry
from tests.catalogue.hub.client import Client
from tests.catalogue.hubs import make_hub
from tests.clock import ManualClock

Follow = Callable[[Hub], Client]
_YEAR = 365 * 86400  # seconds


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "catalog", "root"])
def test_clients_follow_a_rotation(folder: Path, follow: Follow, role: str) -> None:
    """Those that were there before, and those that were given the first root only later."""
    hub = make_hub(folder / "hub")
    client = follow(hub)
    late = follow(hub)
    client.sync()
    made = hub.rotate(role)
    assert len(made) == (3 if role == "root" else 1)
    hub.put([entry(9)])
    hub.publish()
    client.sync()
    late.sync()
    assert client.entries == late.entries
    assert "acme/coder-9" in late.entries
    assert not list(hub.keys.folder.glob("*.next.pem"))
    assert {path.stat().st_mode & 0o777 for path in hub.keys.folder.glob("*.pem")} == {0o600}


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "catalog"])
def test_the_old_key_is_refused(folder: Path, follow: Follow, role: str) -> None:
    """Whoever stole it publishes a list of their own: nobody takes it, the publisher neither."""
    hub = make_hub(folder / "hub")
    client = follow(hub)
    client.sync()
    stolen = (hub.keys.folder / f"{role}.pem").read_bytes()
    hub.rotate(role)
    client.sync()
    _sign_with(hub, role, stolen)
    with pytest.raises(RepositoryError):
        client.refresh()
    with pytest.raises(HubFault, match="not signed by the keys of this hub"):
        hub.publish()


def _sign_with(hub: Hub, role: str, stolen: bytes) -> None:
    """Sign what is published now with another key, one version on, all the way up to the timestamp."""
    keys = Keys(hub.folder.with_name("stolen"))
    shutil.copytree(hub.keys.folder, keys.folder)
    (keys.folder / f"{role}.pem").write_bytes(stolen)
    thief = Hub(hub.folder, keys.folder, entries=hub.entries.folder)
    repository = thief._open()
    repository.signer_of = (  # type: ignore[method-assign]
        lambda role: keys.get("catalog" if role == "history" else role)
    )
    repository.touch("catalog" if role == "catalog" else role)
    repository.commit(hub._now(None))


def test_a_lost_key_is_replaced(folder: Path, follow: Follow) -> None:
    """Nothing but the root's keys is needed; a client that was there follows."""
    hub = make_hub(folder / "hub")
    client = follow(hub)
    client.sync()
    (hub.keys.folder / "timestamp.pem").unlink()
    with pytest.raises(HubFault, match="the key timestamp is not in"):
        hub.publish()
    hub.rotate("timestamp")
    hub.put([entry(9)])
    hub.publish()
    client.sync()
    assert "acme/coder-9" in client.entries


def test_two_of_three_root_keys_have_to_sign(folder: Path, follow: Follow) -> None:
    """Offline keys are brought for as long as it takes; one alone changes nothing."""
    hub = make_hub(folder / "hub")
    client = follow(hub)
    kept = {path.name: path.read_bytes() for path in hub.keys.folder.glob("root-*.pem")}
    for name in ("root-2.pem", "root-3.pem"):
        (hub.keys.folder / name).unlink()
    before = sorted(path.name for path in hub.folder.rglob("*") if path.is_file())
    for role in ("timestamp", "root"):
        with pytest.raises(HubFault, match=r"1 of the root's keys are in .* and 2 have to sign") as caught:
            hub.rotate(role)
        assert "root-1.pem or root-2.pem or root-3.pem" in str(caught.value.hint)
    assert sorted(path.name for path in hub.folder.rglob("*") if path.is_file()) == before
    (hub.keys.folder / "root-3.pem").write_bytes(kept["root-3.pem"])
    (hub.keys.folder / "root-3.pem").chmod(0o600)
    hub.rotate("timestamp")
    client.sync()
    assert hub.signed().root_version == 2


def test_publishing_needs_no_root_key(folder: Path, follow: Follow) -> None:
    """They stay offline, and so does the key of targets until its signature is due."""
    hub = make_hub(folder / "hub")
    for name in ("root-1", "root-2", "root-3", "targets"):
        (hub.keys.folder / f"{name}.pem").unlink()
    hub.put([entry(9)])
    assert hub.publish() == 2
    follow(hub).sync()
    with pytest.raises(HubFault, match="the key targets is not in"):
        hub.rotate("catalog")


def test_the_root_is_renewed_with_its_own_keys(folder: Path, follow: Follow) -> None:
    """For another year; clients follow."""
    clock = ManualClock(at_ms=Hub(folder, folder)._now(None))
    hub = make_hub(folder / "hub", clock=clock)
    client = follow(hub)
    clock.advance(3600)
    hub.renew_root()
    client.sync()
    assert hub.signed().root_version == 2
    assert hub.signed().expires["root"] == clock.now_ms() // 1000 * 1000 + _YEAR * 1000


def test_a_hub_recovers_from_a_fast_forward(folder: Path, follow: Follow) -> None:
    """Who stole timestamp and snapshot keys counts to a million; after new keys the hub's own count goes on."""
    hub = make_hub(folder / "hub")
    client = follow(hub)
    shutil.copytree(hub.folder, folder / "kept")
    repository = hub._open()
    repository.timestamp.version = 1_000_000
    repository.touch("timestamp")
    repository.commit(hub._now(None))
    client.sync()
    shutil.rmtree(hub.folder)
    shutil.copytree(folder / "kept", hub.folder)
    with pytest.raises(RepositoryError):
        client.refresh()
    hub.rotate("timestamp")
    hub.rotate("snapshot")
    client.sync()
    newest = Metadata[Timestamp].from_file(str(hub.folder / "metadata" / "timestamp.json"))
    assert newest.signed.version < 10


def test_an_unknown_role_is_told(folder: Path) -> None:
    """With those that there are."""
    hub = make_hub(folder / "hub")
    with pytest.raises(HubFault, match="there is no role 'mirror'") as caught:
        hub.rotate("mirror")
    assert caught.value.hint == "one of root, targets, catalog, snapshot, timestamp"
