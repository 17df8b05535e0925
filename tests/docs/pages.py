"""The pages of docs/ taken apart: code blocks with their language, in order.

What a language means to the tests (test_snippets.py):
    sh, python     run, in one world for each page: a folder, a server, a scripted model server
    text           what the block above printed; `…` stands for anything
    yaml           a configuration file, read as the program reads it
    bash           needs another machine or root: each line stands in a file that other tests run or lint
    nginx, caddyfile, ini    lines of a file in config/deploy, in that order
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUN = frozenset({"sh", "python"})
_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_ANY_FENCE = re.compile(r"^ *```", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One code block: its page, number there, language and text."""

    page: str
    number: int
    language: str
    text: str


def pages() -> list[str]:
    """Return the pages by their paths below docs/, without the record of decisions."""
    found = (str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))
    return sorted(name for name in found if not name.startswith("decisions/"))


def text_of(page: str) -> str:
    """Return a page's source."""
    return (DOCS / page).read_text()


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page; one that is not closed or has no language is an error."""
    text = text_of(page)
    found = list(_FENCE.finditer(text))
    assert 2 * len(found) == len(_ANY_FENCE.findall(text)), f"{page}: a block without language or end"
    return [Block(page, number, one[2], one[3]) for number, one in enumerate(found)]


def all_blocks(*languages: str) -> list[Block]:
    """Return the blocks of these languages on every page."""
    return [one for page in pages() for one in blocks(page) if one.language in languages]


def runnable() -> list[str]:
    """Return the pages that have something to run."""
    return [page for page in pages() if any(one.language in RUN for one in blocks(page))]
