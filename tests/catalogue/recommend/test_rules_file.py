"""The hub's rules as they lie here: one file for each hub, read again when it changes, kept when a hub has trouble."""

import os
from pathlib import Path
from typing import cast

import pytest

from gateway.catalogue.recommend.rules import MAX_BYTES
from gateway.catalogue.recommend.rules_file import FollowedHub, RulesFile
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.hub import Trusted
from tests.catalogue.recommend.test_rules import file, rule

URL = "https://hub.example.com/models/"


class Hub:
    """A hub that has what it is given, or trouble."""

    name = URL

    def __init__(self, content: bytes | None = None, trouble: Exception | None = None) -> None:
        self.content = content
        self.trouble = trouble
        self.refreshed = 0

    async def refresh(self) -> Trusted:
        """Count."""
        self.refreshed += 1
        return cast("Trusted", object())  # nobody here looks at it

    async def has(self, path: str) -> bool:
        """Say whether there are rules."""
        assert path == "recommend.json"
        return self.content is not None

    async def fetch(self, path: str, into: Path, *, max_length: int, deadline_s: float | None = None) -> None:
        """Write them."""
        assert (path, max_length, deadline_s) == ("recommend.json", MAX_BYTES, None)
        if self.trouble is not None:
            raise self.trouble
        put(into, self.content or b"")


def put(path: Path, content: bytes) -> None:
    """Write a file."""
    path.write_bytes(content)


def names(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return [path.name for path in folder.iterdir()]


def ids(rules: RulesFile) -> list[str]:
    """Return the rules in force."""
    return [one.id for one in rules.rules.rules]


async def test_rules_come_with_each_look_at_the_hub_and_go_with_it(tmp_path: Path) -> None:
    """Whatever becomes of its list afterwards."""
    hub, rules = Hub(file(rule("one"))), RulesFile(tmp_path, URL)
    followed = FollowedHub(hub, rules)
    assert ids(rules) == []
    await followed.refresh()
    assert (hub.refreshed, ids(rules)) == (1, ["one"])
    assert rules.rules is rules.rules, "read once"
    hub.content = file(rule("one"), rule("two"))
    await followed.refresh()
    assert ids(rules) == ["one", "two"]
    hub.content = None
    await followed.refresh()
    assert (ids(rules), names(tmp_path)) == ([], [])


@pytest.mark.parametrize(
    "trouble", [HubError("torn", "it is not there yet"), HubError("oversize", "too long"), OSError(28, "No space left")]
)
async def test_trouble_leaves_what_was_there(
    tmp_path: Path, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """A list is taken without its rules; the log says so."""
    hub, rules = Hub(file(rule("one"))), RulesFile(tmp_path, URL)
    await rules.follow(hub)
    hub.content, hub.trouble = file(rule("two")), trouble
    await rules.follow(hub)
    assert ids(rules) == ["one"]
    assert "the rules for recommendations stay as they were" in caplog.text


async def test_rules_of_another_hub_or_without_one_are_not_in_force(tmp_path: Path) -> None:
    """Who changes catalogue.url believes another owner from then on."""
    await RulesFile(tmp_path, URL).follow(Hub(file(rule("one"))))
    assert ids(RulesFile(tmp_path, URL)) == ["one"]
    assert ids(RulesFile(tmp_path, "https://other.example.com/")) == []
    assert ids(RulesFile(tmp_path, None)) == []


async def test_a_file_that_cannot_be_read_is_told_and_harms_nothing(tmp_path: Path) -> None:
    """Damaged on the disk, or for a later program."""
    rules = RulesFile(tmp_path, URL)
    await rules.follow(Hub(b'{"schema": 9}'))
    assert ids(rules) == []
    assert "schema 9" in rules.rules.left[0].reason
    assert rules.path is not None
    put(rules.path, file(rule("one")))
    os.utime(rules.path, ns=(1, 1))
    assert ids(rules) == ["one"]
