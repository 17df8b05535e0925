import ast
import json
import shlex
import subprocess
from pathlib import Path

import pytest

from gateway.snippets import LANGUAGES, curl_command, operation_path, operation_url, request_body, snippets
from tests.programs import require

TASKS = ("chat", "completions", "embeddings", "images", "audio", "moderations", "rerank", "other")
URL = "https://models.corp.example/ai/access/models/team1/"


def _text(language: str, *, task: str = "chat", url: str = URL, key_required: bool = True) -> str:
    texts = snippets(url=url, model="Qwen/qwen3:8b", task=task, key_required=key_required)
    return next(one.text for one in texts if one.language == language)


@pytest.mark.parametrize("task", TASKS)
def test_python_is_python(task: str) -> None:
    """Each snippet compiles and holds the address as it is, with its final slash."""
    text = _text("python", task=task)
    ast.parse(text)
    assert f'base_url="{URL}"' in text
    assert '"Qwen/qwen3:8b"' in text


@pytest.mark.parametrize("task", TASKS)
def test_javascript_is_javascript(task: str, tmp_path: Path) -> None:
    """Each snippet is a module that Node accepts."""
    node = require("node")
    script = tmp_path / "snippet.mjs"
    script.write_text(_text("javascript", task=task))
    subprocess.run([node, "--check", script], check=True)


@pytest.mark.parametrize("task", TASKS)
def test_curl_is_one_command_of_a_shell(task: str) -> None:
    """The words are what curl gets: the operation's address with one slash, the key from the variable."""
    words = shlex.split(_text("curl", task=task).replace("\\\n", " "))
    operation = operation_path(task) or "models/Qwen/qwen3:8b"
    assert words[0] == "curl"
    assert f"{URL.removesuffix('/')}/{operation}" in words
    assert "Authorization: Bearer $MODELPORT_KEY" in words


@pytest.mark.parametrize("base", ["https://h.example/v1", "https://h.example/v1/"])
def test_an_operation_is_appended_with_exactly_one_slash(base: str) -> None:
    """As OpenAI's SDKs do (clients.md section 6: B without its final slash)."""
    assert operation_url(base, "embeddings") == "https://h.example/v1/embeddings"


def test_hostile_text_stays_text() -> None:
    """A quote or a `$` in a path or a text never leaves its string, in no language."""
    url = "https://h.example/a'b$(id)/"
    assert shlex.split(curl_command(url=url, model="m", text="it's $HOME").replace("\\\n", " "))[2] == (
        "https://h.example/a'b$(id)/chat/completions"
    )
    assert ast.literal_eval(_text("python", url=url).partition("base_url=")[2].partition(",\n")[0]) == url
    assert shlex.split(_text("environment", url=url).splitlines()[0])[1] == f"OPENAI_BASE_URL={url}"


def test_a_key_is_optional_where_none_is_needed() -> None:
    """On localhost the snippets run as they are: SDKs want some text for a key (clients.md CL-2)."""
    for language in LANGUAGES[1:]:
        assert "unused" in _text(language, key_required=False)
        assert "unused" not in _text(language)


def test_bodies_are_the_operation_s_own() -> None:
    """A chat is streamed unless told; an embedding never."""
    assert request_body(model="m", text="hi") == {
        "model": "m",
        "stream": True,
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert request_body(model="m", task="embeddings", text="hi") == {"model": "m", "input": "hi"}
    assert "stream" not in request_body(model="m", stream=False)
    assert json.dumps(request_body(model="m", text='"$TEXT"')).count("$TEXT") == 1
