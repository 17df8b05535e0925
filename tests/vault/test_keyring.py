"""Secrets in the operating system's store. The package is an extra: a module with its two names stands for it here."""

import sys
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.vault.references import REREAD_S, ReferenceReader, parse_reference
from gateway.vault.root_keys import load_root_keys

STORE = """
from types import SimpleNamespace

class KeyringError(Exception):
    pass

errors = SimpleNamespace(KeyringError=KeyringError)
entries = {("modelport", "openai"): "sk-in-the-store", ("modelport", "kek"): "11" * 32}

def get_password(service, user):
    if service == "locked":
        raise KeyringError("sk-in-the-store")
    return entries.get((service, user))
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a store in reach."""
    (tmp_path / "keyring.py").write_text(STORE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "keyring", raising=False)


def reader(now: list[float]) -> ReferenceReader:
    """Return a reader with a clock."""
    return ReferenceReader(environment={}, directories=(Path("/nowhere"),), monotonic=lambda: now[0])


@pytest.mark.usefixtures("store")
def test_a_reference_to_a_keyring_is_read_at_use() -> None:
    """SEC-3: a rotated secret is in use after a few seconds; in between the store is not asked for every call."""
    now = [0.0]
    secrets, reference = reader(now), parse_reference("keyring:modelport/openai")
    assert secrets.known(reference) is None
    assert (str(reference), secrets.read(reference).reveal()) == ("keyring:modelport/openai", "sk-in-the-store")
    sys.modules["keyring"].entries["modelport", "openai"] = "sk-rotated"
    assert secrets.read(reference).reveal() == "sk-in-the-store"
    now[0] = REREAD_S + 1
    assert secrets.read(reference).reveal() == "sk-rotated"


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("name", ["modelport/nobody", "locked/openai"])
def test_an_entry_that_cannot_be_had_is_named_and_not_quoted(name: str) -> None:
    """One sentence with the reference, whatever the store says."""
    with pytest.raises(ConfigError) as refused:
        reader([0.0]).read(parse_reference(f"keyring:{name}"))
    assert name in refused.value.message
    assert "sk-" not in str(refused.value)


@pytest.mark.parametrize("text", ["keyring:", "keyring:modelport", "keyring:/openai", "keyring:modelport/"])
def test_an_entry_has_a_service_and_a_user(text: str) -> None:
    """The hint shows the form."""
    with pytest.raises(ConfigError, match="names no entry"):
        parse_reference(text)


@pytest.mark.usefixtures("store")
def test_a_root_key_may_lie_in_a_keyring(tmp_path: Path) -> None:
    """SEC-2: as the key-encryption key, and so as the pepper."""
    keys = load_root_keys(
        "keyring:modelport/kek", setting="secrets.kek", generated=tmp_path / "none", environment={}, create=False
    )
    assert keys.current.value == bytes.fromhex("11" * 32)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not use it does not install it."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError) as refused:
        reader([0.0]).read(parse_reference("keyring:modelport/openai"))
    assert "modelport[keyring]" in (refused.value.hint or "")
