import json

import pytest

from gateway.cli.client import Api
from gateway.snippets import GREETING, LANGUAGES
from tests.cli.program import Shell
from tests.cli.server import Server
from tests.programs import require


def test_the_four_forms_hold_the_effective_address(admin: Shell, server: Server) -> None:
    """UX-8: one text source, the right slash, no key in it."""
    ended = admin.run("use", "echo", "-o", "json")
    texts = json.loads(ended.out)
    assert texts.pop("url") == f"{server.url}access/models/default/"
    assert tuple(texts) == LANGUAGES
    assert all(f"{server.url}access/models/default" in text for text in texts.values())
    assert server.key not in ended.out


def test_the_whole_page_and_one_language_are_the_same_text(admin: Shell) -> None:
    """`--only` gives the bare text, to be piped into the program."""
    page = admin.run("use", "echo").out
    for language in LANGUAGES:
        assert admin.run("use", "echo", "--only", language).out in page


@pytest.mark.parametrize("with_key", [True, False], ids=["key", "no key"])
def test_curl_runs_as_printed(admin: Shell, *, with_key: bool) -> None:
    """Pasted into a shell it streams the answer; on this machine also without a key."""
    require("curl")
    command = admin.run("use", "echo", "--only", "curl").out
    ended = (admin if with_key else admin.having(MODELPORT_KEY="")).execute("sh", "-c", command)
    assert ended.code == 0, ended.err
    assert _heard(ended.out) == GREETING
    assert ended.out.rstrip().endswith("data: [DONE]")


@pytest.mark.parametrize("with_key", [True, False], ids=["key", "no key"])
def test_python_runs_as_printed(admin: Shell, *, with_key: bool) -> None:
    """With the unmodified SDK."""
    code = admin.run("use", "echo", "--only", "python").out
    shell = admin if with_key else Shell(admin.folder, {})
    ended = shell.execute("python", "-c", code)
    assert (ended.code, ended.out) == (0, f"{GREETING}\n"), ended.err


def test_python_of_an_embeddings_model_runs_as_printed(admin: Shell, api: Api) -> None:
    """A model's task chooses the operation."""
    upstream = next(api.items("/models", name="echo"))["endpoints"][0]["base_url"]
    api.post("/models", {"name": "numbers", "task": "embeddings", "endpoints": [{"base_url": upstream}]})
    ended = admin.execute("python", "-c", admin.run("use", "numbers", "--only", "python").out)
    assert ended.code == 0, ended.err
    assert len(json.loads(ended.out)) == 4


def test_environment_lines_serve_any_sdk(admin: Shell) -> None:
    """After them a client needs no arguments."""
    lines = admin.run("use", "echo", "--only", "environment").out
    script = f"{lines}\npython -c 'from openai import OpenAI; print(OpenAI().models.retrieve(\"echo\").id)'"
    ended = admin.execute("sh", "-c", script)
    assert (ended.code, ended.out) == (0, "echo\n"), ended.err


def test_an_unknown_language_is_wrong_usage(admin: Shell) -> None:
    """The hint lists what there is."""
    ended = admin.run("use", "echo", "--only", "cobol")
    assert (ended.code, ended.out) == (2, "")
    assert "curl, python, javascript, environment" in ended.err


def _heard(stream: str) -> str:
    events = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: {")]
    deltas = [choice["delta"] for event in events for choice in json.loads(event)["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)
