"""What every change has: --yes, --no-input, --dry-run; what a dry run shows, and that nothing is changed by it."""

import json
from typing import Any

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell
from tests.cli.test_help import COMMANDS

_VERBS = frozenset({"add", "create", "edit", "remove", "rotate", "revoke", "upgrade", "downgrade", "rewrap", "install"})
_LIFE = frozenset({"delete", "restore", "purge", "deprecate", "retire", "reactivate", "protect", "cancel"})
_OTHERS = [("context", "use"), ("import",), ("discover",), ("init",)]
CHANGING = [*(path for path in COMMANDS if path[-1] in _VERBS | _LIFE), *_OTHERS]


@pytest.mark.parametrize("path", CHANGING, ids=" ".join)
def test_every_change_takes_the_three_flags(path: tuple[str, ...]) -> None:
    """For scripts (friendliness.md section 2)."""
    options = {option for one in COMMANDS[path].params for option in one.opts}
    assert {"--yes", "-y", "--no-input", "--dry-run"} <= options


def test_a_dry_run_shows_the_request_and_sends_none(admin: Shell, api: Api) -> None:
    """Method, address and body on stdout, as JSON too; a secret in it is masked."""
    words = ("models", "add", "rehearsed", "--endpoint", "http://localhost:9/v1", "--api-key-file", "-", "--dry-run")
    plain = admin.run(*words, typed="sk-canary-0123\n")
    assert plain.code == 0, plain.err
    assert plain.out.startswith(f"POST {admin.variables['MODELPORT_URL']}api/v1/models\n")
    shown = json.loads(admin.run(*words, "-o", "json", typed="sk-canary-0123\n").out)
    assert shown["dry_run"] is True
    assert shown["requests"][0]["body"]["endpoints"][0]["api_key"] == "***"
    assert "canary" not in plain.out + plain.err
    assert "nothing was sent" in plain.err
    assert list(api.items("/models", name="rehearsed")) == []


@pytest.mark.parametrize(
    ("words", "method"),
    [
        (("models", "edit", "dry", "--state", "disabled"), "PATCH"),
        (("models", "protect", "dry", "on"), "POST"),
        (("models", "deprecate", "dry"), "POST"),
        (("models", "reactivate", "dry"), "DELETE"),
        (("aliases", "remove", "dry-alias"), "DELETE"),
        (("aliases", "add", "dry-too", "dry"), "POST"),
        (("endpoints", "add", "dry", "http://localhost:1/v1", "http://localhost:2/v1"), "POST"),
        (("teams", "add", "dry-team"), "POST"),
        (("gateways", "add", "dry-gateway", "https://dry.example.com"), "POST"),
        (("keys", "create", "dry-key"), "POST"),
        (("keys", "rotate", "dried"), "POST"),
        (("keys", "revoke", "dried"), "POST"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_dry_run_changes_nothing(admin: Shell, api: Api, words: tuple[str, ...], method: str) -> None:
    """Nor does it ask; a removal shows its plan."""
    if not list(api.items("/models", name="dry")):
        api.post("/models", {"name": "dry"})
        api.post("/keys", {"name": "dried"})
        api.post("/aliases", {"name": "dry-alias", "model": "dry"})
    before = _everything(api)
    ended = admin.run(*words, "--dry-run", "-o", "json")
    assert ended.code == 0, ended.err
    requests: list[dict[str, Any]] = json.loads(ended.out)["requests"]
    assert {one["method"] for one in requests} == {method}
    assert len(requests) == (2 if words[0] == "endpoints" else 1)
    assert _everything(api) == before
    if words[1] in {"remove", "revoke"}:
        assert "This " in ended.err


def test_a_dry_run_of_what_is_not_there_is_not_found(admin: Shell) -> None:
    """It looks before it shows."""
    assert admin.run("aliases", "remove", "nowhere", "--dry-run").code == 3


def test_a_removal_prints_its_plan_before_it_is_refused(admin: Shell, api: Api) -> None:
    """Off a terminal: the plan, then exit 2 with --yes named."""
    api.post("/gateways", {"name": "planned", "url": "https://planned.example.com"})
    ended = admin.run("gateways", "remove", "planned")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.index("This goes: gateway 'planned'") < ended.err.index("--yes")


def _everything(api: Api) -> list[Any]:
    kinds = ("models", "aliases", "endpoints", "teams", "gateways", "keys")
    return [[(row.get("name", row.get("id")), row.get("status")) for row in api.items(f"/{one}")] for one in kinds]
