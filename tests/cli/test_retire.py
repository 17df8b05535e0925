"""`modelport models delete`, restore, purge and what comes before them, on a real server (lifecycle.md section 11)."""

import json

import pytest

from gateway.cli.client import Api
from gateway.cli.output import JsonObject
from tests.cli.program import Shell

PLACE = "http://localhost:9/v1"


def _make(api: Api, *names: str, alias: str | None = None) -> None:
    for name in names:
        api.post("/models", {"name": name, "endpoints": [{"base_url": PLACE}]})
    if alias is not None:
        api.post("/aliases", {"name": alias, "model": names[0]})


def _state(api: Api, uid: str) -> str:
    return str(api.get(f"/models/{uid}").body["state"])


def _uid(api: Api, name: str) -> str:
    (row,) = api.items("/models", name=name)
    return str(row["uid"])


def test_a_model_goes_and_comes_back(admin: Shell, api: Api) -> None:
    """Delete, list, restore: switched off until somebody says otherwise; stdout is the tombstone."""
    _make(api, "round-trip")
    uid = _uid(api, "round-trip")
    gone = admin.run("models", "delete", "round-trip", "--yes", "--reason", "no longer trained", "-o", "json")
    assert gone.code == 0, gone.err
    tombstone = json.loads(gone.out)
    assert (tombstone["uid"], tombstone["state"], tombstone["reason"]) == (uid, "deleted", "no longer trained")
    assert f"Try: modelport models restore {uid}" in gone.err
    assert "round-trip" not in admin.run("models", "list").out
    assert "deleted (since 20" in admin.run("models", "list", "--show-deleted").out
    assert "round-trip" in admin.run("models", "list", "--state", "deleted").out
    back = admin.run("models", "restore", "round-trip")
    assert back.code == 0, back.err
    assert "is back, disabled" in back.err
    assert _state(api, uid) == "disabled"


def test_a_uid_is_as_good_as_a_name(admin: Shell, api: Api) -> None:
    """Names with slashes and colons too, and back to the state that it had."""
    _make(api, "org/name:tag")
    uid = _uid(api, "org/name:tag")
    assert admin.run("models", "delete", uid, "--yes").code == 0
    assert admin.run("models", "restore", uid, "--activate").code == 0
    assert _state(api, uid) == "active"
    assert admin.run("models", "delete", "org/name:tag", "--yes").code == 0
    assert _state(api, uid) == "deleted"


def test_the_old_command_is_the_new_one(admin: Shell, api: Api) -> None:
    """`models remove` stays for scripts, hidden."""
    _make(api, "as-before")
    ended = admin.run("models", "remove", "as-before", "--yes")
    assert ended.code == 0, ended.err
    assert "it can be restored until" in ended.err
    assert " remove " not in admin.run("models", "--help").out


def test_what_points_at_it_keeps_it(admin: Shell, api: Api) -> None:
    """Exit 5 with the list on stderr and in JSON (LIF-3); a dry run says the same and the real call is offered."""
    _make(api, "kept", alias="keeper")
    for more in ((), ("--dry-run",)):
        kept = admin.run("models", "delete", "kept", "--yes", "-o", "json", *more)
        assert kept.code == 5
        assert "alias 'keeper'" in kept.err
        assert "--references cascade" in kept.err
        answer = json.loads(kept.out)
        assert (answer["exit_code"], answer["problem"]["references"][0]["name"]) == (5, "keeper")
    assert _state(api, _uid(api, "kept")) == "active"


def test_many_references_stand_line_by_line(admin: Shell, api: Api) -> None:
    """The sentence names three of them."""
    _make(api, "popular")
    for number in range(5):
        api.post("/aliases", {"name": f"popular-{number}", "model": "popular"})
    ended = admin.run("models", "delete", "popular", "--yes")
    assert ended.code == 5
    assert "  alias popular-4: " in ended.err


def test_references_go_along_or_move(admin: Shell, api: Api) -> None:
    """Cascade and repoint are explicit; every effect is shown."""
    _make(api, "taken-along", alias="goes-along")
    ended = admin.run("models", "delete", "taken-along", "--references", "cascade", "--yes")
    assert ended.code == 0, ended.err
    assert "alias goes-along deleted" in ended.out
    assert not [row for row in api.items("/aliases") if row["name"] == "goes-along"]
    _make(api, "moved-from", "moved-to", alias="moves")
    ended = admin.run("models", "delete", "moved-from", "--repoint", "moved-to", "--yes")
    assert ended.code == 0, ended.err
    assert "alias moves moved" in ended.out
    assert [row["model"] for row in api.items("/aliases") if row["name"] == "moves"] == ["moved-to"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--repoint", "a", "--references", "cascade"), "one choice"),
        (("--repoint", "a", "--successor", "b"), "name two models"),
        (("--grace", "soon"), "is no time"),
        (("--timeout", "5x"), "is no time"),
        (("-o", "url"), "no address"),
        (("--purge", "--no-wait"), "--purge waits"),
        (("other", "--if-match", "1"), "one model"),
        (("--references", "all"), "'all' is not one of"),
    ],
)
def test_words_that_do_not_fit_change_nothing(admin: Shell, api: Api, words: tuple[str, ...], said: str) -> None:
    """Exit 2 before anything is asked."""
    if not list(api.items("/models", name="fitting")):
        _make(api, "fitting")
    ended = admin.run("models", "delete", "fitting", "--yes", *words)
    assert ended.code == 2
    assert said in ended.err
    assert _state(api, _uid(api, "fitting")) == "active"


