"""`modelport check`, and the same stages before something is registered."""

import json

from gateway.cli.client import Api
from tests.cli.program import Shell

DEAD = "http://localhost:9/v1"


def upstream_of(api: Api) -> str:
    """Return the address of the demo's own model server."""
    return str(next(api.items("/models", name="echo"))["endpoints"][0]["base_url"])


def test_an_address_is_judged_without_a_server(shell: Shell) -> None:
    """Stage a, by the policy of the settings here; exit 0 with a warning, 12 with a failure."""
    cut = shell.run("check", "http://localhost:8000/v1/chat/completions")
    assert cut.code == 0, cut.err
    assert cut.out.splitlines()[0] == "warn     address    /chat/completions was cut off: a base_url ends before it"
    assert cut.err.endswith("Try: modelport check http://localhost:8000/v1/chat/completions --live\n")
    denied = shell.run("check", "http://192.168.7.7:8000/v1")
    assert denied.code == 12
    assert 'egress.allow_networks: ["192.168.7.7/32:8000"]' in denied.out
    allowed = shell.having(MODELPORT_EGRESS__ALLOW_NETWORKS='["192.168.7.7/32:8000"]')
    assert allowed.run("check", "http://192.168.7.7:8000/v1").code == 0


def test_an_address_that_is_none(shell: Shell) -> None:
    """As JSON: the same document as the API's."""
    ended = shell.run("check", "http://user:secret@x/v1", "-o", "json")
    assert ended.code == 12
    (stage,) = json.loads(ended.out)["endpoints"][0]["stages"]
    assert (stage["stage"], stage["verdict"], stage["code"]) == ("address", "fail", "invalid_url")
    assert "secret" not in ended.out + ended.err


def test_a_published_model_is_checked_down_to_a_call(admin: Shell) -> None:
    """One line for each stage; --stream adds one."""
    ended = admin.run("check", "echo", "--stream")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["pass", "address"],
        ["pass", "existence"],
        ["pass", "trial"],
        ["pass", "stream"],
    ]
    assert lines[2].startswith("pass     trial      it answered a chat call")
    assert admin.run("check", "nothing").code == 3


def test_a_dead_address_fails_within_seconds(admin: Shell) -> None:
    """Exit 12; what to do stands below the message."""
    ended = admin.run("check", DEAD, "--live")
    assert ended.code == 12
    _, failed, hint, skipped = ended.out.splitlines()
    assert failed.startswith("fail     existence  nothing listens on localhost:9")
    assert hint.strip().startswith("start it, or check the port: 11434 Ollama")
    assert skipped == "skipped  trial      not tried, because an earlier stage failed"


def test_a_model_that_would_not_work_is_not_published(admin: Shell, api: Api) -> None:
    """The stages are talk; stdout stays empty; --force publishes it, switched off."""
    refused = admin.run("models", "add", "dead", "--endpoint", DEAD)
    assert (refused.code, refused.out) == (12, "")
    assert "fail     existence  nothing listens on localhost:9" in refused.err
    assert "--force" in refused.err.splitlines()[-1]
    assert not list(api.items("/models", name="dead"))
    forced = admin.run("models", "add", "dead", "--endpoint", DEAD, "--force", "-o", "json")
    assert forced.code == 0, forced.err
    endpoint = json.loads(forced.out)["endpoints"][0]
    assert endpoint["enabled"] is False
    assert forced.err.splitlines()[-1] == f"Try: modelport endpoints edit {endpoint['id']} --enabled"
    assert admin.run("endpoints", "add", "dead", DEAD).code == 12


def test_what_works_is_published_after_one_call(admin: Shell, api: Api) -> None:
    """Its stages on stderr, the model on stdout."""
    upstream = upstream_of(api)
    made = admin.run("models", "add", "again", "--endpoint", upstream, "--upstream-model", "echo", "-o", "json")
    assert made.code == 0, made.err
    assert json.loads(made.out)["endpoints"][0]["health"] == "healthy"
    assert "trial      it answered a chat call" in made.err
    added = admin.run("endpoints", "add", "again", upstream, "--upstream-model", "echo")
    assert added.code == 0, added.err
    assert "warn     address    model 'again' has this address and model already" in added.err
