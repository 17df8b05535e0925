import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell
from tests.cli.server import Server
from tests.discovery.servers import neighbours, talkative

ROWS = json.loads((Path(__file__).parents[1] / "vectors" / "engines.json").read_text())
OLLAMA, VLLM = ROWS[0]["answers"], ROWS[1]["answers"]


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[str, str]]:
    """Give the ports of an Ollama and a vLLM, which answer while commands run."""
    with neighbours() as here:
        calls = {path: answer for path, answer in talkative().items() if path != "/v1/models"}
        yield str(here.start({**OLLAMA, **calls})), str(here.start({**VLLM, **calls}))


def test_off_a_terminal_the_lines_to_add_are_printed(shell: Shell, ports: tuple[str, str]) -> None:
    """Stdout is the list; nothing is asked and nothing is added."""
    ollama, vllm = ports
    ended = shell.run("discover", "--port", ollama, "--port", vllm, "-o", "json")
    assert ended.code == 0, ended.err
    rows = json.loads(ended.out)
    assert [(row["engine"], row["model"], row["task"]) for row in rows] == [
        ("Ollama", "llama3.1:8b", "chat"),
        ("Ollama", "nomic-embed-text:latest", "embeddings"),
        ("vLLM", "Qwen/Qwen3-8B", "chat"),
    ]
    line = f"modelport models add nomic-embed-text:latest --endpoint http://localhost:{ollama}/v1 --task embeddings"
    assert line in ended.err
    assert "modelport discover --add all" in ended.err


def test_addresses_for_the_shell(shell: Shell, ports: tuple[str, str]) -> None:
    """-o url: one line per model."""
    ended = shell.run("discover", "--port", ports[1], "-o", "url")
    assert ended.out == f"http://localhost:{ports[1]}/v1\n"


def test_a_model_is_added_by_name_and_the_printed_line_works(admin: Shell, api: Api, ports: tuple[str, str]) -> None:
    """--add NAME; a second time it is there."""
    first = admin.run("discover", "--port", ports[0], "--add", "llama3.1:8b", "--yes", "-o", "json")
    assert first.code == 0, first.err
    assert [(row["name"], row["outcome"]) for row in json.loads(first.out)] == [("llama3.1:8b", "made")]
    (model,) = api.items("/models", name="llama3.1:8b")
    assert [one["base_url"] for one in model["endpoints"]] == [f"http://localhost:{ports[0]}/v1"]
    second = admin.run("discover", "--port", ports[0], "--add", "llama3.1:8b", "--yes", "-o", "json")
    assert {row["outcome"] for row in json.loads(second.out)} == {"is there"}


def test_on_a_terminal_it_asks_and_no_is_the_default(admin: Shell, api: Api, ports: tuple[str, str]) -> None:
    """Enter alone changes nothing; the lines are there for later."""
    asked = admin.run_on_terminal("discover", "--port", ports[1], typed="\n", when="[y/N]")
    assert asked.code == 0
    assert "Publish this model on" in asked.out
    assert "Nothing was changed" in asked.out
    assert "modelport models add Qwen/Qwen3-8B" in asked.out.replace("\n", " ")
    assert not list(api.items("/models", name="Qwen/Qwen3-8B"))
    agreed = admin.run_on_terminal("discover", "--port", ports[1], typed="y\n", when="[y/N]")
    assert agreed.code == 0
    assert list(api.items("/models", name="Qwen/Qwen3-8B"))


def test_adding_off_a_terminal_needs_a_yes(admin: Shell, ports: tuple[str, str]) -> None:
    """Exit 2."""
    ended = admin.run("discover", "--port", ports[0], "--add", "nomic-embed-text:latest")
    assert (ended.code, ended.out) == (2, "")
    assert "--yes" in ended.err


def test_a_misspelt_name_is_answered_with_the_nearest(shell: Shell, ports: tuple[str, str]) -> None:
    """Exit 3; no server is needed for that."""
    ended = shell.run("discover", "--port", ports[0], "--add", "lama3.1:8b", "--yes")
    assert ended.code == 3
    assert "did you mean 'llama3.1:8b'?" in ended.err


def test_modelport_itself_is_not_offered(shell: Shell, server: Server) -> None:
    """Its own port is asked like any other, and left out."""
    port = server.url.rstrip("/").rpartition(":")[2]
    ended = shell.run("discover", "--port", port, "-o", "json")
    assert (ended.code, json.loads(ended.out)) == (0, [])
    assert "No model server answers" in ended.err


def test_a_place_that_nothing_can_allow_is_refused(shell: Shell) -> None:
    """The sentence is the egress policy's own."""
    ended = shell.run("discover", "--host", "169.254.169.254", "--port", "80")
    assert (ended.code, ended.out) == (4, "")
    assert "never allows it" in ended.err
