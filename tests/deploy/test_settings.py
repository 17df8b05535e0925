"""What the deploy files set exists, and has a value that fits."""

import pytest
from pydantic import BaseModel

from gateway.settings import ServerSettings, Settings
from tests.deploy.files import settings_in_comments, texts, variables_in

TEXTS = texts()
CLIENT = {"MODELPORT_CONFIG"}


def _names() -> set[str]:
    tree = Settings.model_fields
    nested = {
        f"{section}__{name}"
        for section, field in tree.items()
        if isinstance(field.default, BaseModel)
        for name in type(field.default).model_fields
    }
    return {f"MODELPORT_{name}".upper() for name in (*tree, *nested)}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_variable_is_a_setting(name: str) -> None:
    """A misspelt one would stop the server at its start."""
    assert variables_in(TEXTS[name]) - CLIENT <= _names()


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_every_setting_in_a_comment_exists(name: str) -> None:
    """The lines to put into modelport.yaml, all of section `server`."""
    shown = settings_in_comments(TEXTS[name])
    assert shown == {"public_origin", "trusted_proxies", "mount"}
    assert shown <= set(ServerSettings.model_fields)


def test_the_tests_look_at_every_file() -> None:
    """A new one needs a test of its own."""
    assert set(TEXTS) == {
        "Caddyfile",
        "Dockerfile",
        "Dockerfile.dockerignore",
        "compose.yaml",
        "nginx.conf",
        "systemd/modelport.service",
        "systemd/modelport.socket",
    }
