"""Our own publisher and our own reader together: what `catalogue publish` writes is what a client believes."""

import gzip
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.hub.repository import Repository
from gateway.catalogue.hub.roles import ROTATABLE
from gateway.catalogue.index import Delta, Snapshot, find_path
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.floor import TimeFloor
from gateway.catalogue.trust.high_water import HighWater
from gateway.catalogue.trust.hub import TrustedHub
from gateway.upstream.egress import EgressPolicy, guarded_session
from gateway.upstream.session_transport import SessionTransport
from tests.catalogue.entries import entry
from tests.catalogue.hubs import make_hub
from tests.catalogue.trust.world import KeptMarks
from tests.clock import ManualClock
from tests.fakes.hub import FaultyHub, faulty_hub


class Reader:
    """A machine that reads a hub of ours."""

    def __init__(self, place: Path, hub: Hub, served: FaultyHub, clock: ManualClock) -> None:
        self.place, self.hub, self.served, self.clock = place, hub, served, clock
        self.transport = SessionTransport(guarded_session(EgressPolicy("dev"), connect_timeout_s=5))
        self.marks = KeptMarks()
        self.root = hub.root

    def client(self, url: URL | None = None) -> TrustedHub:
        """Return a client as a new process has it."""
        return TrustedHub(
            url or self.served.url,
            self.place / "cache",
            self.root,
            transport=self.transport,
            floor=TimeFloor(self.clock),
            high_water=HighWater(self.marks),
        )


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    """Give a hub with three entries, and who reads it."""
    clock = ManualClock()
    hub = make_hub(tmp_path / "hub", clock=clock)
    async with faulty_hub(hub.folder) as served:
        made = Reader(tmp_path, hub, served, clock)
        yield made
        await made.transport.close()


async def test_nothing_new_is_two_requests_and_less_than_a_kilobyte(reader: Reader) -> None:
    """Also when the timestamp was signed anew, as it is every hour."""
    await reader.client().refresh()
    for _ in range(2):
        reader.served.forget()
        trusted = await reader.client().refresh()
        assert (trusted.requests, trusted.index.serial, trusted.signed_at_ms) == (2, 1, reader.clock.at_ms)
        assert reader.served.sent < 1024
        reader.clock.advance(3600)
        reader.hub.refresh()


async def test_ten_changes_of_a_thousand_cost_less_than_20_kilobytes(reader: Reader) -> None:
    """Metadata and the delta together; the file is what its publisher wrote."""
    reader.hub.put(entry(number) for number in range(1000))
    reader.hub.publish()
    client = reader.client()
    before = await client.refresh()
    reader.hub.put(entry(number, display_name="another") for number in range(10))
    reader.hub.publish()
    reader.served.forget()
    trusted = await client.refresh()
    path = find_path(trusted.index, before.index.serial)
    assert isinstance(path, tuple)
    (delta,) = path
    assert isinstance(delta, Delta)
    await client.fetch(delta.path, reader.place / "delta.gz", max_length=delta.size)
    assert len(gzip.decompress((reader.place / "delta.gz").read_bytes()).splitlines()) == delta.ops == 10
    assert reader.served.sent < 20_000


async def test_a_key_of_every_role_is_rotated_and_the_reader_follows(reader: Reader) -> None:
    """Section 7, keys rotated: automatic, tested here."""
    client = reader.client()
    for role in ROTATABLE:
        await client.refresh()
        reader.hub.rotate(role)
        reader.hub.put([entry(7, display_name=f"after {role}")])
        serial = reader.hub.publish()
        trusted = await client.refresh()
        assert trusted.index.serial == serial
        snapshot = find_path(trusted.index, None)
        assert isinstance(snapshot, Snapshot)
        await client.fetch(snapshot.path, reader.place / "list.gz", max_length=snapshot.size)
    reader.root = reader.hub.root
    assert (await reader.client().refresh()).index.serial == serial


async def test_a_hub_below_a_path_is_asked_below_that_path(reader: Reader) -> None:
    """A folder's URL with or without its final slash."""
    reader.served.folder = reader.place
    for url in (reader.served.url / "hub", reader.served.url / "hub/"):
        reader.served.forget()
        assert (await reader.client(url).refresh()).index.serial == 1
        assert all(path.startswith("hub/metadata/") for path in reader.served.asked)


async def test_what_a_thief_of_keys_signed_is_undone_by_rotating_them(reader: Reader) -> None:
    """A fast-forward to version 1,000,000: the owner's folder is as it was, new keys make readers follow it again."""
    client = reader.client()
    await client.refresh()
    stolen = Repository.open(Path(shutil.copytree(reader.hub.folder, reader.place / "thief")), reader.hub.keys)
    for role in ("timestamp", "snapshot"):
        signed = stolen.timestamp if role == "timestamp" else stolen.snapshot
        signed.version = 1_000_000
        stolen.touch(role)
    stolen.commit(reader.clock.at_ms)
    reader.served.folder = stolen.folder
    assert (await client.refresh()).timestamp_version > 1_000_000
    reader.served.folder = reader.hub.folder
    with pytest.raises(HubError) as caught:
        await client.refresh()
    assert caught.value.kind == "rollback"
    for role in ("timestamp", "snapshot"):
        reader.hub.rotate(role)
    trusted = await client.refresh()
    assert (trusted.index.serial, trusted.timestamp_version < 1000) == (1, True)
