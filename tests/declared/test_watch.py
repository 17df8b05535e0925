# ruff: noqa: ASYNC240 - a test writes a few bytes
"""When a file has changed, however it was written."""

from pathlib import Path

import pytest

from gateway.declared.watch import GONE_LOOKS, Watch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file."""
    path = tmp_path / "modelport.yaml"
    path.write_text("version: 1\n")
    return path


async def looks(watch: Watch, times: int = 3) -> list[bool]:
    """Look several times."""
    return [await watch.look() for _ in range(times)]


async def test_what_stays_is_no_change(file: Path) -> None:
    """A file that nobody touches is read once, at the start."""
    assert await looks(Watch(file)) == [False, False, False]


async def test_a_plain_write_is_seen_when_it_stands_still(file: Path) -> None:
    """One look to see it, one to see that nothing more comes."""
    watch = Watch(file)
    file.write_text("version: 1\nlog: {level: debug}\n")
    assert await looks(watch) == [False, True, False]


async def test_a_write_in_two_halves_is_read_once_and_whole(file: Path) -> None:
    """Between the halves the file might well be right, and half of the models would be deleted."""
    watch = Watch(file)
    file.write_text("models:\n")
    assert not await watch.look()
    with file.open("a") as more:
        more.write("  qwen3: {}\n")
    assert await looks(watch) == [False, True, False]


async def test_what_was_read_for_another_reason_is_not_read_again(file: Path) -> None:
    """SIGHUP comes right after the save; a later save is a change again."""
    watch = Watch(file)
    file.write_text("# one\n")
    await watch.taken()
    assert await looks(watch) == [False, False, False]
    file.write_text("# two\n")
    assert await looks(watch) == [False, True, False]


async def test_each_atomic_save_is_seen(file: Path) -> None:
    """A rename puts another inode in place; a watch on the first one would see the first save alone."""
    watch = Watch(file)
    for number in range(3):
        fresh = file.with_suffix(".new")
        fresh.write_text(f"# {number}\n")
        fresh.replace(file)
        assert await looks(watch) == [False, True, False]


async def test_an_equal_text_in_a_new_file_is_a_change(file: Path) -> None:
    """It costs one reading in which nothing has to change, and misses nothing."""
    watch = Watch(file)
    fresh = file.with_suffix(".new")
    fresh.write_text(file.read_text())
    fresh.replace(file)
    assert await looks(watch) == [False, True, False]


async def test_the_swap_of_a_config_map_is_seen(tmp_path: Path) -> None:
    """Kubernetes changes where `..data` leads; the path of the file itself never changes."""
    for revision in ("..2026_01", "..2026_02"):
        (tmp_path / revision).mkdir()
        (tmp_path / revision / "modelport.yaml").write_text("version: 1\n")
    (tmp_path / "..data").symlink_to("..2026_01")
    (tmp_path / "modelport.yaml").symlink_to("..data/modelport.yaml")
    watch = Watch(tmp_path / "modelport.yaml")
    (tmp_path / "..data_tmp").symlink_to("..2026_02")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    assert await looks(watch) == [False, True, False]


async def test_a_file_that_vanishes_for_a_moment_is_waited_for(file: Path) -> None:
    """Some editors delete before they write."""
    watch = Watch(file)
    text = file.read_text()
    file.unlink()
    assert await looks(watch) == [False, False, False]
    file.write_text(text)
    assert await looks(watch) == [False, True, False]


async def test_a_file_that_is_gone_for_good_is_told_once(file: Path) -> None:
    """Reading it then says that it is missing."""
    watch = Watch(file)
    file.unlink()
    seen = await looks(watch, GONE_LOOKS + 5)
    assert (seen.count(True), seen.index(True)) == (1, GONE_LOOKS - 1)
