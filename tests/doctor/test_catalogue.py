"""doctor about the catalogue: what is wrong with the hub, and what waits for somebody."""

from pathlib import Path
from typing import Any

import pytest

from gateway.doctor.finding import Status
from gateway.doctor.machine import Told
from tests.doctor.machines import HEALTHY, FakeServer, check, machine, statuses

WELL: dict[str, Any] = {"state": "fresh", "serial": 7, "age_s": 60, "hub": "https://hub.example.com/", "counts": {}}


def told(**changes: Any) -> FakeServer:
    """Return a server that tells this."""
    answers = {"-/healthy": HEALTHY, "api/v1/catalogue/status": Told(200, WELL | changes)}
    return FakeServer(answers)


def test_a_fresh_list_is_well(tmp_path: Path) -> None:
    """So is the one that came along, however old: there is no hub to ask."""
    for server in (told(), told(state="bundled", hub=None, age_s=10**9)):
        assert statuses("catalogue", machine(tmp_path, server=server)) == {"ok"}


def test_without_a_server_or_a_key_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    """Said, not failed."""
    assert statuses("catalogue", machine(tmp_path)) == {"skip"}
    answers = {"-/healthy": HEALTHY, "api/v1/catalogue/status": Told(401)}
    assert statuses("catalogue", machine(tmp_path, server=FakeServer(answers))) == {"skip"}


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"state": "untrusted", "last_error": "a signature does not fit"}, Status.FAIL, "a signature does not fit"),
        ({"state": "stale", "last_error": "no answer"}, Status.WARN, "stale: no answer"),
        ({"age_s": 40 * 86_400}, Status.WARN, "40 days ago"),
        ({"held": {"serial": 9, "removed": 30, "limit": 20}}, Status.WARN, "30 entries away"),
        ({"counts": {"orphaned": 2}}, Status.WARN, "2 models came from entries that are gone"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(
    tmp_path: Path, changes: dict[str, Any], status: Status, words: str
) -> None:
    """One sentence and one command."""
    found = [
        one for one in check("catalogue", machine(tmp_path, server=told(**changes))) if one.status is not Status.OK
    ]
    assert [(one.status, words in one.message, bool(one.command)) for one in found] == [(status, True, True)]
