"""A publisher that is killed: clients read the old publication or the new one, whole; and it can go on."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.catalogue.hub.hub import Hub
from tests.catalogue.entries import entry
from tests.catalogue.hub.client import Client
from tests.catalogue.hubs import make_hub

_FOREVER = """
import sys
from pathlib import Path
from gateway.catalogue.hub.hub import Hub
from tests.catalogue.entries import entry

folder = Path(sys.argv[1])
hub = Hub(folder / "hub", folder / "hub.keys", entries=folder / "hub.entries")
number = hub.signed().serial
print("begins", flush=True)
while True:
    number += 1
    hub.put([entry(number % 20, rev=number, family=f"family-{number}")])
    hub.publish()
"""


class Killed(BaseException):
    """Stands for SIGKILL: nothing that handles errors sees it."""


class _Files:
    """Files that get their names or go: the process is killed before the one with this number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 10**9
        for name in ("replace", "unlink"):
            monkeypatch.setattr(Path, name, self._counting(getattr(Path, name)))

    def _counting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def act(path: Path, *arguments: Any, **named: Any) -> Any:
            if self.left <= 0:
                raise Killed
            self.left -= 1
            return real(path, *arguments, **named)

        return act


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> _Files:
    """Give the count of files that are written or removed before the end."""
    return _Files(monkeypatch)


def _copies(folder: Path, publications: int) -> Iterator[tuple[int, Path]]:
    """Yield the same hub again and again, each time for a kill that comes one file later."""
    (folder / "first").mkdir()
    hub = make_hub(folder / "first" / "hub")
    for number in range(publications):
        hub.put([entry(0, family=f"family-{number}")])
        hub.publish()
    for after in range(100):
        shutil.copytree(folder / "first", folder / str(after))
        yield after, folder / str(after)


def _hub(folder: Path) -> Hub:
    return Hub(folder / "hub", folder / "hub.keys", entries=folder / "hub.entries")


def test_a_publication_that_is_killed_before_any_file_is_the_old_or_the_new_one(folder: Path, files: _Files) -> None:
    """Versioned files first, timestamp.json last; the next publication makes up for it."""
    seen = []
    for after, copy in _copies(folder, 5):  # so that there are old files to remove
        hub = _hub(copy)
        hub.put([entry(0, family="new"), entry(7)])
        hub.remove("acme/coder-1")
        hub.put_file("stats/2026-11-21.json", b"{}")
        follower = Client(hub.folder, copy / "follower", hub.root)
        files.left = after
        try:
            hub.publish()
        except Killed:
            files.left = 10**9
        else:
            break
        follower.sync()
        seen.append(follower.serial or 0)
        assert hub.publish() == 7
        follower.sync()
        assert follower.entries == {f"acme/coder-{number}": value for number, value in _expected(hub)}
        assert not list(hub.folder.rglob(".*.new"))
    assert seen == sorted(seen)
    assert set(seen) == {6, 7}
    assert len(seen) > 10


@pytest.mark.parametrize("role", ["timestamp", "targets", "catalog", "root"])  # snapshot's goes as timestamp's
def test_a_rotation_that_is_killed_before_any_file_is_followed(folder: Path, files: _Files, role: str) -> None:
    """By clients that knew the old root, and by those that know only the first; and it can be done again."""
    kills = 0
    for after, copy in _copies(folder, 0):
        hub = _hub(copy)
        old = Client(hub.folder, copy / "old", hub.root)
        old.sync()
        files.left = after
        try:
            hub.rotate(role)
        except Killed:
            files.left = 10**9
            kills += 1
        else:
            break
        old.sync()
        hub.publish()
        old.sync()
        hub.rotate(role)
        old.sync()
        Client(hub.folder, copy / "new", (hub.folder / "metadata" / "1.root.json").read_bytes()).sync()
    assert kills >= 4


def test_kill_9_at_any_moment_loses_nothing(folder: Path) -> None:
    """A real process, killed as kernels kill: whoever reads in between finds a whole list, and serials only grow."""
    make_hub(folder / "hub", 20)
    hub = _hub(folder)
    client = Client(hub.folder, folder / "client", hub.root)
    rng = random.Random(9)
    last = 0
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", _FOREVER, str(folder)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert process.stdout is not None
        with process, process.stdout:
            assert process.stdout.readline() == b"begins\n"
            time.sleep(rng.uniform(0.05, 0.4))  # any moment will do
            process.send_signal(signal.SIGKILL)
        client.sync()
        assert client.serial is not None
        assert client.serial >= last
        last = client.serial
    assert hub.publish() >= last
    client.sync()
    assert client.entries.keys() == hub.entries.read().keys()


def _expected(hub: Hub) -> Iterator[tuple[int, dict[str, Any]]]:
    for id_, value in hub.entries.read().items():
        revision = {"acme/coder-0": 7}.get(id_, value["rev"])
        yield int(id_.rpartition("-")[2]), value | {"rev": revision}
