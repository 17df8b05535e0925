"""`python -m tests.release.catalogue LIST [VERSION [DAY]]`: the list of models that comes with the program, made anew.

LIST is models.dev's `api.json` or LiteLLM's price list, VERSION its commit and DAY
the commit's; the keys are thrown away. Or LIST is the
folder of a hub that one keeps (`public/`, `keys/`): then its current list is bundled, with its root.
"""

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from gateway.catalogue.bundled.loader import FOLDER, bundled
from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.hub.importers.reading import read_list
from gateway.catalogue.hub.importers.row import Terms
from gateway.catalogue.hub.repository import Repository
from gateway.catalogue.hub.roles import CATALOG
from gateway.catalogue.index import INDEX_PATH, read_index
from gateway.cli.catalogue_lists import addresses

PROVIDERS = frozenset(
    {
        "alibaba",
        "anthropic",
        "cerebras",
        "cohere",
        "deepinfra",
        "deepseek",
        "fireworks-ai",
        "google",
        "groq",
        "huggingface",
        "minimax",
        "mistral",
        "moonshotai",
        "nvidia",
        "openai",
        "openrouter",
        "perplexity",
        "togetherai",
        "xai",
        "zai",
    }
)
"""Well-known ones; all that models.dev knows would be ten times as much, most of it the same models resold."""

HOLDERS = {"models.dev": "Copyright (c) 2025 models.dev", "LiteLLM": "Copyright (c) 2023 Berri AI"}

NOTICE = """\
The entries of this list were made of facts (names, prices, limits, capabilities) from {name}, {url}.
Version: {version}. Made on {day}. Each entry names its source.
Prices are those that the source gave at that version; the providers' own pages are what counts.

{name} is distributed under the MIT License:

{holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def make(source: Path, version: str | None = None, as_of: str | None = None, *, into: Path = FOLDER) -> None:
    """Write the bundle, and read it as the program does."""
    with tempfile.TemporaryDirectory() as name:
        if source.is_dir():
            hub = Hub(source / "public", source / "keys")
        else:
            hub = _hub_of(source, version, as_of, Path(name))
        _copy(Repository.open(hub.folder, hub.keys), into)
    made = bundled(into)
    sys.stdout.write(f"{made.index.snapshot.count} entries, {_size(into)} bytes, in {into}\n")


def _hub_of(source: Path, version: str | None, as_of: str | None, folder: Path) -> Hub:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    terms = Terms(today=today, addresses=addresses(), providers=PROVIDERS, version=version, as_of=as_of)
    imported = read_list(source.read_text(encoding="utf-8"), terms)
    hub = Hub.init(folder / "public", folder / "keys")
    hub.put(imported.entries)
    hub.publish()
    said = imported.entries[0]["source"]
    name = said["name"]
    notice = NOTICE.format(name=name, url=said["url"], version=version or "not told", day=today, holder=HOLDERS[name])
    (folder / "NOTICE").write_text(notice, encoding="utf-8")
    return hub


def _copy(repository: Repository, into: Path) -> None:
    for old in ("metadata", "targets"):
        shutil.rmtree(into / old, ignore_errors=True)
    (into / "metadata").mkdir()
    (into / "root.json").write_bytes(repository.keys.trusted_root.read_bytes())
    names = ["timestamp.json", f"{repository.snapshot.version}.snapshot.json"]
    names += [f"{one.version}.{role}" for role, one in repository.snapshot.meta.items()]
    for name in names:
        shutil.copyfile(repository.folder / "metadata" / name, into / "metadata" / name)
    catalog = repository.targets(CATALOG).targets
    packed = repository.path_of(catalog[read_index(catalog[INDEX_PATH].custom).snapshot.path])
    copy = into / packed.relative_to(repository.folder)
    copy.parent.mkdir(parents=True)
    shutil.copyfile(packed, copy)
    notice = repository.folder.parent / "NOTICE"
    if notice.exists():
        shutil.copyfile(notice, into / "NOTICE")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".py")


if __name__ == "__main__":
    make(Path(sys.argv[1]), *sys.argv[2:4])