def test_a_dry_run_says_what_would_go_and_changes_nothing(admin: Shell, api: Api) -> None:
    """The plan in the server's words on stderr, the tombstone that would be on stdout."""
    _make(api, "rehearsed-end", alias="rehearsed-alias")
    ended = admin.run("models", "delete", "rehearsed-end", "--references", "cascade", "--dry-run", "-o", "json")
    assert ended.code == 0, ended.err
    shown = json.loads(ended.out)
    assert (shown["dry_run"], shown["state"], shown["confirmation"]["needed"]) == (True, "deleted", True)
    for line in shown["confirmation"]["lines"]:
        assert f"  {line}\n" in ended.err
    assert _state(api, _uid(api, "rehearsed-end")) == "active"


def test_several_have_each_their_own_result(admin: Shell, api: Api) -> None:
    """Exit 9 when some are done; a table, JSON and NDJSON say which and why not."""
    for form in ("json", "ndjson", "table"):
        _make(api, f"goes-{form}", f"too-{form}")
        _make(api, f"stays-{form}", alias=f"stays-alias-{form}")
        names = (f"goes-{form}", f"stays-{form}", f"too-{form}", f"nobody-{form}")
        ended = admin.run("models", "delete", *names, "--yes", "-o", form)
        assert ended.code == 9, ended.err
        assert "2 of 4 models stay as they are" in ended.err
        if form == "table":
            lines = {line.split()[0]: line for line in ended.out.splitlines()}
            assert "deleted" in lines["goes-table"]
            assert "failed" in lines["stays-table"]
            continue
        rows: list[JsonObject] = (
            [json.loads(line) for line in ended.out.splitlines()] if form == "ndjson" else (json.loads(ended.out))
        )
        assert [(row["name"], row["exit_code"]) for row in rows] == list(zip(names, (0, 5, 0, 3), strict=True))
        assert rows[0]["tombstone"]["state"] == "deleted"
        assert rows[1]["problem"]["code"] == "model_referenced"


def test_none_of_several_ends_as_the_first(admin: Shell) -> None:
    """9 is a partial success; this is none."""
    assert admin.run("models", "delete", "nobody-1", "nobody-2", "--yes").code == 3
    assert admin.run("models", "delete", "nobody-1", "nobody-2", "--yes", "--allow-missing").code == 0


def test_what_is_not_there_counts_as_done_when_that_is_said(admin: Shell, api: Api) -> None:
    """--allow-missing: never there, and gone already; without it exit 3 and the way on."""
    ended = admin.run("models", "delete", "never-there", "--yes", "--allow-missing", "-o", "json")
    assert (ended.code, json.loads(ended.out)["outcome"]) == (0, "not there")
    _make(api, "gone-already")
    uid = _uid(api, "gone-already")
    assert admin.run("models", "delete", uid, "--yes").code == 0
    again = admin.run("models", "delete", uid, "--yes")
    assert again.code == 3
    assert "modelport models restore gone-already" in again.err
    assert admin.run("models", "delete", uid, "--yes", "--allow-missing").code == 0


def test_a_name_is_never_a_part_of_a_name(admin: Shell, api: Api) -> None:
    """Nor a guess: the nearest is offered, and nothing goes."""
    _make(api, "substring-model")
    ended = admin.run("models", "delete", "substring", "--yes")
    assert ended.code == 3
    assert _state(api, _uid(api, "substring-model")) == "active"


