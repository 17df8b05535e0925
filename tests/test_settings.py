"""Where settings come from, and which are refused."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.settings import is_loopback, load


def test_flags_beat_variables_beat_the_file_beat_defaults(tmp_path: Path) -> None:
    """The order of sources, each overriding one value of the weaker one."""
    path = tmp_path / "modelport.yaml"
    path.write_text("server:\n  port: 1001\n  host: 127.0.0.2\n  mount: /from-file/\n")
    settings = load(
        path,
        flags={"server": {"port": 1003}},
        environment={"MODELPORT_SERVER__PORT": "1002", "MODELPORT_SERVER__HOST": "127.0.0.3"},
    )
    assert (settings.server.port, settings.server.host, settings.server.mount) == (1003, "127.0.0.3", "/from-file/")
    assert settings.server.keepalive_timeout_s == 75


def test_the_clients_variables_are_not_settings() -> None:
    """MODELPORT_URL and MODELPORT_KEY belong to the client; a server with them in its environment starts."""
    assert load(environment={"MODELPORT_URL": "http://x", "MODELPORT_KEY": "mp_…"}).server.port == 3000


@pytest.mark.parametrize(
    ("text", "expected"),
    [("server: {prot: 3000}", "server.prot"), ("server: {port: 70000}", "server.port"), ("prot: 1", "prot")],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, expected: str) -> None:
    """File and path of the setting stand in the message."""
    path = tmp_path / "modelport.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf"modelport\.yaml: {expected}"):
        load(path, environment={})


def test_a_wrong_value_is_never_echoed(tmp_path: Path) -> None:
    """It may be a secret in the wrong place."""
    path = tmp_path / "modelport.yaml"
    path.write_text("secrets: {kek: [planted-canary]}")
    with pytest.raises(ConfigError) as caught:
        load(path, environment={})
    assert "planted-canary" not in str(caught.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """A missing file is not an empty one."""
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "absent.yaml", environment={})


def test_a_repeated_key_is_refused(tmp_path: Path) -> None:
    """The last one must not win silently."""
    path = tmp_path / "modelport.yaml"
    path.write_text("server: {port: 1}\nserver: {port: 2}\n")
    with pytest.raises(ConfigError, match="server"):
        load(path, environment={})


@pytest.mark.parametrize(
    ("mount", "expected"), [("/", "/"), ("ai", "/ai/"), ("/ai", "/ai/"), ("/ai/", "/ai/"), ("/a/b", "/a/b/")]
)
def test_a_mount_has_one_slash_at_both_ends(mount: str, expected: str) -> None:
    """However it was written."""
    assert load(flags={"server": {"mount": mount}}, environment={}).server.mount == expected


@pytest.mark.parametrize("mount", ["/../x", "/a?b", "/a b", "//host"])
def test_a_mount_that_is_no_path_is_refused(mount: str) -> None:
    """The resolver's rules hold for it."""
    with pytest.raises(ConfigError, match=r"server\.mount"):
        load(flags={"server": {"mount": mount}}, environment={})


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.8.8.8", True), ("0.0.0.0", False), ("gw", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, *, expected: bool) -> None:
    """Anything else needs keys."""
    assert is_loopback(host) is expected
