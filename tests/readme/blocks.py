"""README.md taken apart: its code blocks, and the paths and targets that it names."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One code block and the heading above it."""

    section: str
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The shell's lines, continued ones joined, without comments."""
        joined = self.text.replace("\\\n", " ")
        return [line.split(" #")[0].strip() for line in joined.splitlines() if line.strip()]


def blocks() -> tuple[Block, ...]:
    """Return every code block in order."""
    headings = [(found.start(), found[1]) for found in _SECTION.finditer(TEXT)]
    return tuple(
        Block(max((at, name) for at, name in headings if at < found.start())[1], found[1], found[2])
        for found in _BLOCK.finditer(TEXT)
    )


def block(section: str, *, number: int = 0, language: str = "sh") -> Block:
    """Return one block by its heading; `number` counts those of its language there."""
    return [one for one in blocks() if (one.section, one.language) == (section, language)][number]


def named_paths() -> set[str]:
    """Return every file or folder of the project that the text names."""
    return set(re.findall(r"`((?:config|docs|tests|gateway|resolver)/[\w./-]+)`", TEXT))
