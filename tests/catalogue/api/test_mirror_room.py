"""How much a mirror keeps of its hub's files (section 6: LRU for what can be fetched again)."""

import json
import os
from pathlib import Path

import pytest

from gateway.catalogue.mirror import Mirror
from gateway.errors import NotFound

SIZE = 10


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a mirror's folder whose metadata name three files of `SIZE` bytes."""
    (tmp_path / "metadata").mkdir()
    targets = {f"artifacts/{name}": {"length": SIZE, "hashes": {"sha256": name * 64}} for name in "abc"}
    signed = {"signed": {"_type": "targets", "targets": targets}}
    (tmp_path / "metadata" / "1.catalog.json").write_text(json.dumps(signed))
    return tmp_path


async def test_the_longest_unasked_goes_where_there_is_no_more_room(place: Path) -> None:
    """And is fetched again when somebody asks."""
    fetched: list[str] = []

    async def fetch(path: str, into: Path, *, max_length: int) -> bool:
        fetched.append(path.removeprefix("artifacts/"))
        _fill(into, max_length)
        return True

    async def ask(name: str, *, at: int) -> None:
        path = await mirror.file(f"targets/artifacts/{name * 64}.{name}")
        os.utime(path, (at, at))

    def kept() -> list[str]:
        return sorted(one.name for one in (place / "targets").rglob("*") if one.is_file())

    mirror = Mirror(place / "trusted", place, fetch=fetch, most_bytes=2 * SIZE)
    for number, name in enumerate("aba"):
        await ask(name, at=number + 1)
    assert (kept(), fetched) == (["a", "b"], ["a", "b"])
    await ask("c", at=4)
    assert kept() == ["a", "c"]
    await ask("b", at=5)
    assert (kept(), fetched) == (["b", "c"], ["a", "b", "c", "b"])
    with pytest.raises(NotFound):
        await mirror.file("targets/artifacts/" + "d" * 64 + ".d")


def _fill(path: Path, size: int) -> None:
    path.write_bytes(b"x" * size)


def test_a_role_that_nobody_needed_lately_holds_nothing_up(tmp_path: Path) -> None:
    """Deltas of long ago, or a publisher whose list cannot be had: what is current is served on without it."""

    async def fetch(_path: str, _into: Path, *, max_length: int) -> bool:
        del max_length
        return False

    trusted, names = tmp_path / "trusted", ("targets.json", "catalog.json", "history.json")
    trusted.mkdir()
    mirror = Mirror(trusted, tmp_path / "mirror", fetch=fetch, most_bytes=SIZE)
    _signed(trusted / "timestamp.json", 7, meta={"snapshot.json": {"version": 4}})
    _signed(trusted / "snapshot.json", 4, meta={name: {"version": 3} for name in names})
    for name in names:
        _signed(trusted / name, 3 if name != "history.json" else 2)
    assert mirror.follow()
    served = {path.name for path in (tmp_path / "mirror" / "metadata").iterdir()}
    assert served == {"timestamp.json", "4.snapshot.json", "3.targets.json", "3.catalog.json"}
    _signed(trusted / "catalog.json", 2)
    assert not mirror.follow()


def _signed(path: Path, version: int, **members: object) -> None:
    path.write_text(json.dumps({"signed": {"_type": path.stem, "version": version, **members}}), encoding="utf-8")
