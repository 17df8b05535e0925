import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell

_BOLD = "\x1b[1m"


def test_a_table_on_a_terminal_is_drawn_with_emphasis(admin: Shell) -> None:
    """A terminal gets bold headings, and an address is never cut."""
    ended = admin.run_on_terminal("models", "list")
    assert ended.code == 0
    assert _BOLD in ended.out
    assert "/access/models/default/" in ended.out.replace("\n", "").replace(" ", "")


def test_no_color_is_obeyed(admin: Shell) -> None:
    """NO_COLOR (no-color.org) and a dumb terminal get no colour."""
    assert "\x1b[3" not in admin.having(NO_COLOR="1").run_on_terminal("models", "list").out
    assert "\x1b[" not in admin.having(TERM="dumb").run_on_terminal("models", "list").out


@pytest.mark.parametrize("typed", ["\n", "y\n", "aske\n", "ASKED\n"])
def test_a_removal_asks_for_the_name_and_no_is_the_default(admin: Shell, api: Api, typed: str) -> None:
    """UX-10: the plan comes before the question; all but the exact name changes nothing (exit 8)."""
    _make(api, "asked")
    declined = admin.run_on_terminal("gateways", "remove", "asked", typed=typed, when="anything else is no")
    assert declined.code == 8
    plan, _, question = declined.out.partition("Remove gateway 'asked'?")
    assert "This goes: gateway 'asked'" in plan
    assert "nothing was changed" in question
    assert _exists(api, "asked")


def test_a_removal_goes_on_after_the_name(admin: Shell, api: Api) -> None:
    """The name and Enter."""
    _make(api, "agreed")
    agreed = admin.run_on_terminal("gateways", "remove", "agreed", typed="agreed\n", when="anything else is no")
    assert agreed.code == 0
    assert "gateway 'agreed' removed" in agreed.out
    assert not _exists(api, "agreed")


def test_no_input_asks_nothing_on_a_terminal_either(admin: Shell, api: Api) -> None:
    """Exit 2 as off a terminal, and --yes is named."""
    _make(api, "unasked")
    ended = admin.run_on_terminal("gateways", "remove", "unasked", "--no-input")
    assert ended.code == 2
    assert "--yes" in ended.out
    assert _exists(api, "unasked")


def test_nothing_is_asked_off_a_terminal(admin: Shell, api: Api) -> None:
    """A script is never left waiting: exit 2, and --yes is named."""
    _make(api, "scripted")
    ended = admin.run("gateways", "remove", "scripted", typed="y\n")
    assert (ended.code, ended.out) == (2, "")
    assert "--yes" in ended.err
    assert _exists(api, "scripted")


def test_an_interrupted_question_changes_nothing(admin: Shell, api: Api) -> None:
    """Ctrl-C is exit 130, without a trace."""
    _make(api, "interrupted")
    ended = admin.run_on_terminal("gateways", "remove", "interrupted", typed="\x03", when="anything else is no")
    assert ended.code == 130
    assert "Traceback" not in ended.out
    assert _exists(api, "interrupted")


def _make(api: Api, name: str) -> None:
    if not _exists(api, name):
        api.post("/gateways", {"name": name, "url": f"https://{name}.example.com"})


def _exists(api: Api, name: str) -> bool:
    return any(row["name"] == name for row in api.items("/gateways"))
