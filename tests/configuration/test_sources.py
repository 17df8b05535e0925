"""Variables as a source of settings."""

import re
from pathlib import Path

import pytest

import gateway.cli
from gateway.configuration.finding import ConfigurationError
from gateway.configuration.loading import load
from gateway.configuration.sources import setting_fields, variable_of
from gateway.settings import CLIENT_VARIABLES


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
    settings = load(environment={"MODELPORT_SERVER__ALLOWED_HOSTS": text}).settings
    assert settings.server.allowed_hosts == expected


@pytest.mark.parametrize(
    ("variable", "text", "path", "expected"),
    [
        ("MODELPORT_SERVER__PORT", "8080", "server.port", 8080),
        ("modelport_server__port", " 8080 ", "server.port", 8080),
        ("MODELPORT_TIMEOUTS__IDLE_S", "4.5", "timeouts.idle_s", 4.5),
        ("MODELPORT_TIMEOUTS__IDLE_S", "4", "timeouts.idle_s", 4.0),
        ("MODELPORT_DEMO", "yes", "demo", True),
        ("MODELPORT_DATABASE__PGBOUNCER", "0", "database.pgbouncer", False),
        ("MODELPORT_VERSION", "1", "version", 1),
        ("MODELPORT_DATABASE__URL", "3000", "database.url", "3000"),
        ("MODELPORT_SERVER__PORT", "", "server.port", 3000),
    ],
)
def test_a_variables_text_becomes_the_settings_type(variable: str, text: str, path: str, expected: object) -> None:
    """A variable is text always; the file is strict instead. An empty one is as good as unset."""
    value: object = load(environment={variable: text}).settings
    for part in path.split("."):
        value = getattr(value, part)
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("MODELPORT_SERVER__ALLOWED_HOSTS", '["planted",', "server.allowed_hosts: holds broken JSON"),
        ("MODELPORT_SERVER__ALLOWED_HOSTS", '{"planted": 1}', "server.allowed_hosts: must be a list"),
        ("MODELPORT_SERVER__PORT", "planted", "server.port: must be a whole number"),
        ("MODELPORT_SERVER__PORT", "1e3", "server.port: must be a whole number"),
        ("MODELPORT_DEMO", "planted", "demo: must be true or false"),
        ("MODELPORT_LOG__LEVEL", "planted", "log.level: must be 'debug', 'info', 'warning' or 'error'"),
        ("MODELPORT_SECRETS__KEK", "planted", "secrets.kek: is no reference to a secret"),
        ("MODELPORT_TIMEOUTS__IDLE_S", "inf", "timeouts.idle_s: must be a finite number"),
        ("MODELPORT_SERVER__HOST", "\udcff", "server.host: is not UTF-8"),
    ],
)
def test_a_wrong_value_names_variable_and_setting(variable: str, text: str, said: str) -> None:
    """And is not repeated: it may be a secret in the wrong place."""
    with pytest.raises(ConfigurationError) as caught:
        load(environment={variable: text})
    assert caught.value.message.startswith(f"{variable}: {said}")
    assert "planted" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MODELPORT_SERVRE__PORT", "MODELPORT_SERVER__PORT"),
        ("modelport_server__prt", "MODELPORT_SERVER__PORT"),
        ("MODELPORT_DATADIR", "MODELPORT_DATA_DIR"),
        ("MODELPORT_BANANA", "modelport config show"),
        ("MODELPORT_SERVER", "MODELPORT_SERVER__"),
        ("MODELPORT_MODELS__QWEN3__TASK", "declared in the file, under models:"),
    ],
)
def test_a_variable_that_stands_for_nothing_is_refused(name: str, hint: str) -> None:
    """A misspelt one would be passed over, and the default hold in silence."""
    with pytest.raises(ConfigurationError, match=name) as caught:
        load(environment={name: "1"})
    assert hint in str(caught.value.hint)


def test_a_variable_that_a_secret_refers_to_may_have_our_prefix() -> None:
    """It is named by a setting, so it is no misspelt one."""
    environment = {"MODELPORT_MY_PEPPER": "x", "MODELPORT_SECRETS__PEPPER": "env:MODELPORT_MY_PEPPER"}
    assert load(environment=environment).settings.secrets.pepper == "env:MODELPORT_MY_PEPPER"


def test_every_variable_that_the_command_line_reads_is_known() -> None:
    """One that only a command reads would end the start of a server in the same shell."""
    sources = [path.read_text() for path in Path(gateway.cli.__file__).parent.glob("*.py")]
    read = {name for text in sources for name in re.findall(r'"(MODELPORT_[A-Z_]*[A-Z])"', text)}
    assert read
    assert read <= CLIENT_VARIABLES | {variable_of(name) for name in setting_fields()}


def test_the_clients_variables_are_not_settings() -> None:
    """MODELPORT_URL and MODELPORT_KEY belong to the client; a server with them in its environment starts."""
    environment = {"MODELPORT_URL": "http://x", "MODELPORT_KEY": "mp_…"}
    assert load(environment=environment).settings.server.port == 3000