def test_an_ambiguous_name_lists_who_has_it(admin: Shell, api: Api) -> None:
    """Of living models in two teams, and of models that were deleted one after the other: exit 2."""
    for team in ("twin-a", "twin-b"):
        api.post("/teams", {"name": team})
        api.post("/models", {"name": "twin", "team": team})
    ended = admin.run("models", "delete", "twin", "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert "team twin-a" in ended.err
    assert "--team" in ended.err
    for _ in range(2):
        _make(api, "phoenix")
        assert admin.run("models", "delete", "phoenix", "--yes").code == 0
    ended = admin.run("models", "restore", "phoenix")
    assert ended.code == 2
    assert ended.err.count("deleted 20") == 2
    assert admin.run("models", "restore", "nobody-at-all").code == 3


def test_a_taken_name_is_restored_under_another(admin: Shell, api: Api) -> None:
    """The server says what to do, --rename does it."""
    _make(api, "reborn")
    uid = _uid(api, "reborn")
    assert admin.run("models", "delete", "reborn", "--yes").code == 0
    _make(api, "reborn")
    assert admin.run("models", "restore", uid).code == 2
    back = admin.run("models", "restore", uid, "--rename", "reborn-old", "-o", "json")
    assert (back.code, json.loads(back.out)["name"]) == (0, "reborn-old")


def test_several_are_restored_each_for_itself(admin: Shell, api: Api) -> None:
    """Exit 9 when some came back."""
    _make(api, "back-1", "back-2")
    assert admin.run("models", "delete", "back-1", "back-2", "--yes").code == 0
    ended = admin.run("models", "restore", "back-1", "no-such-model", "back-2", "-o", "json")
    assert ended.code == 9
    assert [row.get("state") or row["exit_code"] for row in json.loads(ended.out)] == ["disabled", 3, "disabled"]


def test_a_protected_model_stays(admin: Shell, api: Api) -> None:
    """Exit 7 names the command that takes the protection off, which takes effect."""
    _make(api, "precious")
    on = admin.run("models", "protect", "precious", "on", "--reason", "the demo needs it")
    assert on.code == 0, on.err
    assert "yes" in admin.run("models", "show", "precious").out
    kept = admin.run("models", "delete", "precious", "--yes")
    assert kept.code == 7
    assert "modelport models protect precious off" in kept.err
    assert admin.run("models", "protect", "precious", "off").code == 0
    assert admin.run("models", "delete", "precious", "--yes").code == 0


def test_a_deprecation_is_announced_and_taken_back(admin: Shell, api: Api) -> None:
    """The list says until when and what then; `retire` is another word for it."""
    _make(api, "fading", "rising")
    words = ("--sunset", "2099-12-31", "--successor", "rising", "--reason", "newer one")
    ended = admin.run("models", "deprecate", "fading", *words, "-o", "json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["state"] == "deprecated"
    line = next(line for line in admin.run("models", "list").out.splitlines() if line.startswith("fading"))
    assert "deprecated (until 2099-12-31, then rising)" in line or "deprecated (until 2100-01-01, then rising)" in line
    assert admin.run("models", "reactivate", "fading").code == 0
    assert _state(api, _uid(api, "fading")) == "active"
    assert admin.run("models", "retire", "fading", "--sunset", "2099-12-31").code == 0
    assert admin.run("models", "deprecate", "fading", "--sunset", "2001-01-01").code == 2


def test_references_are_listed_with_their_numbers(admin: Shell, api: Api) -> None:
    """Rows on stdout, how many of each kind on stderr; one kind alone; JSON has both."""
    _make(api, "pointed-at-here", alias="pointer-here")
    ended = admin.run("models", "references", "pointed-at-here")
    assert ended.code == 0
    assert "pointer-here" in ended.out
    assert "1 alias" in ended.err
    shown = json.loads(admin.run("models", "references", "pointed-at-here", "--kind", "alias", "-o", "json").out)
    assert [row["name"] for row in shown["items"]] == ["pointer-here"]
    assert shown["counts"]["alias"] == 1


def test_a_revision_that_is_over_is_not_deleted(admin: Shell, api: Api) -> None:
    """--if-match: exit 6, and what to do."""
    _make(api, "guarded")
    ended = admin.run("models", "delete", "guarded", "--yes", "--if-match", "99")
    assert ended.code == 6
    assert "modelport models show guarded" in ended.err
    assert _state(api, _uid(api, "guarded")) == "active"


def test_a_retired_name_says_so_with_its_successor(admin: Shell, api: Api) -> None:
    """resolve, explain and call: exit 3, and what to use instead."""
    _make(api, "bygone", "present")
    assert admin.run("models", "delete", "bygone", "--successor", "present", "--yes").code == 0
    for words in (("resolve", "bygone"), ("explain", "bygone"), ("call", "bygone", "hello"), ("use", "bygone")):
        ended = admin.run(*words)
        assert (ended.code, ended.out) == (3, ""), ended
        assert "Hint: modelport resolve present" in ended.err
        assert "was retired" in ended.err


def test_a_model_is_purged_for_good(admin: Shell, api: Api) -> None:
    """A deleted one by name or uid, a living one with --purge in one go; the uid is known as gone afterwards."""
    _make(api, "purged-later", "purged-now")
    uid = _uid(api, "purged-now")
    assert admin.run("models", "purge", "purged-later", "--yes").code == 3
    assert admin.run("models", "delete", "purged-later", "--yes").code == 0
    assert admin.run("models", "purge", "purged-later").code == 2
    ended = admin.run("models", "purge", "purged-later", "--yes")
    assert ended.code == 0, ended.err
    assert admin.run("models", "restore", "purged-later").code == 3
    ended = admin.run("models", "delete", "purged-now", "--purge", "--yes", "-o", "json")
    assert ended.code == 0, ended.err
    assert admin.run("models", "show", uid).code == 3
