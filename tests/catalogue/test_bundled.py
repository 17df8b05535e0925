"""The list that comes with the program."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.catalogue.bundled.loader import FOLDER, BundleDamaged, bundled, stamp
from gateway.catalogue.canonical import canonical, decode
from gateway.catalogue.entry import Entry, parse_entry
from gateway.catalogue.state_hash import StateHash, entry_sha
from tests.catalogue.hubs import make_hub
from tests.release.catalogue import make

_MOST = 300 * 1024  # bytes that the wheel may grow by


def test_every_entry_is_used_here_and_names_its_source() -> None:
    """The index tells the count and the state; facts carry the licence under which they may be passed on."""
    made = bundled()
    values = [decode(line) for line in made.lines]
    entries = [parse_entry(value) for value in values]
    assert len(entries) == made.index.snapshot.count > 500
    assert all(isinstance(one, Entry) and one.source is not None and one.source.license == "MIT" for one in entries)
    assert all(canonical(value) == line for value, line in zip(values, made.lines, strict=True))
    state = StateHash((value["id"], entry_sha(value)) for value in values)
    assert state.hexdigest() == made.index.snapshot.state_sha256
    assert {"openai", "anthropic", "mistral"} <= {value["publisher"] for value in values}


def test_it_is_small_and_says_whose_facts_they_are() -> None:
    """The wheel grows by less than 300 KB; the licence lies beside."""
    sizes = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(sizes) < _MOST
    notice = (FOLDER / "NOTICE").read_text()
    assert "models.dev" in notice
    assert "MIT License" in notice
    assert not list(FOLDER.rglob("*.pem"))


def test_no_key_is_kept_and_its_age_is_known() -> None:
    """It serves on past its expiry: nothing here asks what time it is."""
    made = bundled()
    assert 1_700_000_000_000 < made.signed_at_ms < made.expires_ms


def test_who_signed_it_and_when_is_known_without_what_verifies_it() -> None:
    """A start that follows a hub with a list at hand does not wait a fifth of a second for tuf."""
    code = (
        "import sys; from gateway.catalogue.bundled.loader import stamp; import gateway.catalogue.trust.hub; "
        "print(stamp().signed_at_ms, *(one for one in sys.modules if one.startswith(('tuf', 'securesystemslib'))))"
    )
    said = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True).stdout.split()
    made = bundled()
    assert said == [str(made.signed_at_ms)]
    assert stamp().root == made.root


@pytest.mark.parametrize(("name", "content"), [("metadata/timestamp.json", b"{}"), ("root.json", None)])
def test_a_stamp_that_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes | None) -> None:
    """As a damaged installation."""
    shutil.copytree(FOLDER, tmp_path / "bundle")
    path = tmp_path / "bundle" / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleDamaged):
        stamp(tmp_path / "bundle")


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "other"])
@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json", "targets.json", "catalog.json", "jsonl.gz"])
def test_a_damaged_installation_is_told(tmp_path: Path, name: str, damage: str) -> None:
    """Whichever file it is: one byte, the end, the whole file, or the same file of another bundle."""
    shutil.copytree(FOLDER, tmp_path / "bundle")
    (path,) = (tmp_path / "bundle").rglob(f"*{name}")
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    elif damage == "cut":
        del content[-10:]
    elif damage == "other":
        hub = make_hub(tmp_path / "hub")
        content = bytearray(max(hub.folder.rglob(f"*{name}")).read_bytes())
    path.write_bytes(content)
    if damage == "gone":
        path.unlink()
    with pytest.raises(BundleDamaged) as caught:
        bundled(tmp_path / "bundle")
    assert "damaged" in caught.value.message
    assert caught.value.hint == "install modelport again"


def test_a_hub_that_one_keeps_can_be_bundled(tmp_path: Path) -> None:
    """Then the bundled root is that hub's, and clients begin where they are."""
    hub = make_hub(tmp_path / "public")
    (tmp_path / "public.keys").rename(tmp_path / "keys")
    make(tmp_path, into=_empty(tmp_path / "bundle"))
    made = bundled(tmp_path / "bundle")
    assert made.root == (tmp_path / "keys" / "root.json").read_bytes()
    assert [decode(line)["id"] for line in made.lines] == [f"acme/coder-{number}" for number in range(3)]
    assert hub.folder.exists()


def test_a_list_is_bundled_with_the_keys_thrown_away(tmp_path: Path) -> None:
    """What `make catalogue-bundle` does."""
    source = tmp_path / "api.json"
    source.write_text(
        '{"openai": {"id": "openai", "npm": "@ai-sdk/openai", "models": {"gpt-9": {"name": "GPT-9",'
        ' "cost": {"input": 0.10, "output": 1e-1}, "modalities": {"input": ["text"], "output": ["text"]}}}}}'
    )
    make(source, "0123abc", "2026-11-01", into=_empty(tmp_path / "bundle"))
    (line,) = bundled(tmp_path / "bundle").lines
    entry = decode(line)
    assert entry["price"] == {
        "currency": "USD", "unit": "1M_tokens", "in": "0.1", "out": "0.1", "as_of": "2026-11-01",
    }  # fmt: skip
    assert entry["source"]["version"] == "0123abc"
    assert "Copyright (c) 2025 models.dev" in (tmp_path / "bundle" / "NOTICE").read_text()
    assert not list(tmp_path.rglob("*.pem"))


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder
