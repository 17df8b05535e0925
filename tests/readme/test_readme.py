"""README.md is run: every block as it stands there, with the address and the key of a running server put in."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.client import Api
from tests.catalogue.entries import entry
from tests.catalogue.hub.client import Client
from tests.catalogue.hubs import make_hub
from tests.catalogue.web import served
from tests.cli.program import Ended, Shell
from tests.cli.server import Server, running_server
from tests.conformance.modelport import UpstreamProcess, running_modelport, running_upstream
from tests.programs import require
from tests.publish.publishing import Bench
from tests.publish.registries import running
from tests.readme.blocks import ROOT, TEXT, block, blocks, named_paths

USED = {  # which test below runs which block
    ("Start", "sh"): 3,
    ("Add a real model server", "sh"): 1,
    ("Before you publish", "sh"): 1,
    ("Call it with an OpenAI SDK", "python"): 2,
    ("One address per model", "sh"): 1,
    ("Behind a gateway", "sh"): 1,
    ("Retiring a model", "sh"): 1,
    ("Keeping the model list fresh", "sh"): 1,
    ("Host your own hub", "sh"): 1,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder where the reader works."""
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """Give what `make run` starts, on a free port, in an environment that has the upstream's key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "sk-of-the-server")
        with running_server(folder) as running:
            yield running


@pytest.fixture(scope="module")
def upstream(folder: Path) -> Iterator[UpstreamProcess]:
    """Give the model server at localhost:8000."""
    with running_upstream(folder / "upstream.log") as running:
        yield running


@pytest.fixture
def shell(folder: Path, server: Server) -> Shell:
    """Give the reader's shell, with what an earlier block has exported."""
    return Shell(folder, {}).having(MODELPORT_URL=server.url, MODELPORT_KEY=server.key)


def run(shell: Shell, text: str, server: Server, upstream: UpstreamProcess | None = None) -> Ended:
    """Run a text as bash would, every command of which must succeed."""
    text = text.replace("http://localhost:3000/", server.url).replace("mp_live_…", server.key)
    if upstream is not None:
        text = re.sub(r"localhost:800\d", f"localhost:{upstream.port}", text)
        text = text.replace("https://api.openai.com/", f"http://localhost:{upstream.port}/")
    return shell.execute("bash", "-euo", "pipefail", "-c", text)


def test_every_block_is_run_by_a_test() -> None:
    """A new one makes this fail until somebody runs it."""
    counted: dict[tuple[str, str], int] = {}
    for one in blocks():
        counted[one.section, one.language] = counted.get((one.section, one.language), 0) + 1
    assert counted == USED


