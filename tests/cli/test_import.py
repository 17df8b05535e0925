import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell
from tests.discovery.servers import neighbours, talkative

FILES = Path(__file__).parents[1] / "importing" / "files"
LIST = """
model_list:
  - model_name: {name}
    litellm_params: {{model: openai/one, api_base: "{base_url}"}}
  - model_name: {name}
    litellm_params: {{model: openai/two, api_base: "{base_url}"}}
router_settings:
  model_group_alias: {{"{name}-alias": "{name}"}}
"""


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """Give a server that has both models of the list."""
    with neighbours() as here:
        yield f"http://localhost:{here.start(talkative('one', 'two'))}/v1"


@pytest.fixture
def files(shell: Shell) -> Path:
    """Give the shell's folder with every example in it."""
    shutil.copytree(FILES, shell.folder, dirs_exist_ok=True)
    return shell.folder


def test_each_row_is_shown_with_what_becomes_of_it(shell: Shell, files: Path) -> None:
    """No server is asked; the rows are data, the sums are talk."""
    ended = shell.run("import", "litellm.yaml")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0].split()[:3] == ["LINE", "SOURCE", "BECOMES"]
    assert "env:OPENAI_API_KEY" in ended.out
    assert "litellm_settings.fallbacks" in ended.out
    assert "alias gpt-4 of gpt-4o" in ended.out
    assert "nothing was changed" in ended.err
    assert "modelport import litellm.yaml --apply" in ended.err
    assert (files / "litellm.yaml").exists()


@pytest.mark.parametrize(
    ("file", "form"),
    [("litellm.yaml", "json"), ("litellm.yaml", "yaml"), ("llama-swap.yaml", "table"), ("models.json", "url")],
)
def test_no_key_of_the_source_is_ever_printed(shell: Shell, files: Path, file: str, form: str) -> None:
    """Whatever the form: a canary stands where people type secrets."""
    ended = shell.run("import", str(files / file), "--base-url", "http://localhost:8000/v1", "-o", form)
    assert ended.code == 0, ended.err
    assert "canary" not in ended.out + ended.err
    assert ended.out


def test_yaml_is_what_a_server_reads(shell: Shell, files: Path) -> None:
    """-o yaml and --write give the same file; one that exists is not touched."""
    printed = shell.run("import", "llama-swap.yaml", "-o", "yaml")
    written = shell.run("import", "llama-swap.yaml", "--write", "new.yaml")
    assert (printed.code, written.code) == (0, 0)
    assert (files / "new.yaml").read_text() == printed.out
    assert "modelport serve --config new.yaml" in written.err
    again = shell.run("import", "llama-swap.yaml", "--write", "new.yaml")
    assert again.code == 2
    assert "new.yaml exists" in again.err


