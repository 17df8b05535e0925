"""The documents as a web site: every page is in the menu, every link and anchor leads somewhere."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, ROOT, pages, text_of

CONFIG = ROOT / "zensical.toml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy that a test may build, and break."""
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(CONFIG, tmp_path)
    return tmp_path


def _build(folder: Path) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("zensical")
    command: list[str | Path] = [program, "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_it_is_built_without_a_warning(copy: Path) -> None:
    """Links within the site are checked by the generator, anchors too. Nothing is fetched by who reads it."""
    done = _build(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    made = list((copy / "build" / "docs").rglob("*.html"))
    assert len(made) > len(pages())
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=.https?://(?!modelport)[^>]*>")
    assert [(path.name, found) for path in made for found in loaded.findall(path.read_text())] == []


@pytest.mark.parametrize("link", ["[gone](gone.md)", "[gone](tutorial.md#gone)"])
def test_a_link_that_leads_nowhere_is_an_error(copy: Path, link: str) -> None:
    """The check can fail."""
    page = copy / "docs" / "index.md"
    page.write_text(f"{page.read_text()}\n{link}\n")
    assert _build(copy).returncode != 0


def test_every_page_is_in_the_menu_once() -> None:
    """And every entry of the menu is a page."""
    named = list(_leaves(tomllib.loads(CONFIG.read_text())["project"]["nav"]))
    assert sorted(named) == pages()


def test_every_file_that_a_page_names_exists() -> None:
    """Paths of the project in backticks."""
    for page in pages():
        for path in re.findall(r"`((?:config|docs|tests|gateway|resolver)/[\w./-]+)`", text_of(page)):
            assert (ROOT / path).exists(), f"{page}: {path}"


def test_every_setting_and_variable_that_a_page_names_exists() -> None:
    """`server.allowed_hosts`, `MODELPORT_SERVER__PORT`: as the generated reference has them."""
    known = text_of("reference/settings.md")
    for page in pages():
        named = re.findall(r"`((?:server|database|egress|timeouts|secrets|log)\.\w+|MODELPORT_\w+__\w+)", text_of(page))
        assert [name for name in named if f"`{name}`" not in known] == [], page


def _leaves(nav: list[dict[str, Any]]) -> Iterator[str]:
    for entry in nav:
        for below in entry.values():
            if isinstance(below, str):
                yield below
            else:
                yield from _leaves(below)
