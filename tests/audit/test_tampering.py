"""Whatever is done to the record past the triggers shows, with the row's number (security.md threat 14)."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.audit.checkpoint import Checkpoint, Signer
from tests.audit.house import Chronicle, event

EDITED = "UPDATE audit SET record = replace(record, 'model-3', 'model-x') WHERE seq = 3"
FORGED = b"another seed, of somebody else.."


async def test_what_nobody_touched_is_intact(chronicle: Chronicle) -> None:
    """Ten rows, one checkpoint, nothing to tell."""
    await chronicle.fill(10)
    report = await chronicle.verify()
    assert (report.intact, report.rows, report.first_seq, report.last_seq) == (True, 10, 1, 10)
    assert (report.checkpoints, report.covered_to) == (1, 10)
    assert report.public_key == chronicle.signer.public_text


async def test_an_empty_record_is_intact(chronicle: Chronicle) -> None:
    """A new installation has nothing to hide."""
    report = await chronicle.verify()
    assert (report.intact, report.rows, report.last_seq) == (True, 0, 0)


@pytest.mark.parametrize(
    ("statements", "findings"),
    [
        ([EDITED], [(3, "edited")]),
        (["UPDATE audit SET record = '{}' WHERE seq = 3"], [(3, "edited")]),
        (["UPDATE audit SET hash = 'x' WHERE seq = 3"], [(3, "edited"), (4, "unlinked")]),
        (["UPDATE audit SET actor = 'key_somebody' WHERE seq = 3"], [(3, "column")]),
        (["UPDATE audit SET at = at - 1 WHERE seq = 3"], [(3, "column")]),
        (["UPDATE audit SET action = 'model.list' WHERE seq = 3"], [(3, "column")]),
        (["UPDATE audit SET outcome = 'denied' WHERE seq = 3"], [(3, "column")]),
        (["UPDATE audit SET team = NULL WHERE seq = 3"], [(3, "column")]),
        (["UPDATE audit SET target = 'mdl_x' WHERE seq = 3"], [(3, "column")]),
        (["UPDATE audit SET request_id = 'other' WHERE seq = 3"], [(3, "column")]),
        (["DELETE FROM audit WHERE seq = 3"], [(3, "missing")]),
        (["DELETE FROM audit WHERE seq BETWEEN 3 AND 5"], [(3, "missing")]),
        (["DELETE FROM audit WHERE seq = 1"], [(1, "missing")]),
        (["DELETE FROM audit WHERE seq > 8"], [(9, "cut"), (9, "cut")]),
        (["DELETE FROM audit WHERE seq > 8", "UPDATE meta SET value = '8' WHERE key = 'audit_sequence'"], [(9, "cut")]),
        (["DELETE FROM audit", "UPDATE meta SET value = '0' WHERE key = 'audit_sequence'"], [(1, "cut")]),
        (
            ["DELETE FROM audit WHERE seq = 10", "UPDATE audit SET seq = 10 WHERE seq = 9"],
            [(9, "missing"), (10, "checkpoint"), (10, "moved")],
        ),
        (
            [
                "UPDATE audit SET seq = -1 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 4",
                "UPDATE audit SET seq = 4 WHERE seq = -1",
            ],
            [(3, "moved"), (3, "unlinked"), (4, "moved"), (4, "unlinked"), (5, "unlinked")],
        ),
    ],
)
async def test_tampering_shows(chronicle: Chronicle, statements: list[str], findings: list[tuple[int, str]]) -> None:
    """Edited, its columns edited, removed, cut off with and without the counter, renumbered, swapped."""
    await chronicle.fill(10)
    await chronicle.break_(*statements)
    report = await chronicle.verify()
    assert sorted((one.seq, one.problem) for one in report.findings) == findings
    assert all(str(one.seq) in one.message for one in report.findings)


async def test_triggers_refuse_what_would_change_the_record(chronicle: Chronicle) -> None:
    """UPDATE and DELETE fail in the database itself (LIF-22)."""
    await chronicle.fill(3)
    for statement in (EDITED, "DELETE FROM audit", "UPDATE audit SET hash = ''"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with chronicle.database.write() as conn:
                await conn.execute(text(statement))
    assert (await chronicle.verify()).intact


async def test_a_row_under_another_key_shows(chronicle: Chronicle) -> None:
    """Whoever can write the database but has not the key can seal nothing."""
    await chronicle.fill(3)
    await chronicle.break_("UPDATE audit SET record = replace(record, 'a0d17e57', 'ffffffff') WHERE seq = 2")
    assert await chronicle.found() == [(2, "unknown_key")]


async def test_a_missing_file_of_checkpoints_shows(chronicle: Chronicle) -> None:
    """Once rows are older than any wait for a checkpoint."""
    await chronicle.fill(3)
    chronicle.path.unlink()
    assert await chronicle.found() == [(None, "checkpoint")]


async def test_young_rows_need_no_checkpoint_yet(chronicle: Chronicle) -> None:
    """A minute may pass before the first one is signed."""
    await chronicle.write(event())
    report = await chronicle.verify()
    assert (report.intact, report.covered_to) == (True, 0)


async def test_a_forged_checkpoint_shows(chronicle: Chronicle) -> None:
    """A tail that is cut off, with a checkpoint to match, signed by somebody else or by nobody."""
    await chronicle.fill(5)
    whole = chronicle.path.read_text()
    fake = Checkpoint(3, "0" * 64, "2027-01-15T08:00:00.000Z", "here")
    edited = json.dumps(json.loads(whole) | {"seq": 3}, separators=(",", ":"), sort_keys=True)
    for lines in (Signer((FORGED,)).line(fake, ""), edited, "nonsense", whole + "nonsense"):
        chronicle.path.write_text(f"{lines}\n")
        report = await chronicle.verify()
        assert {one.problem for one in report.findings} == {"checkpoint"}
        assert "line " in report.findings[0].message


async def test_a_checkpoint_of_another_history_shows(chronicle: Chronicle) -> None:
    """Rows that were sealed anew, by somebody with the key, are not those that were signed."""
    await chronicle.fill(3)
    line = chronicle.signer.line(Checkpoint(2, "f" * 64, "2027-01-15T08:00:00.000Z", "here"), "")
    chronicle.path.write_text(f"{line}\n")
    assert await chronicle.found() == [(2, "checkpoint")]


async def test_a_public_half_from_elsewhere_is_believed(chronicle: Chronicle) -> None:
    """Whoever noted it finds out that the signing key was replaced together with the checkpoints."""
    await chronicle.fill(3)
    noted = chronicle.signer.public
    assert (await chronicle.verification(public=noted).verify()).intact
    chronicle.signer = Signer((FORGED,))
    chronicle.path.unlink()
    assert await chronicle.process("there", chronicle.path).step(ending=True) is False  # the holder's rows are covered
    chronicle.path.write_text(chronicle.signer.line(Checkpoint(3, "0" * 64, "x", "here"), "") + "\n")
    report = await chronicle.verification(public=noted).verify()
    assert [one.problem for one in report.findings] == ["checkpoint"]


async def test_a_hundred_findings_are_told_and_all_are_counted(chronicle: Chronicle) -> None:
    """A record that was broken throughout does not fill the screen."""
    await chronicle.write(*(event(number) for number in range(150)))
    assert await chronicle.checkpoints.step(ending=True)
    await chronicle.break_("UPDATE audit SET actor = 'nobody'")
    report = await chronicle.verify()
    assert (len(report.findings), report.findings_total) == (100, 150)