def test_a_list_on_stdin(shell: Shell) -> None:
    """`curl …/v1/models | modelport import -`."""
    listed = '{"object": "list", "data": [{"id": "qwen3", "object": "model"}]}'
    ended = shell.run("import", "-", "--base-url", "http://localhost:8000/v1", "-o", "json", typed=listed)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["declared"]["models"] == {
        "qwen3": {"endpoints": [{"base_url": "http://localhost:8000/v1"}]}
    }


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("missing.yaml",), 3, "No such file"),
        (("-",), 2, "no mapping"),
        (("-", "--api-key", "sk-canary-flag"), 2, "env:NAME"),
    ],
)
def test_a_wrong_file_is_one_sentence(shell: Shell, arguments: tuple[str, ...], code: int, word: str) -> None:
    """What, why, and what to do."""
    ended = shell.run("import", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert word in ended.err
    assert "canary" not in ended.err
    assert "Traceback" not in ended.err


def test_apply_makes_what_is_not_there_and_then_nothing(admin: Shell, api: Api, base_url: str) -> None:
    """Run twice: the second time everything is there."""
    (admin.folder / "list.yaml").write_text(LIST.format(name="imported", base_url=base_url))
    dry = admin.run("import", "list.yaml", "--apply", "--dry-run", "-o", "json")
    assert [row["outcome"] for row in json.loads(dry.out)] == ["would be made", "would be made"]
    assert not list(api.items("/models", name="imported"))
    first = admin.run("import", "list.yaml", "--apply", "--yes", "-o", "json")
    assert first.code == 0, first.err
    assert [row["outcome"] for row in json.loads(first.out)] == ["made", "made"]
    assert [line for line in first.err.splitlines() if line.startswith(base_url)] != [], first.err
    assert "No model was called: modelport check NAME --live calls one." in first.err
    (model,) = api.items("/models", name="imported")
    assert {one["upstream_model"] for one in model["endpoints"]} == {"one", "two"}
    assert model["aliases"] == ["imported-alias"]
    second = admin.run("import", "list.yaml", "--apply", "--yes", "-o", "json")
    assert second.code == 0, second.err
    assert "No model was called" not in second.err
    assert {row["outcome"] for row in json.loads(second.out)} == {"is there"}


def test_apply_adds_an_endpoint_that_is_new(admin: Shell, api: Api, base_url: str) -> None:
    """The model that is there keeps what it has."""
    api.post("/models", {"name": "grown", "endpoints": [{"base_url": base_url, "upstream_model": "one"}]})
    (admin.folder / "list.yaml").write_text(LIST.format(name="grown", base_url=base_url))
    ended = admin.run("import", "list.yaml", "--apply", "--yes", "-o", "json")
    assert [(row["kind"], row["outcome"]) for row in json.loads(ended.out)] == [
        ("model", "is there"),
        ("endpoint", "is there"),
        ("endpoint", "added"),
        ("alias", "made"),
    ]
    (model,) = api.items("/models", name="grown")
    assert len(model["endpoints"]) == 2


def test_what_cannot_be_made_does_not_stop_the_rest(admin: Shell, api: Api, base_url: str) -> None:
    """Exit 9, and the row says why."""
    api.post("/models", {"name": "half-alias"})
    (admin.folder / "list.yaml").write_text(LIST.format(name="half", base_url=base_url))
    ended = admin.run("import", "list.yaml", "--apply", "--yes", "-o", "json")
    rows = json.JSONDecoder().raw_decode(ended.out)[0]
    assert ended.code == 9
    assert [row["outcome"] for row in rows] == ["made", "failed"]
    assert "half-alias already" in rows[1]["detail"]
    assert list(api.items("/models", name="half"))


def test_a_variable_that_the_server_lacks_is_named(admin: Shell, api: Api, base_url: str) -> None:
    """The typed key is neither sent nor shown: the server says which variable to give it."""
    text = LIST.format(name="keyed", base_url=base_url).replace("openai/two,", "openai/two, api_key: sk-canary-typed,")
    (admin.folder / "list.yaml").write_text(text)
    ended = admin.run("import", "list.yaml", "--apply", "--yes")
    assert ended.code == 2
    assert "KEYED_API_KEY is not set in the server's process" in ended.err
    assert "canary" not in ended.out + ended.err
    assert not list(api.items("/models", name="keyed"))


def test_nothing_is_made_without_a_yes(admin: Shell, api: Api, base_url: str) -> None:
    """Off a terminal exit 2; on one the default answer is no."""
    (admin.folder / "list.yaml").write_text(LIST.format(name="unasked", base_url=base_url))
    piped = admin.run("import", "list.yaml", "--apply")
    assert (piped.code, piped.out) == (2, "")
    assert "--yes" in piped.err
    asked = admin.run_on_terminal("import", "list.yaml", "--apply", typed="\n", when="[y/N]")
    assert asked.code == 8
    assert "Make 1 model, 1 alias on" in asked.out
    assert not list(api.items("/models", name="unasked"))
