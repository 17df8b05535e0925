"""A configuration as it may be shown: origins, and never a secret."""

import json
from pathlib import Path

import pytest

from gateway.configuration.comparing import (
    as_a_server_shows,
    changed_objects,
    changed_settings,
    shown_of,
)
from gateway.configuration.document import parse
from gateway.configuration.loading import Configuration, load
from gateway.configuration.masking import looks_secret, mask_text
from gateway.configuration.view import settings_data, shown_declared, shown_settings

PLANTED = "Planted0Canary1AbCdEfGhIjKlMnOpQrStUvWxYz"
EVERYWHERE = f"""\
database: {{url: "postgresql://app:{PLANTED}@db/x?sslpassword={PLANTED}"}}
server: {{host: {PLANTED}, allowed_hosts: [a.example, {PLANTED}]}}
secrets: {{kek: "file:/run/{PLANTED}", pepper: "env:{PLANTED}"}}
models:
  qwen3:
    description: Bearer {PLANTED}
    endpoints:
      - base_url: https://user:{PLANTED}@x.example/v1
        api_key: {PLANTED[:12]}
      - base_url: https://x.example/v1?token={PLANTED}
        api_key: env:QWEN_KEY
  sk-proj-{PLANTED}: {{}}
"""


def _loaded(text: str, path: Path, **environment: str) -> Configuration:
    path.write_text(text)
    return load(path, environment=environment)


def test_no_secret_is_shown_wherever_it_was_typed(tmp_path: Path) -> None:
    """UX-11: the canary stands in every place that takes text; the rest of the values is there."""
    found = _loaded(EVERYWHERE, tmp_path / "m.yaml")
    said = json.dumps(settings_data(found, hot=lambda _: False))
    assert PLANTED[:12] not in said
    for kept in ("postgresql://app:***@db/x", "a.example", "https://user:***@x.example/v1", "env:QWEN_KEY"):
        assert kept in said
    assert PLANTED not in repr(shown_settings(found)) + repr(shown_declared(found.declared, found.document))


@pytest.mark.parametrize(
    "text",
    [
        "sk-0123456789abcdef", "hf_0123456789abcdef", "ghp_0123456789abcdef", "mp_live_abcd2345_Zm9vYmFyYmF6",
        "AbCd1234AbCd1234AbCd1234AbCd1234AbCd12345Ab=", "0123456789abcdef0123456789abcdef01234567",
        "postgresql://a:b@c/d", "https://averylongtoken0123@host/", "https://x/?api_key=b",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret(text: str) -> None:
    """By its beginning, its randomness, or its place in an address."""
    assert looks_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "Qwen/Qwen3-235B-A22B-Instruct-2507", "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "modelport-data",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8", "sqlite:////var/lib/modelport/modelport.db",
        "https://models.example.com/ai/", "fd00:1234:5678:9abc:def0:1234:5678:9abc", "/run/secrets/modelport/kek",
        "unix:///run/postgresql", "postgresql://app@db/modelport", "",
    ],
)  # fmt: skip
def test_what_does_not(text: str) -> None:
    """Names, paths and addresses are shown as they are."""
    assert mask_text(text) == text


def test_a_long_path_is_shown(tmp_path: Path) -> None:
    """Also where it has as many letters and digits as a key."""
    path = "/home/Alice1/modelport-configuration/Directories2/Everything"
    found = _loaded(f"data_dir: {path}\nsecrets: {{kek: 'file:{path}'}}\n", tmp_path / "m.yaml")
    values = {one.name: one.value for one in shown_settings(found)}
    assert (values["data_dir"], values["secrets.kek"]) == (path, f"file:{path}")


def test_each_value_has_its_origin_and_its_default(tmp_path: Path) -> None:
    """UX-11: the origin is a place that one can open."""
    path = tmp_path / "m.yaml"
    found = _loaded("server:\n  port: 1\n", path, MODELPORT_LOG__LEVEL="debug")
    rows = {row["name"]: row for row in settings_data(found, hot=lambda name: name == "log.level")["settings"]}
    assert rows["server.port"] == {
        "name": "server.port", "value": 1, "default": 3000, "hot": False,
        "origin": {"source": "file", "place": f"{path}:2"},
    }  # fmt: skip
    assert rows["log.level"]["origin"] == {"source": "variable", "place": "MODELPORT_LOG__LEVEL"}
    assert rows["log.level"]["hot"]
    assert rows["data_dir"]["origin"] == {"source": "default", "place": ""}


def test_the_values_of_objects_are_named_by_their_keys() -> None:
    """An empty list is a value, too."""
    document = parse("models:\n  q:\n    endpoints:\n      - weight: 2\n    tags: []\n", Path("m.yaml"))
    rows = [(one.name, one.value, str(one.origin)) for one in shown_declared(document.values, document)]
    assert rows == [("models.q.endpoints.0.weight", 2, "m.yaml:4"), ("models.q.tags", [], "m.yaml:5")]


def test_a_difference_says_when_it_takes_effect(tmp_path: Path) -> None:
    """At once, after a restart, or not at all because a variable goes before the file."""
    running = _loaded("server: {port: 1, host: 127.0.0.2}", tmp_path / "a.yaml", MODELPORT_LOG__FORMAT="json")
    wanted = _loaded("server: {port: 2}\nlog: {level: debug, format: console}", tmp_path / "b.yaml")
    found = changed_settings(shown_settings(running), shown_settings(wanted), hot=lambda name: name == "log.level")
    assert [tuple(change) for change in found] == [
        ("server.host", "127.0.0.2", "127.0.0.1", "after a restart", None),
        ("server.port", 1, 2, "after a restart", None),
        ("log.level", "info", "debug", "at once", None),
        ("log.format", "json", "console", "none", "MODELPORT_LOG__FORMAT goes before the file"),
    ]


def test_what_a_variable_sets_and_the_file_does_not_is_no_change(tmp_path: Path) -> None:
    """The file says nothing about it."""
    running = _loaded("", tmp_path / "a.yaml", MODELPORT_SERVER__PORT="1")
    wanted = _loaded("", tmp_path / "b.yaml")
    assert not list(changed_settings(shown_settings(running), shown_settings(wanted), hot=lambda _: True))


def test_objects_that_come_go_and_differ_are_told_by_value() -> None:
    """None stands for what is not there."""
    before = parse("models: {a: {task: chat}, b: {task: audio}}", Path("a.yaml"))
    after = parse("models: {a: {task: rerank}, c: {task: chat}}", Path("b.yaml"))
    found = changed_objects(shown_declared(before.values, before), shown_declared(after.values, after))
    assert [change[:3] for change in found] == [
        ("models.a.task", "chat", "rerank"), ("models.b.task", "audio", None), ("models.c.task", None, "chat"),
    ]  # fmt: skip


def test_a_password_that_a_server_hides_is_no_change_and_one_between_files_is(tmp_path: Path) -> None:
    """The server's answer is masked, so it is compared as masked; files are compared as they are, and shown masked."""
    one = _loaded("database: {url: 'postgresql://a:first@db/x'}", tmp_path / "a.yaml")
    two = _loaded("database: {url: 'postgresql://a:second@db/x'}", tmp_path / "b.yaml")
    (change,) = changed_settings(shown_settings(one), shown_settings(two), hot=lambda _: False)
    assert (change.before, change.after) == ("postgresql://a:***@db/x", "postgresql://a:***@db/x")
    answered = shown_of(settings_data(one, hot=lambda _: False)["settings"])
    assert not list(changed_settings(answered, as_a_server_shows(shown_settings(two)), hot=lambda _: False))
