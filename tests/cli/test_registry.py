import json

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell


def test_a_model_from_its_making_to_its_end(admin: Shell) -> None:
    """The noun's whole grammar on a pipe: stdout is data, stderr is talk, exit 0."""
    made = admin.run("models", "add", "life-1", "--endpoint", "http://localhost:9/v1", "--no-check", "-o", "json")
    assert made.code == 0, made.err
    assert json.loads(made.out)["endpoints"][0]["base_url"] == "http://localhost:9/v1"
    assert made.err == 'Try: modelport call life-1 "Say hello"\n'

    edited = admin.run("models", "edit", "life-1", "--rename", "life-2", "--idle-timeout", "5", "-o", "json")
    assert json.loads(edited.out)["idle_timeout_s"] == 5
    assert "life-2" in admin.run("models", "list").out

    taken_back = admin.run("models", "edit", "life-2", "--idle-timeout", "0", "--state", "disabled", "-o", "json")
    assert json.loads(taken_back.out)["idle_timeout_s"] is None
    assert json.loads(taken_back.out)["state"] == "disabled"

    for flag, kept in (("0", 0), ("250", 250), ("-1", None)):
        drained = admin.run("models", "edit", "life-2", "--drain-for-usage-ms", flag, "-o", "json")
        assert json.loads(drained.out)["drain_for_usage_ms"] == kept, drained.err

    assert admin.run("models", "delete", "life-2", "--yes").code == 0
    assert admin.run("models", "show", "life-2").code == 3


def test_a_keyring_entry_is_a_reference(admin: Shell) -> None:
    """It is the server that is asked for it: a dry run shows the reference, and a key in its place is refused."""
    reference = "keyring:modelport/vllm"
    shown = admin.run(
        "models", "add", "ringed", "--endpoint", "http://localhost:9/v1", "--api-key", reference, "--dry-run"
    )
    assert shown.code == 0, shown.err
    assert reference in shown.out
    refused = admin.run("models", "add", "ringed", "--endpoint", "http://localhost:9/v1", "--api-key", "sk-canary-ring")
    assert (refused.code, "keyring:SERVICE/USER" in refused.err) == (2, True)
    assert "sk-canary-ring" not in refused.out + refused.err


def test_a_suggestion_stays_in_the_team(admin: Shell, api: Api) -> None:
    """The command to paste next names the team, too: without it a call goes to the default team."""
    api.post("/teams", {"name": "pasting"})
    made = admin.run(
        "models", "add", "theirs", "--endpoint", "http://localhost:9/v1", "--team", "pasting", "--no-check"
    )
    assert made.err == 'Try: modelport call theirs "Say hello" --team pasting\n'
    assert admin.run("resolve", "theirs", "--team", "pasting").code == 0


def test_endpoints_are_added_edited_and_removed_by_id(admin: Shell, api: Api) -> None:
    """Several at once; a reference to a key is kept, and gone when the host changes (EGR-7)."""
    api.post("/models", {"name": "many"})
    added = admin.run(
        "endpoints",
        "add",
        "many",
        "http://localhost:1/v1",
        "http://localhost:2/v1",
        "--no-check",
        "--api-key",
        "env:HOME",
        "-o",
        "json",
    )
    assert added.code == 0, added.err
    first, second = (row["id"] for row in json.loads(added.out))
    assert json.loads(added.out)[0]["api_key"]["set"] is True

    moved = admin.run("endpoints", "edit", first, "--url", "http://127.0.0.1:3/v1", "--no-check")
    assert moved.code == 0, moved.err
    assert "--api-key env:NAME" in moved.err
    assert admin.run("endpoints", "remove", second, "--yes").code == 0
    listed = json.loads(admin.run("endpoints", "list", "many", "-o", "json").out)
    assert [row["base_url"] for row in listed] == ["http://127.0.0.1:3/v1"]


def test_a_key_typed_where_a_reference_belongs_is_refused(admin: Shell) -> None:
    """Exit 2 before anything is sent, and the key is not repeated."""
    ended = admin.run("models", "add", "leak", "--endpoint", "http://localhost:9/v1", "--api-key", "sk-secret")
    assert (ended.code, ended.out) == (2, "")
    assert "sk-secret" not in ended.err
    assert "env:NAME" in ended.err


