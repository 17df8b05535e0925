"""Models that a filter means: planned, counted, gone as an operation; against a real server."""

import json

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell


def _make(api: Api, *names: str) -> None:
    for name in names:
        if not list(api.items("/models", name=name)):
            api.post("/models", {"name": name})


def _left(api: Api, start: str, **query: str) -> list[str]:
    return [row["name"] for row in api.items("/models", **query) if row["name"].startswith(start)]


def test_a_filter_is_a_plan_until_it_is_forced(admin: Shell, api: Api) -> None:
    """Number and names are shown, nothing is done; so with --dry-run, whatever else was said."""
    _make(api, "plan-1", "plan-2")
    for words in ((), ("--force", "--yes", "--dry-run")):
        ended = admin.run("models", "delete", "--filter", "name=plan-*", *words, "-o", "json")
        assert ended.code == 0, ended.err
        plan = json.loads(ended.out)
        assert (plan["count"], plan["operation"]) == (2, None)
        assert "model 'plan-1' of team 'default'" in ended.err
        assert "add --force" in ended.err
    assert _left(api, "plan-") == ["plan-1", "plan-2"]


def test_what_a_filter_means_goes_and_is_purged(admin: Shell, api: Api) -> None:
    """--yes where the server asks for no number, else --confirm-count; another number is exit 6 and changes nothing."""
    _make(api, "mass-1", "mass-2", "mass-3")
    gone = admin.run("models", "delete", "--filter", "name=mass-*", "--force", "--yes", "-o", "json")
    assert gone.code == 0, gone.err
    assert (json.loads(gone.out)["done"], _left(api, "mass-")) == (3, [])
    words = ("models", "purge", "--filter", "name=mass-*", "--force")
    other = admin.run(*words, "--confirm-count", "2")
    assert other.code == 6
    assert "--confirm-count 3" in other.err
    assert len(_left(api, "mass-", state="deleted")) == 3
    assert admin.run(*words, "--confirm-count", "3").code == 0
    assert _left(api, "mass-", state="deleted") == []
    assert admin.run(*words, "--yes", "-o", "json").code == 0


def test_one_that_must_stay_makes_it_a_partial_success(admin: Shell, api: Api) -> None:
    """Exit 9; the operation knows which and why."""
    _make(api, "some-1", "some-2")
    api.post("/aliases", {"name": "some-alias", "model": "some-1"})
    ended = admin.run("models", "delete", "--filter", "name=some-*", "--force", "--yes")
    assert ended.code == 9, ended.err
    assert "1 of 2 models stay as they are" in ended.err
    assert "modelport operations" in ended.err
    assert _left(api, "some-") == ["some-1"]


def test_the_number_is_typed_on_a_terminal_and_demanded_elsewhere(admin: Shell, api: Api) -> None:
    """Never a bare y for many: exit 8 for another number, 2 where nobody can type."""
    _make(api, "typed-1", "typed-2")
    words = ("models", "delete", "--filter", "name=typed-*", "--force")
    assert admin.run_on_terminal(*words, typed="y\n", when="Type 2 to go on").code == 8
    piped = admin.run(*words)
    assert (piped.code, piped.out) == (2, "")
    assert "--confirm-count 2" in piped.err
    assert len(_left(api, "typed-")) == 2
    ended = admin.run_on_terminal(*words, typed="2\n", when="Type 2 to go on")
    assert ended.code == 0, ended.out
    assert _left(api, "typed-") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("delete",), "--filter"),
        (("purge",), "--filter"),
        (("delete", "a", "--filter", "name=a"), "--filter"),
        (("delete", "--filter", "name=a", "--purge"), "--purge goes with names"),
        (("delete", "--filter", "nam=a"), "at character 1"),
        (("purge", "--filter", ""), "--filter"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_filter_that_says_nothing_is_refused(admin: Shell, words: tuple[str, ...], said: str) -> None:
    """Exit 2: an empty one is more often a variable that was never set than a wish."""
    ended = admin.run("models", *words, "--force", "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
