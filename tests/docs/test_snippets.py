"""Every block of every page is run, or compared with a file that other tests run (UX-19)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.configuration.loading import load
from tests.conformance.modelport import UpstreamProcess, running_upstream
from tests.deploy.files import texts
from tests.docs.pages import RUN, Block, all_blocks, blocks, pages, runnable
from tests.docs.world import World, world
from tests.postgres import Cluster
from tests.programs import require

COMPARED = {"nginx": "nginx.conf", "caddyfile": "Caddyfile", "ini": "systemd/"}
ELSEWHERE = {  # lines for another machine that no file holds, and the test that does what they say
    "python3 -m venv modelport": "tests/release",
    "modelport/bin/pip install modelport": "tests/release",
    "source modelport/bin/activate": "tests/release",
    "modelport/bin/pip install 'modelport[postgres]'": "tests/release",
    "modelport/bin/pip install --upgrade modelport": "tests/release",
    "systemctl reload modelport": "tests/deploy/test_systemd.py",
    "systemctl restart modelport": "tests/deploy/test_systemd.py",
    "make dist": "tests/release/test_dist.py",
    "curl -sfo api.json https://models.dev/api.json": "tests/catalogue/hub/test_importers.py",
    "modelport catalogue import api.json --provider mistral --remove-missing --hub hub": (
        "tests/cli/test_catalogue_hub.py"
    ),
    "modelport catalogue publish --hub /srv/hub --refresh-timestamp": "tests/cli/test_catalogue_hub.py",
    "modelport catalogue sync": "tests/cli/test_catalogue.py",
    "modelport catalogue status --require-fresh": "tests/cli/test_catalogue.py",
    "modelport catalogue accept 42": "tests/cli/test_catalogue.py",
    "modelport catalogue diff": "tests/cli/test_catalogue.py",
    'modelport download https://host.example.com/f.gguf --sha256 "$SUM" --to models': "tests/cli/test_download.py",
    "modelport download acme/coder-7b --quant Q4_K_M --to models": "tests/cli/test_download.py",
    "modelport operations cancel op_6xk3v2c7qd5tzj4hwy2a": "tests/cli/test_operations.py",
    "modelport registry login registry.example.com --username al --password-stdin < pw": "tests/publish/test_guide.py",
    "modelport publish ./qwen3 registry.example.com/team/qwen3:v1 --check": "tests/publish/test_guide.py",
    "modelport publish ./qwen3 registry.example.com/team/qwen3:v1": "tests/publish/test_guide.py",
    "modelport pull registry.example.com/team/qwen3:v1 ./copy": "tests/publish/test_guide.py",
}


@pytest.fixture(scope="module")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpstreamProcess]:
    """Give the model server of every page."""
    with running_upstream(tmp_path_factory.mktemp("upstream") / "log") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, model_server: UpstreamProcess, request: pytest.FixtureRequest) -> Iterator[World]:
    """Give a page's world."""
    page: str = request.getfixturevalue("page")
    more = {}
    if page == "how-to/postgresql.md":
        cluster: Cluster = request.getfixturevalue("postgresql")
        cluster.administrator.run("CREATE DATABASE documents TEMPLATE template0")
        more["postgresql://modelport@database.internal/modelport"] = cluster.url("documents")
    with world(tmp_path, model_server.port, **more) as made:
        yield made
    if more:
        cluster.administrator.run("DROP DATABASE documents WITH (FORCE)")


@pytest.mark.parametrize("page", runnable())
def test_the_blocks_of_a_page_work_one_after_the_other(page: str, folder: World) -> None:
    """As they stand there, from the first to the last, and they print what is said that they print."""
    require("curl")
    steps = blocks(page)
    if not re.search(r"^modelport serve(?! --role gateway)", "".join(one.text for one in steps), re.MULTILINE):
        folder.serve("modelport serve")
        folder.run(f"export MODELPORT_KEY={folder.key}")
    printed = ""
    for one in steps:
        if one.language == "sh":
            printed = folder.run(one.text)
            if "modelport serve" in one.text and "mp_live_" not in "".join(block.text for block in steps):
                folder.run(f"export MODELPORT_KEY={folder.key}")
        elif one.language == "python":
            printed = folder.run_python(one.text)
        elif one.language == "text":
            last = "".join(printed.splitlines(keepends=True)[-len(one.text.splitlines()) :])
            assert _as_pattern(folder.here(one.text)).fullmatch(last), printed


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=lambda one: f"{one.page}-{one.number}")
def test_a_configuration_is_one(block: Block, tmp_path: Path) -> None:
    """Read as the program reads it, nothing found."""
    file = tmp_path / "modelport.yaml"
    file.write_text(block.text)
    load(file, environment={})


@pytest.mark.parametrize("block", all_blocks("bash"), ids=lambda one: f"{one.page}-{one.number}")
def test_what_needs_another_machine_stands_where_it_is_tested(block: Block) -> None:
    """In a comment of a deploy file, word by word; or a test does the same."""
    known = {re.sub(r"^#\s*", "", line).strip() for text in texts().values() for line in text.splitlines()}
    assert [line for line in block.text.splitlines() if line not in known and line not in ELSEWHERE] == []


@pytest.mark.parametrize("block", all_blocks(*COMPARED), ids=lambda one: f"{one.page}-{one.number}")
def test_what_is_shown_of_a_file_stands_there(block: Block) -> None:
    """The same lines in a row; how far they are indented, and what is commented out, may differ."""
    wanted = [line.strip() for line in block.text.splitlines()]
    files = [text for name, text in texts().items() if name.startswith(COMPARED[block.language])]
    assert any("\n".join(wanted) in "\n".join(map(_bare, text.splitlines())) for text in files)


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    """A new language needs a rule."""
    kinds = {one.language for page in pages() for one in blocks(page)}
    assert kinds <= RUN | {"text", "yaml", "bash"} | COMPARED.keys()
    for page in pages():
        before = ""
        for one in blocks(page):
            assert one.language != "text" or before in RUN, f"{page}: nothing above printed {one.text!r}"
            before = one.language


def _as_pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.strip().split("…"))) + r"\s*", re.DOTALL)


def _bare(line: str) -> str:
    """Return the line without indentation; a setting that is commented out counts as one."""
    stripped = line.strip()
    return stripped[1:] if re.match(r"#[A-Z]\w+=", stripped) else stripped
