"""Defaults, file, variables and flags together: the order, the origins, and every finding at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.configuration.finding import ConfigurationError
from gateway.configuration.loading import discover, load
from gateway.configuration.sources import setting_fields

CANARY = "c4nary/Planted0Secret+AbCdEfGhIjKlMnOpQrStUv="
ALL_AT_ONCE = f"""\
server:
  prot: 1
  port: "3000"
  mount: /a b/
  port: 3
secrets:
  kek: {CANARY}
  pepper: [{CANARY}]
lgo: {{}}
log: {{level: {CANARY}, requests: yes}}
timeouts: {{connect_s: .inf, idle_s: 0, total_s: true}}
version: 2
mdoels: {{}}
egress: []
sk-proj-{"a1B2" * 8}: 1
database: {{url: [1], pgbouncer: }}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the place of a file that each test writes."""
    return tmp_path / "modelport.yaml"


def _refused(path: Path, text: str) -> list[str]:
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(path, environment={})
    assert CANARY not in str(caught.value)
    return [str(finding).replace(f"{path}:", "") for finding in caught.value.findings]


def test_flags_beat_variables_beat_the_file_beat_defaults(path: Path) -> None:
    """The order of sources, each overriding one value of the weaker one, and the origin of each."""
    path.write_text("server:\n  port: 1001\n  host: 127.0.0.2\n  mount: /from-file/\n")
    found = load(
        path,
        flags={"server": {"port": 1003}},
        environment={"MODELPORT_SERVER__PORT": "1002", "MODELPORT_SERVER__HOST": "127.0.0.3"},
    )
    server = found.settings.server
    assert (server.port, server.host, server.mount) == (1003, "127.0.0.3", "/from-file/")
    assert server.keepalive_timeout_s == 75
    names = ("server.port", "server.host", "server.mount", "server.keepalive_timeout_s")
    expected = ["--port", "MODELPORT_SERVER__HOST", f"{path}:4", "default"]
    assert [str(found.origins[name]) for name in names] == expected


def test_every_setting_has_an_origin() -> None:
    """Also those that nobody touched."""
    assert load(environment={}).origins.keys() == setting_fields().keys()


def test_everything_that_is_wrong_is_told_at_once(path: Path) -> None:
    """In the order of the file, each with line, key and what to do; no value is repeated (UX-6)."""
    section = (
        "must be a section with keys of its own; write them below it, like `port: 3000`, with a blank after the colon"
    )
    reference = (
        "is no reference to a secret, and a secret itself does not belong here; "
        "write where it is: env:NAME, file:PATH or keyring:SERVICE/USER"
    )
    assert _refused(path, ALL_AT_ONCE) == [
        "2: server.prot: unknown setting; did you mean server.port?",
        "3: server.port: must be a whole number; write it without quotes",
        "4: server.mount: is no path prefix: it holds a space; write it like /ai/",
        "5: server.port: is already set in line 3; leave one of the two",
        f"7: secrets.kek: {reference}",
        f"8: secrets.pepper: {reference}",
        "9: lgo: unknown setting; did you mean log?",
        "10: log.level: must be 'debug', 'info', 'warning' or 'error'",
        "10: log.requests: must be true or false",
        "11: timeouts.connect_s: must be a finite number",
        "11: timeouts.idle_s: must be more than 0, not 0",
        "11: timeouts.total_s: must be a number",
        "12: version: must be 1; this program reads version 1 of the file's format",
        "13: mdoels: unknown setting; did you mean models?",
        f"14: egress: {section}",
        "15: ***: unknown setting",
        "16: database.url: must be text",
        "16: database.pgbouncer: has no value; give it one, or remove the key",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timeouts: {total_s: 10m}", "timeouts.total_s: must be a number; seconds, without a unit"),
        ("usage: {call_days: 30d}", "usage.call_days: must be a whole number; days, without a unit"),
        ("server: {max_body_bytes: 32MB}", "server.max_body_bytes: must be a whole number; bytes, without a unit"),
        ("server: {cors_origins: a}", "server.cors_origins: must be a list; write [one, two], or each item after a -"),
        ("server: {port: eighty}", "server.port: must be a whole number"),
        ("server:\n  port:3000", "server: must be a section with keys of its own; write them below it"),
        ("demo: 'true'", "demo: must be true or false; write it without quotes"),
    ],
)
def test_a_value_of_the_wrong_type_says_how_it_is_written(path: Path, text: str, said: str) -> None:
    """What people write out of habit with other programs."""
    (told,) = _refused(path, text)
    assert told.partition(": ")[2].startswith(said)


def test_file_variables_and_flags_are_judged_together(path: Path) -> None:
    """Three sources, one list."""
    path.write_text("prot: 1")
    with pytest.raises(ConfigurationError) as caught:
        load(path, flags={"server": {"port": 70000}}, environment={"MODELPORT_SERVRE__PORT": "1"})
    assert caught.value.message.splitlines() == [
        f"{path}:1: prot: unknown setting; did you mean server.port?",
        "MODELPORT_SERVRE__PORT: the variable stands for no setting; did you mean MODELPORT_SERVER__PORT?",
        "--port: server.port: must be at most 65535, not 70000",
    ]


def test_a_start_without_a_file_loads_no_parser() -> None:
    """UX-20: it costs 20 ms."""
    code = "import sys; from gateway.configuration.loading import load; load(environment={}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "gateway.configuration.loading" in done.stdout
    assert "ruamel" not in done.stdout


def test_one_finding_is_a_sentence_and_a_hint(path: Path) -> None:
    """So that a start that fails prints the hint on a line of its own."""
    path.write_text("server: {alowed_hosts: []}")
    with pytest.raises(ConfigurationError) as caught:
        load(path, environment={})
    assert caught.value.message == f"{path}:1: server.alowed_hosts: unknown setting"
    assert caught.value.hint == "did you mean server.allowed_hosts?"


@pytest.mark.parametrize("text", ["", "# nothing\n", "server:\n  # port: 1\n", "x-anchors: {a: 1}\n", "{}"])
def test_a_file_may_say_nothing(path: Path, text: str) -> None:
    """A section whose lines are all commented out is an empty one; x-… is a place for anchors."""
    path.write_text(text)
    assert load(path, environment={}).settings == load(environment={}).settings


def test_declared_objects_are_handed_on_as_they_stand(path: Path) -> None:
    """Their meaning is the registry's; here they keep their lines."""
    path.write_text("models:\n  qwen3:\n    endpoints:\n      - base_url: http://x/v1\nteams:\n")
    found = load(path, environment={})
    assert found.declared == {"models": {"qwen3": {"endpoints": [{"base_url": "http://x/v1"}]}}, "teams": {}}
    assert found.document is not None
    assert found.document.place("models", "qwen3", "endpoints", 0, "base_url") == f"{path}:4"


