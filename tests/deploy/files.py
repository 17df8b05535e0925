"""The files of config/deploy, and the settings of modelport that they name."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "config" / "deploy"
_VARIABLE = re.compile(r"MODELPORT_[A-Z0-9_]+")
_COMMENTED = re.compile(r"^#\s+(?:(\w+)\.)?(\w+): ?\S", re.MULTILINE)


def texts() -> dict[str, str]:
    """Return every file that people copy, by its path below config/deploy."""
    return {
        str(path.relative_to(DEPLOY)): path.read_text()
        for path in sorted(DEPLOY.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def variables_in(text: str) -> set[str]:
    """Return the names of modelport's variables in a text."""
    return set(_VARIABLE.findall(text))


def settings_in_comments(text: str) -> set[str]:
    """Return the settings of `server` that a comment shows as YAML."""
    return {found[2] for found in _COMMENTED.finditer(text)}


def replaced(text: str, pairs: dict[str, str]) -> str:
    """Return the text with each of these strings replaced, all of which must be there."""
    for old, new in pairs.items():
        assert old in text, old
        text = text.replace(old, new)
    return text
