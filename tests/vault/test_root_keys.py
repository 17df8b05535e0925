"""Root keys: from a variable, a private file, or made once."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.vault.root_keys import RootKeys, load_root_keys

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def load(reference: str | None, generated: Path, *, create: bool = True, **environment: str) -> RootKeys:
    """Load with the setting's name filled in."""
    return load_root_keys(reference, setting="secrets.kek", generated=generated, environment=environment, create=create)


@pytest.mark.parametrize(
    "text",
    [base64.b64encode(NEW).decode(), base64.urlsafe_b64encode(NEW).decode().rstrip("="), NEW.hex(), NEW.hex().upper()],
)
def test_a_key_is_taken_in_base64_and_hex(tmp_path: Path, text: str) -> None:
    """SEC-2: whatever `openssl rand` prints."""
    assert load("env:KEK", tmp_path / "kek", KEK=text).current.value == NEW


def test_the_first_key_makes_and_the_others_still_open(tmp_path: Path) -> None:
    """KEY-3: rotation without reissue; ids differ and tell nothing of the values."""
    keys = load("env:KEK", tmp_path / "kek", KEK=f"{NEW.hex()}\n{OLD.hex()}")
    old = load("env:KEK", tmp_path / "kek", KEK=OLD.hex()).current
    assert keys.current.value == NEW
    assert keys.find(old.id) == old
    assert keys.find("00000000") is None
    assert OLD.hex() not in repr(keys)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """SEC-2: without a setting a 0600 file is made, and found again."""
    path = tmp_path / "data" / "kek"
    made = load(None, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(None, path) == made
    assert [entry.name for entry in path.parent.iterdir()] == ["kek"]


def test_nothing_is_made_when_only_reading_was_asked_for(tmp_path: Path) -> None:
    """A lost key must be noticed, not replaced."""
    with pytest.raises(ConfigError, match="No such file"):
        load(None, tmp_path / "kek", create=False)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o644])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """SEC-2: group- or world-readable is an error that names the remedy."""
    path = tmp_path / "kek"
    path.write_text(NEW.hex())
    path.chmod(mode)
    with pytest.raises(ConfigError, match="open to other users") as refused:
        load(f"file:{path}", tmp_path / "unused")
    assert refused.value.hint == f"run: chmod 600 {path}"


@pytest.mark.parametrize(
    "text", ["", "short", NEW.hex()[:-2], "z" * 64, f"{NEW.hex()} {NEW.hex()}", f"{NEW.hex()} x", "é"]
)
def test_a_text_that_is_no_key_is_refused_unquoted(tmp_path: Path, text: str) -> None:
    """The message names the setting and never the value."""
    with pytest.raises(ConfigError, match=r"secrets\.kek") as refused:
        load("env:KEK", tmp_path / "kek", KEK=text)
    assert not text or text not in f"{refused.value.message} {refused.value.hint}" or text == "x"


@pytest.mark.parametrize("reference", ["", "file:", "env:", NEW.hex(), "vault:x"])
def test_a_value_in_place_of_a_reference_is_refused_unquoted(tmp_path: Path, reference: str) -> None:
    """A key that was pasted into the configuration is not repeated in a message."""
    with pytest.raises(ConfigError, match="no reference") as refused:
        load(reference, tmp_path / "kek")
    assert NEW.hex() not in refused.value.message


def test_of_two_processes_that_start_at_once_one_key_stays(tmp_path: Path) -> None:
    """The file appears whole or not at all, and the second process takes the first one's."""
    path = tmp_path / "kek"
    with ThreadPoolExecutor(8) as starters:
        found = set(starters.map(lambda _: load(None, path), range(8)))
    assert found == {load(None, path)}
    assert len(list(tmp_path.iterdir())) == 1
