"""What a file brings about is on the record, one row for each step, in the name of the line that says it."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.declared.reconcile import Reconciler
from gateway.keys.model import KeyInput
from gateway.keys.service import KeyService
from gateway.storage.engine import Database
from gateway.storage.schema import audit
from tests.app.caller import Caller
from tests.audit.house import Chronicle
from tests.clock import ManualClock
from tests.declared.files import SMALL, declared
from tests.declared.house import QUIET, Living


async def rows(database: Database) -> list[dict[str, Any]]:
    """Return what a file did, in order."""
    async with database.read() as conn:
        found = await conn.execute(select(audit.c.record).where(audit.c.actor == "file").order_by(audit.c.seq))
        return [json.loads(row.record) for row in found]


async def test_each_step_is_a_row_of_its_line(reconciler: Reconciler, database: Database) -> None:
    """Made, changed, removed: each names file and line, and the columns that it wrote."""
    outcome = await reconciler.apply(declared(SMALL))
    made = await rows(database)
    assert len(made) == len(outcome.changes)
    assert {row["action"] for row in made} >= {
        "gateway.create",
        "team.create",
        "model.create",
        "endpoint.create",
        "alias.create",
    }
    assert all(row["actor"]["id"].startswith("modelport.yaml:") for row in made)
    assert {row["actor"]["via"] for row in made} == {"file"}
    assert [row["after"]["name"] for row in made if row["action"] == "model.create"] == ["qwen3", "llama"]
    assert await reconciler.apply(declared(SMALL)) is not None
    assert len(await rows(database)) == len(made)


async def test_a_declaration_that_changes_says_before_and_after(reconciler: Reconciler, database: Database) -> None:
    """Of a model's row the columns that differ."""
    text = "models:\n  one:\n    description: {}\n    endpoints:\n      - base_url: http://127.0.0.1:1/v1\n"
    await reconciler.apply(declared(text.format("before")))
    await reconciler.apply(declared(text.format("after")))
    (row,) = [row for row in await rows(database) if row["action"] == "model.change"]
    assert (row["before"], row["after"]) == ({"description": "before"}, {"description": "after"})
    assert row["target"]["rev_after"] == row["target"]["rev_before"] + 1


async def test_a_file_that_takes_a_key_over_is_on_the_record(
    reconciler: Reconciler, keys: KeyService, database: Database
) -> None:
    """Taken over, limited, let go."""
    await keys.create(KeyInput(name="ci", team="default"), None)
    await reconciler.apply(declared("keys:\n  ci:\n    role: viewer\n"))
    await reconciler.apply(declared("teams:\n  default: {}\n"))
    actions = [row["action"] for row in await rows(database) if row["target"]["kind"] == "key"]
    assert actions == ["key.adopt", "key.change", "key.release"]


async def test_the_record_of_a_file_holds_together(
    reconciler: Reconciler, database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """The rows of many steps are one chain."""
    await reconciler.apply(declared(SMALL))
    assert (await Chronicle(database, clock, tmp_path).verify()).intact


async def test_a_reload_that_changes_settings_is_a_row(house: Living) -> None:
    """With the values before and after, in the name of the file; one that changes nothing is none."""
    async with house("") as product:
        await product.write(f"{QUIET}timeouts: {{idle_s: 33}}\n")
        await product.write(f"{QUIET}timeouts: {{idle_s: 33}}\n# the same\n")
        caller: Caller = product.admin
        found = (await caller.show("api/v1/audit?action=settings.reload"))["items"]
    assert [(row["before"], row["after"]) for row in found] == [({"timeouts.idle_s": 60.0}, {"timeouts.idle_s": 33.0})]
    assert (found[0]["actor"]["type"], found[0]["reason"]) == ("file", "the test")
