"""Variables and files as sources of settings."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.settings import load


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('["one", "two"]', ("one", "two")),
        ("one,two", ("one", "two")),
        (" one , two ,", ("one", "two")),
        ("one", ("one",)),
        ("", ()),
        ("[]", ()),
    ],
)
def test_a_list_in_a_variable_is_json_or_words_with_commas(text: str, expected: tuple[str, ...]) -> None:
    """Shells make JSON hard to write."""
    assert load(environment={"MODELPORT_SERVER__ALLOWED_HOSTS": text}).server.allowed_hosts == expected


@pytest.mark.parametrize("value", ['["one",', '{"one": 1'])
def test_broken_json_names_the_setting_and_not_the_value(value: str) -> None:
    """It may be a secret in the wrong place."""
    with pytest.raises(ConfigError, match="allowed_hosts") as caught:
        load(environment={"MODELPORT_SERVER__ALLOWED_HOSTS": value})
    assert "one" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MODELPORT_SERVRE__PORT", "MODELPORT_SERVER__PORT"),
        ("modelport_server__prt", "MODELPORT_SERVER__PORT"),
        ("MODELPORT_DATADIR", "MODELPORT_DATA_DIR"),
        ("MODELPORT_BANANA", "config/modelport.example.yaml"),
        ("MODELPORT_SERVER", "MODELPORT_SERVER__"),
    ],
)
def test_a_variable_that_stands_for_nothing_is_refused(name: str, hint: str) -> None:
    """A misspelt one would be passed over, and the default hold in silence."""
    with pytest.raises(ConfigError, match=name) as caught:
        load(environment={name: "1"})
    assert hint in str(caught.value.hint)


def test_a_variable_that_a_secret_refers_to_may_have_our_prefix() -> None:
    """It is named by a setting, so it is no misspelt one."""
    environment = {"MODELPORT_MY_PEPPER": "x", "MODELPORT_SECRETS__PEPPER": "env:MODELPORT_MY_PEPPER"}
    assert load(environment=environment).secrets.pepper == "env:MODELPORT_MY_PEPPER"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"server:\n  port: 80\n prot: 1\n", "line 3, column 2"),
        (b"server: {port: 1}\nserver: {port: 2}\n", "line 2, column 1: found duplicate key"),
        (b"\tserver: 1\n", "line 1, column 1"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_in_one_line(tmp_path: Path, raw: bytes, said: str) -> None:
    """Line and column, and nothing of what stands there."""
    path = tmp_path / "modelport.yaml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError, match=said) as caught:
        load(path, environment={})
    assert "\n" not in caught.value.message


def test_a_setting_with_a_near_name_is_suggested(tmp_path: Path) -> None:
    """By its whole path."""
    path = tmp_path / "modelport.yaml"
    path.write_text("server: {alowed_hosts: []}")
    with pytest.raises(ConfigError, match=r"server\.alowed_hosts: unknown setting, did you mean server\.allowed_hosts"):
        load(path, environment={})
