"""The record over the API: filters, pages, teams, and an export that holds up nobody."""

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.app.caller import Caller
from tests.app.conftest import Start, caller, process_settings, start
from tests.app.installation import Installation

__all__ = ["caller", "process_settings", "start"]  # fixtures of the whole product


@pytest.fixture
async def product(start: Start) -> AsyncIterator[Installation]:
    """Give a product with two teams, each with an alias of its own model."""
    async with start() as running:
        for team in ("red", "blue"):
            await running.admin.make("teams", name=team)
            await running.admin.make("models", name=f"{team}-model", team=team)
        yield running


async def listed(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    """Return the rows of one page."""
    found: list[dict[str, Any]] = (await caller.show(f"api/v1/audit?limit=200{query}"))["items"]
    return found


async def test_pages_go_back_to_the_first_row(product: Installation) -> None:
    """Newest first, each row once, however many come meanwhile."""
    whole, cursor = [row["seq"] for row in await listed(product.admin)], ""
    seen: list[int] = []
    while True:
        page = await product.admin.show(f"api/v1/audit?limit=2&cursor={cursor}")
        seen += [row["seq"] for row in page["items"]]
        await product.admin.make("teams", name=f"late-{len(seen)}")
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == whole == list(range(len(whole), 0, -1))


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ("&action=model.create", {"model.create"}),
        ("&action=model.*", {"model.create"}),
        ("&target=red-model", {"model.create"}),
        ("&target=red", {"team.create"}),
        ("&team=blue", {"model.create", "team.create"}),
        ("&actor=system", {"team.create", "key.create"}),
        ("&outcome=denied", set()),
        ("&since=2000-01-01&until=2000-01-02T08:00:00Z", set()),
        ("&since=2000-01-01&actor=nobody", set()),
        ("&until=2100-01-01&action=key.create", {"key.create"}),
    ],
)
async def test_filters_find_what_was_asked_for(product: Installation, query: str, actions: set[str]) -> None:
    """By who, what, to what, in which team, with which end, when."""
    assert {row["action"] for row in await listed(product.admin, query)} == actions


async def test_an_id_is_a_target_as_well(product: Installation) -> None:
    """As answers give it."""
    uid = (await product.admin.show("api/v1/models?team=red"))["items"][0]["uid"]
    (row,) = await listed(product.admin, f"&target={uid}")
    assert (row["target"]["name"], row["actor"]["name"]) == ("red-model", "first administrator")


@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-13-01", "outcome=fine", "nonsense=1", "cursor=x"])
async def test_what_is_no_filter_is_refused(product: Installation, query: str) -> None:
    """And never taken for none."""
    assert (await product.admin.get(f"api/v1/audit?{query}")).status in {400, 422}


async def test_a_key_of_a_team_sees_that_teams_rows(product: Installation) -> None:
    """Another team's changes do not exist for it (ACL-3); the whole is not its to verify."""
    auditor = await product.as_role("auditor", team="red")
    rows = await listed(auditor)
    assert {row["target"]["team"] for row in rows} == {"red"}
    assert {"model.create", "team.create"} <= {row["action"] for row in rows}
    lines = (await auditor.get("api/v1/audit/export")).text.splitlines()
    assert {json.loads(line)["target"]["team"] for line in lines} == {"red"}
    assert (await auditor.get("api/v1/audit?team=blue")).status == 404
    assert (await auditor.get("api/v1/audit/export?team=blue")).status == 404
    assert (await auditor.get("api/v1/audit/verify")).status == 403


async def test_a_new_team_of_an_old_name_does_not_inherit_the_record(product: Installation) -> None:
    """A team that was removed took nothing along that the next one of its name may read."""
    team = await product.admin.make("teams", name="green")
    await product.admin.call("DELETE", f"api/v1/teams/{team['id']}")
    await product.admin.make("teams", name="green")
    auditor = await product.as_role("auditor", team="green")
    assert [row["action"] for row in await listed(auditor)] == ["key.create", "team.create"]


async def test_an_export_is_the_sealed_text(product: Installation) -> None:
    """Oldest first; without its last member each line is what the hash covers."""
    answer = await product.admin.get("api/v1/audit/export")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["X-Request-Id"]
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(later["prev_hash"] == row["hash"] for row, later in itertools.pairwise(rows))
    assert (await product.admin.call("HEAD", "api/v1/audit/export")).body == b""


async def test_the_record_outlives_a_restart(start: Start, product: Installation) -> None:
    """The last rows are covered by a checkpoint when the server has stopped, and it goes on where it was."""
    await product.inside.stop()
    async with start() as again:
        report = await again.inside.ground.record.routes()._service._verification().verify()
    assert (report.intact, report.checkpoints, report.covered_to) == (True, 1, report.last_seq)


async def test_switching_it_off_is_seen(start: Start) -> None:
    """`audit.enabled: false` is the last row, and with the next start a gap."""
    async with start() as first:
        key = first.key
    async with start(audit={"enabled": False}) as off:
        admin = off.stranger.keyed(key)
        await admin.make("teams", name="unseen")
        assert next(row["action"] for row in await listed(admin)) == "audit.off"
    async with start() as on:
        admin = on.stranger.keyed(key)
        assert [row["action"] for row in await listed(admin)][:2] == ["audit.on", "audit.off"]
        found = await admin.show("api/v1/audit/verify")
    assert [one["problem"] for one in found["findings"]] == ["gap"]
    assert not found["intact"]
