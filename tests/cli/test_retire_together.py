"""`modelport models delete A B --together`: all or none (`:batchDelete`), against a real server."""

import json

from gateway.cli.client import Api
from tests.cli.program import Shell

_BRAKE = 21  # models beyond which their number is asked for


def _make(api: Api, *names: str, alias: str | None = None) -> None:
    for name in names:
        api.post("/models", {"name": name})
    if alias is not None:
        api.post("/aliases", {"name": alias, "model": names[0]})


def _left(api: Api, start: str) -> list[str]:
    return [row["name"] for row in api.items("/models") if row["name"].startswith(start)]


def test_all_go_at_once(admin: Shell, api: Api) -> None:
    """One transaction; stdout has a row for each, and the way back is offered."""
    _make(api, "both-1", "both-2", alias="both-alias")
    words = ("models", "delete", "both-1", "both-2", "--together", "--references", "cascade")
    shown = admin.run(*words, "--dry-run", "-o", "json")
    assert shown.code == 0, shown.err
    assert "alias both-alias deleted" in shown.err
    assert _left(api, "both-") == ["both-1", "both-2"]
    gone = admin.run(*words, "--yes", "--reason", "a cleaning", "-o", "json")
    assert gone.code == 0, gone.err
    assert [(row["name"], row["state"]) for row in json.loads(gone.out)] == [
        ("both-1", "deleted"),
        ("both-2", "deleted"),
    ]
    assert "Try: modelport models restore mdl_" in gone.err
    assert _left(api, "both-") == []


def test_one_that_may_not_go_keeps_all(admin: Shell, api: Api) -> None:
    """Exit as for the first of them, with the reasons of each; nothing was changed."""
    _make(api, "none-1", "none-2", alias="none-alias")
    kept = admin.run("models", "delete", "none-1", "none-2", "--together", "--yes", "-o", "json")
    assert kept.code == 5, kept.err
    assert "none-1: model 'none-1' is still in use by alias 'none-alias'" in kept.err
    assert json.loads(kept.out)["problem"]["items"][0]["references"][0]["name"] == "none-alias"
    assert admin.run("models", "delete", "none-1", "nowhere", "--together", "--yes").code == 3
    assert _left(api, "none-") == ["none-1", "none-2"]


def test_their_number_is_what_is_confirmed(admin: Shell, api: Api) -> None:
    """Off a terminal not without --yes; beyond the brake the number must be said, and be right."""
    names = [f"many-{number:02}" for number in range(_BRAKE)]
    _make(api, *names)
    words = ("models", "delete", *names, "--together")
    assert admin.run(*words).code == 2
    asked = admin.run(*words, "--yes")
    assert asked.code == 2
    assert f"--confirm-count {_BRAKE}" in asked.err
    assert admin.run(*words, "--confirm-count", "3").code == 2
    assert len(_left(api, "many-")) == _BRAKE
    assert admin.run(*words, "--confirm-count", str(_BRAKE)).code == 0
    assert _left(api, "many-") == []


def test_flags_that_are_about_one_model_alone(admin: Shell) -> None:
    """--purge and --allow-missing have no meaning for all or none."""
    for flag in ("--purge", "--allow-missing"):
        ended = admin.run("models", "delete", "a", "b", "--together", flag, "--yes")
        assert ended.code == 2
        assert "--together" in ended.err