def test_the_make_targets_do_what_is_said() -> None:
    """`make run` starts a demo server, `make test` lints and tests; asked of make itself."""
    said = {line.split()[1]: line for line in block("Start").commands}
    assert said.keys() == {"run", "test"}
    require("make")
    dry = {
        name: subprocess.run(["make", "-n", name], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in said
    }
    assert "modelport serve --demo" in dry["run"]
    assert "ruff check" in dry["test"]
    assert "-m pytest" in dry["test"]
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make (\w+)`", TEXT)) <= set(targets)


def test_the_greeting_holds_what_is_promised(folder: Path, server: Server) -> None:
    """At most eight lines: where it listens, an admin key, a line to paste."""
    lines = (folder / "said").read_text().splitlines()
    assert len(lines) <= 8
    assert server.url in lines[0]
    assert server.key in "\n".join(lines)
    assert lines[-1].startswith(f"curl -N {server.url}v1/chat/completions")


def test_the_line_to_paste_gets_a_streamed_answer(folder: Path, shell: Shell, server: Server) -> None:
    """As README shows it, and as the server prints it."""
    require("curl")
    for text in (block("Start", number=1).text, (folder / "said").read_text().splitlines()[-1]):
        ended = run(shell, text, server)
        assert ended.code == 0, ended.err
        assert ended.out.count("data: {") > 2
        assert ended.out.endswith("data: [DONE]\n\n")
        assert "good" in ended.out
        assert "morning" in ended.out


def test_a_real_model_server_is_added_and_called(shell: Shell, server: Server, upstream: UpstreamProcess) -> None:
    """With the key exported as the block before says, and nothing else."""
    exported = block("Start", number=2).text
    keyless = shell.having(MODELPORT_KEY="")
    ended = run(keyless, exported + block("Add a real model server").text, server, upstream)
    assert ended.code == 0, ended.err
    assert "Hello there." in ended.out
    for language in ("curl ", "from openai import", "import OpenAI from", "OPENAI_BASE_URL"):
        assert language in ended.out
    models = {one["name"]: one for one in Api(server.url, server.key).items("/models")}
    assert models["gpt"]["endpoints"][0]["upstream_model"] == "gpt-5"


def test_what_is_published_is_checked_before(
    shell: Shell, server: Server, upstream: UpstreamProcess, tmp_path: Path
) -> None:
    """The model of a section before, its server, and a folder of files against a real registry."""
    Bench.made(tmp_path).directory.rename(shell.folder / "qwen3")
    with running(tmp_path / "registry") as registry:
        text = block("Before you publish").text.replace("registry.example.com", registry.place)
        ended = run(shell, text.replace(" --check\n", " --check --plain-http\n"), server, upstream)
    assert ended.code == 0, ended.err
    assert (ended.out + ended.err).count("it answered a chat call") == 2
    assert "session" in ended.out + ended.err


@pytest.mark.parametrize("number", [0, 1])
def test_the_python_blocks_answer(shell: Shell, server: Server, number: int) -> None:
    """As a program of their own, without a key: on this machine none is needed."""
    text = block("Call it with an OpenAI SDK", number=number, language="python").text
    text = text.replace("http://localhost:3000/", server.url).replace("http://localhost:3000", server.url.rstrip("/"))
    ended = shell.having(MODELPORT_URL="", MODELPORT_KEY="").execute(sys.executable, "-W", "error", "-c", text)
    assert (ended.code, ended.out.strip()) == (0, "good morning"), ended.err


def test_the_resolvers_lines_are_what_it_prints(shell: Shell) -> None:
    """Each line after a `$` is compared."""
    lines = block("One address per model").text.splitlines()
    pairs = [(line[2:], lines[number + 1]) for number, line in enumerate(lines) if line.startswith("$ ")]
    assert len(pairs) == 2
    for command, expected in pairs:
        assert shell.execute(*command.replace("python", sys.executable, 1).split()).out == f"{expected}\n"


def test_a_gateway_beside_the_server_answers(
    folder: Path, shell: Shell, server: Server, upstream: UpstreamProcess
) -> None:
    """The first two lines publish; the third is a process on the same data, which answers at its root."""
    require("curl")
    *publish, start = block("Behind a gateway").commands
    ended = run(shell, "\n".join(publish), server, upstream)
    assert ended.code == 0, ended.err
    assert run(shell, "modelport resolve llama", server).out == "https://gateway.example.com\n"
    assert start == "modelport serve --role gateway --port 3001"
    settings = {"role": "gateway", "data_dir": str(server.data_dir)}
    with running_modelport(folder, settings, admin_key=server.key) as gateway:
        asked = shell.execute("curl", "-s", f"{gateway.origin}/models")
    assert '"llama"' in asked.out


def test_a_model_is_retired_and_comes_back(shell: Shell, server: Server, upstream: UpstreamProcess) -> None:
    """The models of a section before: announced, looked at, replaced, restored; each line says what became of it."""
    api = Api(server.url, server.key)
    api.post("/aliases", {"name": "best", "model": "qwen3"})
    announced, listed, planned, deleted, restored = block("Retiring a model").commands
    assert run(shell, announced, server, upstream).code == 0
    assert "best" in run(shell, listed, server, upstream).out
    plan = run(shell, planned, server, upstream)
    assert "1 alias moves to the successor." in plan.err
    assert {one["name"]: one["state"] for one in api.items("/models")}["qwen3"] == "deprecated"
    assert run(shell, deleted, server, upstream).code == 0
    assert {one["name"]: one["model"] for one in api.items("/aliases")}["best"] == "gpt"
    refused = run(shell, 'modelport call qwen3 "Say hello"', server, upstream)
    assert (refused.code, "use 'gpt'" in refused.err) == (3, True)
    assert run(shell, restored, server, upstream).code == 0
    assert "Hello there." in run(shell, 'modelport call qwen3 "Say hello"', server, upstream).out


def test_the_list_follows_a_hub(tmp_path: Path, upstream: UpstreamProcess) -> None:
    """A server that follows one: asked, searched, a model made of an entry, and fresh."""
    hub = make_hub(tmp_path / "hub")
    hub.put([entry(7, id="acme/coder-7b")])
    hub.publish()
    (tmp_path / "root.json").write_bytes(hub.root)
    with served(hub.folder) as url:
        variables = {"MODELPORT_CATALOGUE__URL": url, "MODELPORT_CATALOGUE__ROOT": str(tmp_path / "root.json")}
        with running_server(tmp_path, variables=variables) as follower:
            shell = Shell(tmp_path, {"MODELPORT_URL": follower.url, "MODELPORT_KEY": follower.key})
            ended = run(shell, block("Keeping the model list fresh").text, follower, upstream)
            assert ended.code == 0, ended.err
            assert "acme/coder-7b" in ended.out
            api = Api(follower.url, follower.key)
            assert {one["name"]: one["catalogue_id"] for one in api.items("/models")}["coder"] == "acme/coder-7b"


def test_a_hub_is_hosted_and_read(shell: Shell, server: Server, tmp_path: Path) -> None:
    """A client that is given root.json gets the list that was published, verified."""
    listed = json.loads((ROOT / "tests" / "catalogue" / "hub" / "files" / "models_dev.json").read_text())
    (shell.folder / "api.json").write_text(json.dumps({"mistral": listed["acme"]}))
    ended = run(shell, block("Host your own hub").text, server)
    assert ended.code == 0, ended.err
    hub = shell.folder / "hub"
    client = Client(hub / "public", tmp_path / "client", (hub / "keys" / "root.json").read_bytes())
    client.sync()
    assert {entry["publisher"] for entry in client.entries.values()} == {"mistral"}


def test_every_path_that_is_named_exists() -> None:
    """In the project as it is shipped."""
    missing = [path for path in named_paths() if not (ROOT / path).exists()]
    assert missing == []


def test_every_address_that_is_named_answers(shell: Shell, server: Server) -> None:
    """The last section's, with the administrator's key."""
    require("curl")
    named = re.findall(r"`(/(?:api|-|metrics)[\w/-]*)`", TEXT[TEXT.index("## More") :])
    assert len(named) == 4
    for path in named:
        key = f"Authorization: Bearer {server.key}"
        ended = shell.execute("curl", "-sf", "-o", "/dev/null", "-H", key, server.url.rstrip("/") + path)
        assert ended.code == 0, path


def test_every_flag_extra_and_variable_that_is_named_exists(shell: Shell) -> None:
    """`--mount`, `modelport[postgres]`, `MODELPORT_…`."""
    helped = "".join(shell.run(*words, "--help").out for words in (("serve",), ("models", "add"), ("models", "delete")))
    assert set(re.findall(r"`(--[a-z-]+)", TEXT)) <= set(re.findall(r"--[a-z-]+", helped))
    project = (ROOT / "pyproject.toml").read_text()
    for extra in re.findall(r"modelport\[(\w+)\]", TEXT):
        assert f"\n{extra} = [" in project
    example = (ROOT / "config" / "modelport.example.yaml").read_text()
    shown = set(re.findall(r"^[ #]*(\w+):", example, re.MULTILINE))
    named = re.findall(r"MODELPORT_([A-Z]+)__([A-Z_]+)", TEXT) + re.findall(r"`(\w+)\.(\w+)`", TEXT)
    assert {word.lower() for pair in named for word in pair} <= shown