def test_an_upstream_key_is_stored_from_stdin(admin: Shell) -> None:
    """It is never shown again, only how it ends (SEC-4)."""
    arguments = ("models", "add", "stored", "--endpoint", "http://localhost:9/v1", "--no-check", "--api-key-file", "-")
    assert admin.run(*arguments, typed="sk-canary-0123456789\n").code == 0
    listed = admin.run("endpoints", "list", "stored")
    assert "sk-canary" not in listed.out
    assert "6789" in listed.out


def test_an_alias_moves_to_another_model(admin: Shell, api: Api) -> None:
    """That is what aliases are for."""
    api.post("/models", {"name": "old-model"})
    api.post("/models", {"name": "new-model"})
    api.post("/aliases", {"name": "current", "model": "old-model"})
    assert json.loads(admin.run("aliases", "edit", "current", "--model", "new-model", "-o", "json").out)["model"] == (
        "new-model"
    )


def test_a_name_in_two_teams_is_ambiguous(admin: Shell, api: Api) -> None:
    """Exit 2 with the candidates, never a guess; --team says which."""
    for team in ("left", "right"):
        api.post("/teams", {"name": team})
        api.post("/models", {"name": "twin", "team": team})
    ambiguous = admin.run("models", "show", "twin")
    assert ambiguous.code == 2
    assert "(team left)" in ambiguous.err
    assert "(team right)" in ambiguous.err
    assert "--team" in ambiguous.err
    assert json.loads(admin.run("--team", "right", "models", "show", "twin", "-o", "json").out)["team"] == "right"


def test_a_gateway_publishes_its_models(admin: Shell, api: Api) -> None:
    """A gateway's new URL is what its models have from the next read on."""
    assert admin.run("gateways", "add", "west", "https://west.example.com").code == 0
    api.post("/models", {"name": "through", "via": "west"})
    assert admin.run("models", "show", "through", "-o", "url").out == "https://west.example.com\n"
    admin.run("gateways", "edit", "west", "--url", "https://w.example.com/x/")
    assert admin.run("models", "show", "through", "-o", "url").out == "https://w.example.com/x/\n"
    assert admin.run("gateways", "remove", "west", "--yes").code == 5
    assert admin.run("models", "edit", "through", "--via", "server").code == 0
    assert admin.run("gateways", "remove", "west", "--yes").code == 0


@pytest.mark.parametrize("form", ["table", "json", "yaml", "url"])
def test_a_list_has_every_form(admin: Shell, form: str) -> None:
    """`-o` stands before the command or after it; a pipe gets no colours."""
    ended = admin.run("-o", form, "models", "list")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert ended.out == admin.run("models", "list", "-o", form).out
    assert "/access/models/default/" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("models", "show", "ecco"), "did you mean 'echo'?"),
        (("teams", "show", "defualt"), "did you mean 'default'?"),
        (("call", "ecco", "hi"), "did you mean 'echo'?"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_nearest(admin: Shell, words: tuple[str, ...], said: str) -> None:
    """UX-6: exit 3, the nearest name, and how to see all."""
    ended = admin.run(*words)
    assert (ended.code, ended.out) == (3, "")
    assert said in ended.err
    assert " list" in ended.err


def test_an_alias_where_a_model_is_needed_names_the_model(admin: Shell, api: Api) -> None:
    """Exit 3: what is behind it, and the command for the alias itself."""
    api.post("/models", {"name": "behind"})
    api.post("/aliases", {"name": "in-front", "model": "behind"})
    ended = admin.run("models", "show", "in-front")
    assert (ended.code, ended.out) == (3, "")
    assert "alias of the model 'behind'" in ended.err
    assert "modelport aliases show in-front" in ended.err


def test_a_refused_value_is_named(admin: Shell) -> None:
    """The server's sentence and hint arrive; there is no trace."""
    ended = admin.run("models", "add", "odd", "--endpoint", "htp://x")
    assert ended.code == 2
    assert "htp://x" in ended.err
    assert "Hint: " in ended.err
    assert "Traceback" not in ended.err


def test_an_edit_of_nothing_is_wrong_usage(admin: Shell) -> None:
    """Nothing is sent."""
    ended = admin.run("models", "edit", "echo")
    assert (ended.code, ended.out) == (2, "")
    assert "nothing to change" in ended.err


def test_what_was_made_before_a_failure_is_shown(admin: Shell, api: Api) -> None:
    """Exit 9: one of two endpoints stands, and its id is on stdout."""
    api.post("/models", {"name": "halfway"})
    ended = admin.run("endpoints", "add", "halfway", "http://localhost:1/v1", "htp://x", "--no-check")
    assert ended.code == 9
    assert "http://localhost:1/v1" in ended.out
    assert "htp://x" in ended.err