def test_json_is_yaml(path: Path) -> None:
    """A generated configuration needs no other format."""
    path.write_text('{"server": {"port": 8080}}')
    assert load(path, environment={}).settings.server.port == 8080


def test_an_overridden_value_is_not_judged(path: Path) -> None:
    """A flag can get a server up whose file nobody may change right now; `config check` still tells."""
    path.write_text("server: {port: eighty}")
    assert load(path, flags={"server": {"port": 8080}}, environment={}).settings.server.port == 8080


def test_the_working_directory_is_looked_at_when_no_file_is_named(tmp_path: Path) -> None:
    """A named one wins, whether it is there or not; a directory of that name is none."""
    assert discover(None, folder=tmp_path) is None
    (tmp_path / "modelport.yaml").mkdir()
    assert discover(None, folder=tmp_path) is None
    (tmp_path / "modelport.yaml").rmdir()
    (tmp_path / "modelport.yaml").touch()
    assert discover(None, folder=tmp_path) == tmp_path / "modelport.yaml"
    assert discover(Path("other.yaml"), folder=tmp_path) == Path("other.yaml")


@pytest.mark.parametrize(
    ("reference", "right"),
    [
        ("env:KEK", True), ("file:kek", True), ("file:/run/secrets/kek", True), ("keyring:modelport/kek", True),
        ("env:", False), ("env:1K", False), ("env:A B", False), ("file:", False), ("keyring:modelport", False),
        ("vault:x", False), ("ENV:KEK", False), ("KEK", False), ("env:KEK\n", False),
    ],
)  # fmt: skip
def test_a_secret_is_referred_to(reference: str, *, right: bool) -> None:
    """SEC-3: the forms, and nothing that looks nearly so."""
    flags = {"secrets": {"kek": reference}}
    if right:
        assert load(flags=flags, environment={}).settings.secrets.kek == reference
    else:
        with pytest.raises(ConfigurationError, match="is no reference to a secret"):
            load(flags=flags, environment={})
