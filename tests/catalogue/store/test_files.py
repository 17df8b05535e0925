"""How a new list takes the old one's place (section 6: build a new file, fsync, rename, swap)."""

from pathlib import Path

import pytest

from tests.catalogue.entries import entry
from tests.catalogue.store.lists import build, opened
from tests.disk import asked_of_disk


async def test_a_list_is_on_the_disk_before_it_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file, then the link in one step, then the folder; the old file goes when nothing leads to it."""
    async with opened(tmp_path) as store:
        await build(store, 1, {"acme/coder-1": entry(1)})
        old = (tmp_path / "catalog.db").resolve()
        acts = asked_of_disk(monkeypatch)
        await build(store, 2, {"acme/coder-2": entry(2)})
        new = (tmp_path / "catalog.db").resolve()
        assert acts == [("sync", new), ("name", tmp_path / "catalog.db"), ("sync", tmp_path)]
        assert (new != old, old.exists()) == (True, False)
