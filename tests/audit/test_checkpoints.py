"""When a checkpoint is signed, by whom, and what the file looks like (LIF-21)."""

import json
from pathlib import Path

from gateway.audit.checkpoint import Signer, read_lines
from tests.audit.house import SEED, Chronicle, event


def lines(path: Path) -> list[dict[str, object]]:
    """Return the lines of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_a_row_is_covered_within_a_minute(chronicle: Chronicle) -> None:
    """Not at once: a line for each change would be a disk's flush for each."""
    last = await chronicle.write(event())
    assert not await chronicle.checkpoints.step()
    chronicle.clock.advance(59)
    assert not await chronicle.checkpoints.step()
    chronicle.clock.advance(1)
    assert await chronicle.checkpoints.step()
    (line,) = lines(chronicle.path)
    assert (line["seq"], line["hash"], line["by"]) == (1, last, "here")
    chronicle.clock.advance(1000)
    assert not await chronicle.checkpoints.step()


async def test_a_thousand_rows_are_covered_at_once(chronicle: Chronicle) -> None:
    """Whatever the clock says."""
    await chronicle.write(*(event(number) for number in range(1000)))
    assert await chronicle.checkpoints.step()


async def test_the_last_rows_are_covered_when_the_process_ends(chronicle: Chronicle) -> None:
    """Once; an end without new rows writes nothing."""
    await chronicle.write(event())
    assert await chronicle.checkpoints.step(ending=True)
    assert not await chronicle.checkpoints.step(ending=True)
    assert len(lines(chronicle.path)) == 1


async def test_the_file_is_for_its_owner_and_only_grows(chronicle: Chronicle) -> None:
    """0600, appended to, each line linked to the one before."""
    for number in range(3):
        await chronicle.write(event(number))
        assert await chronicle.checkpoints.step(ending=True)
    assert chronicle.path.stat().st_mode & 0o777 == 0o600
    assert [line["seq"] for line in lines(chronicle.path)] == [1, 2, 3]
    raw = chronicle.path.read_text().splitlines()
    for kept in (raw, raw[1:], raw[:2]):
        found, bad = read_lines(kept, [chronicle.signer.public])
        assert (len(found), bad) == (len(kept), [])
    assert [
        one.number for one in read_lines([raw[0], raw[2].replace('"seq":3', '"seq":9')], [chronicle.signer.public])[1]
    ] == [2]


async def test_a_middle_line_that_was_edited_shows(chronicle: Chronicle) -> None:
    """The last line's signature vouches for all before it, and no longer does."""
    for number in range(3):
        await chronicle.write(event(number))
        assert await chronicle.checkpoints.step(ending=True)
    raw = chronicle.path.read_text().splitlines()
    raw[1] = raw[1].replace('"by":"here"', '"by":"nobody"')
    found, bad = read_lines(raw, [chronicle.signer.public])
    assert ([one.number for one in bad], sorted(found)) == ([2], [1, 3])


async def test_of_two_processes_one_signs(chronicle: Chronicle, tmp_path: Path) -> None:
    """The other takes over when rows have waited for too long."""
    other = chronicle.process("there", tmp_path / "there.jsonl")
    await chronicle.write(event())
    chronicle.clock.advance(1)
    assert await chronicle.checkpoints.step(ending=True)
    await chronicle.write(event(2))
    assert not await other.step()
    chronicle.clock.advance(60)
    assert not await other.step()
    assert not await other.step(ending=True)
    chronicle.clock.advance(90)
    assert await other.step()
    assert [line["by"] for line in lines(tmp_path / "there.jsonl")] == ["there"]
    assert not await chronicle.checkpoints.step()


async def test_two_processes_with_one_file_write_no_line_twice(chronicle: Chronicle) -> None:
    """As a command beside the server: the file's own last line counts."""
    neighbour = chronicle.process("here")
    await chronicle.write(event())
    assert not await chronicle.checkpoints.step()
    assert not await neighbour.step()
    chronicle.clock.advance(60)
    await chronicle.checkpoints.step()
    await neighbour.step()
    assert len(lines(chronicle.path)) == 1


async def test_a_restart_goes_on_where_the_file_ends(chronicle: Chronicle) -> None:
    """What is covered is not signed again."""
    await chronicle.fill(2)
    again = chronicle.process("here")
    chronicle.clock.advance(600)
    assert not await again.step(ending=True)


async def test_a_line_that_broke_off_does_not_spoil_the_next(chronicle: Chronicle) -> None:
    """A power cut in the middle of a line: the rest is a finding, the next line stands alone."""
    await chronicle.fill(1)
    with chronicle.path.open("a") as file:
        file.write('{"seq":')
    await chronicle.write(event(2))
    assert await chronicle.checkpoints.step(ending=True)
    found, bad = read_lines(chronicle.path.read_text().splitlines(), [chronicle.signer.public])
    assert (sorted(found), [one.number for one in bad]) == ([1, 2], [2])


async def test_a_file_that_cannot_be_written_is_told_and_tried_again(chronicle: Chronicle, tmp_path: Path) -> None:
    """The product goes on; verify tells what is not covered."""
    place = tmp_path / "away"
    checkpoints = chronicle.process("here", place / "file.jsonl")
    await chronicle.write(event())
    assert not await checkpoints.step(ending=True)
    place.mkdir()
    assert await checkpoints.step(ending=True)


async def test_a_newest_row_that_is_gone_is_not_signed(chronicle: Chronicle) -> None:
    """No checkpoint covers up a cut tail."""
    await chronicle.write(event(), event(2))
    await chronicle.break_("DELETE FROM audit WHERE seq = 2")
    assert not await chronicle.checkpoints.step(ending=True)


async def test_older_signing_keys_are_still_believed(chronicle: Chronicle) -> None:
    """A new key in front of the old one: rotation without a finding."""
    await chronicle.fill(1)
    chronicle.signer = Signer((b"the next signing seed, 32 bytes.", SEED))
    await chronicle.write(event(2))
    assert await chronicle.process("here").step(ending=True)
    report = await chronicle.verify()
    assert (report.intact, report.checkpoints) == (True, 2)
