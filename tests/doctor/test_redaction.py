from pathlib import Path
from typing import Any

import pytest

from gateway.configuration.loading import load
from gateway.doctor.redaction import Redaction, known_secrets

CANARY = "canary-4f1d9b7c"


@pytest.mark.parametrize(
    "data",
    [
        f"a sentence with {CANARY} in it",
        {"deep": [{"deeper": (CANARY, 1, None, True)}]},
        {CANARY: "as a key"},
        f"postgresql://user:{CANARY}@db/x",
        f"escaped {CANARY.replace('-', '%2D')} and plain {CANARY}",
    ],
)
def test_a_known_secret_goes_wherever_it_stands(data: Any) -> None:
    """Texts, lists, keys of objects."""
    assert CANARY not in repr(Redaction([CANARY]).data(data))


def test_what_looks_like_a_secret_goes_although_nobody_knows_it() -> None:
    """Headers, keys of the known forms, random bytes."""
    hide = Redaction([])
    for text in ("Authorization: Bearer abcdef0123456789", "sk-proj-abcdefghijklmnop", "?api_key=abcdefgh", "a" * 64):
        assert hide.data(text) != text
    assert hide.data({"port": 3000, "name": "qwen3"}) == {"port": 3000, "name": "qwen3"}


def test_short_words_are_left_alone() -> None:
    """A variable KEY=1 must not take every 1 out of a report."""
    assert Redaction(["1", "on"]).text("1 is on") == "1 is on"


def test_everything_that_this_process_knows_is_a_secret(tmp_path: Path) -> None:
    """Key, variables by their names or by the file that names them, files of the data directory, passwords in URLs."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "upstream").write_text("canary-file-1\n")
    (tmp_path / "pepper").write_text("canary-pepper-1\ncanary-pepper-2\n")
    file = tmp_path / "modelport.yaml"
    file.write_text(
        f"version: 1\ndata_dir: {tmp_path}\ndatabase: {{url: 'postgresql://u:canary-db-1@h/x'}}\n"
        "models: {a: {endpoints: [{base_url: 'http://x/v1', api_key: 'env:PLAIN'}]}}\n"
    )
    environment = {"PLAIN": "canary-plain-1", "OPENAI_API_KEY": "canary-openai-1", "HOME": "/home/somebody"}
    settings = load(file, environment={}).settings
    found = set(known_secrets(settings, environment, "canary-key-1", named_in=file))
    expected = ("file-1", "pepper-1", "pepper-2", "db-1", "plain-1", "openai-1", "key-1")
    assert {f"canary-{name}" for name in expected} <= found
    assert "/home/somebody" not in found
