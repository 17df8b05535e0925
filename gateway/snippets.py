"""The lines that one copies to call a model: curl, Python, JavaScript and environment, from one source (UX-8).

Pure texts. The command line prints them, the console shows them, and tests run them. The key never stands in a
snippet: it is read from the variable MODELPORT_KEY where the snippet runs.
"""

import json
import shlex
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct

Language: TypeAlias = Literal["curl", "python", "javascript", "environment"]

LANGUAGES: tuple[Language, ...] = ("curl", "python", "javascript", "environment")
KEY_VARIABLE = "MODELPORT_KEY"
GREETING = "Say hello"

_PLACEHOLDER = "unused"
"""What stands in for a key where none is needed: SDKs refuse an empty one (clients.md CL-2)."""


class Snippet(Struct, frozen=True):
    """One way to call a model."""

    language: Language
    title: str
    text: str


def snippets(*, url: str, model: str, task: str = "chat", key_required: bool = True) -> tuple[Snippet, ...]:
    """Return the snippets for a model at its effective address, in the order of `LANGUAGES`.

    `task` is the model's; an unknown one gives snippets that read the model's description. `key_required` is False
    where a caller on the same machine needs no key.
    """
    call = _CALLS.get(task, _DESCRIBE)
    return (
        Snippet("curl", "curl", curl_command(url=url, model=model, task=task)),
        Snippet("python", "Python (pip install openai)", _python(call, url, model, key_required=key_required)),
        Snippet("javascript", "JavaScript (npm install openai)", _script(call, url, model, key_required=key_required)),
        Snippet("environment", "Environment", _environment(url, key_required=key_required)),
    )


def operation_url(base_url: str, path: str) -> str:
    """Return the address of one operation below a base_url, the way that OpenAI's SDKs append it.

    >>> operation_url("http://localhost:3000/access/models/default/", "chat/completions")
    'http://localhost:3000/access/models/default/chat/completions'
    """
    return f"{base_url.removesuffix('/')}/{path}"


def curl_command(*, url: str, model: str, task: str = "chat", text: str = GREETING) -> str:
    """Return the curl line that sends `text` to the model; a shell fills in the key."""
    call = _CALLS.get(task, _DESCRIBE)
    target = shlex.quote(operation_url(url, call.path.format(model=model)))
    key = f'-H "Authorization: Bearer ${KEY_VARIABLE}"'
    if call.body is None:
        return f"curl {target} {key}"
    body = request_body(model=model, task=task, text=text)
    streamed = "-N " if body.get("stream") else ""
    lines = [
        f"curl {streamed}{target}",
        f"{key} -H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}{call.curl_end}",
    ]
    return " \\\n  ".join(lines)


def request_body(*, model: str, task: str = "chat", text: str = GREETING, stream: bool = True) -> dict[str, Any]:
    """Return the JSON of a call that sends `text`; only chats and completions are streamed."""
    call = _CALLS.get(task, _DESCRIBE)
    filled = {name: _filled(value, text) for name, value in (call.body or {}).items()}
    return {"model": model, **({"stream": True} if call.streams and stream else {}), **filled}


def operation_path(task: str) -> str | None:
    """Return the path below the base_url that serves the task, None when no call fits it."""
    call = _CALLS.get(task)
    return call.path if call else None


class _Call(Struct, frozen=True):
    """How a model of one task is called. `$TEXT` in a body stands for what is asked, `$MODEL` in code for the name."""

    path: str
    body: Mapping[str, Any] | None
    python: str
    javascript: str
    streams: bool = False
    curl_end: str = ""


_CHAT = _Call(
    path="chat/completions",
    body={"messages": [{"role": "user", "content": "$TEXT"}]},
    python="""\
stream = client.chat.completions.create(
    model=$MODEL, stream=True, messages=[{"role": "user", "content": $TEXT}]
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()""",
    javascript="""\
const stream = await client.chat.completions.create({
  model: $MODEL, stream: true, messages: [{ role: "user", content: $TEXT }],
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
console.log();""",
    streams=True,
)

_COMPLETIONS = _Call(
    path="completions",
    body={"prompt": "$TEXT"},
    python="""\
for chunk in client.completions.create(model=$MODEL, stream=True, prompt=$TEXT):
    if chunk.choices:
        print(chunk.choices[0].text, end="", flush=True)
print()""",
    javascript="""\
const stream = await client.completions.create({ model: $MODEL, stream: true, prompt: $TEXT });
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.text ?? "");
console.log();""",
    streams=True,
)

_EMBEDDINGS = _Call(
    path="embeddings",
    body={"input": "$TEXT"},
    python="""\
answer = client.embeddings.create(model=$MODEL, input=$TEXT)
print(answer.data[0].embedding[:4])""",
    javascript="""\
const answer = await client.embeddings.create({ model: $MODEL, input: $TEXT });
console.log(answer.data[0].embedding.slice(0, 4));""",
)

_IMAGES = _Call(
    path="images/generations",
    body={"prompt": "$TEXT"},
    python="""\
answer = client.images.generate(model=$MODEL, prompt=$TEXT)
print(answer.data[0].url or len(answer.data[0].b64_json))""",
    javascript="""\
const answer = await client.images.generate({ model: $MODEL, prompt: $TEXT });
console.log(answer.data[0].url ?? answer.data[0].b64_json.length);""",
)

_AUDIO = _Call(
    path="audio/speech",
    body={"input": "$TEXT", "voice": "alloy"},
    python="""\
client.audio.speech.create(model=$MODEL, voice="alloy", input=$TEXT).write_to_file("speech.mp3")""",
    javascript="""\
const speech = await client.audio.speech.create({ model: $MODEL, voice: "alloy", input: $TEXT });
await (await import("node:fs/promises")).writeFile("speech.mp3", Buffer.from(await speech.arrayBuffer()));""",
    curl_end=" -o speech.mp3",
)

_MODERATIONS = _Call(
    path="moderations",
    body={"input": "$TEXT"},
    python="""\
print(client.moderations.create(model=$MODEL, input=$TEXT).results[0].flagged)""",
    javascript="""\
console.log((await client.moderations.create({ model: $MODEL, input: $TEXT })).results[0].flagged);""",
)

_RERANK = _Call(  # OpenAI's SDKs have no method for it, but send any path
    path="rerank",
    body={"query": "$TEXT", "documents": ["first", "second"]},
    python="""\
body = {"model": $MODEL, "query": $TEXT, "documents": ["first", "second"]}
print(client.post("/rerank", body=body, cast_to=object))""",
    javascript="""\
const body = { model: $MODEL, query: $TEXT, documents: ["first", "second"] };
console.log(await client.post("/rerank", { body }));""",
)

_DESCRIBE = _Call(
    path="models/{model}",
    body=None,
    python="print(client.models.retrieve($MODEL))",
    javascript="console.log(await client.models.retrieve($MODEL));",
)

_CALLS: Mapping[str, _Call] = {
    "chat": _CHAT,
    "completions": _COMPLETIONS,
    "embeddings": _EMBEDDINGS,
    "images": _IMAGES,
    "audio": _AUDIO,
    "moderations": _MODERATIONS,
    "rerank": _RERANK,
}


def _filled(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, text) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, text) for one in value]
    return text if value == "$TEXT" else value


def _code(template: str, model: str) -> str:
    # A JSON string is the same text in Python and in JavaScript.
    return template.replace("$MODEL", json.dumps(model)).replace("$TEXT", json.dumps(GREETING))


def _python(call: _Call, url: str, model: str, *, key_required: bool) -> str:
    key = f'os.environ["{KEY_VARIABLE}"]'
    if not key_required:
        key = f'os.environ.get("{KEY_VARIABLE}", "{_PLACEHOLDER}")'
    return (
        "import os\n\nfrom openai import OpenAI\n\n"
        f"client = OpenAI(\n    base_url={json.dumps(url)},\n    api_key={key},\n)\n{_code(call.python, model)}"
    )


def _script(call: _Call, url: str, model: str, *, key_required: bool) -> str:
    key = f"process.env.{KEY_VARIABLE}" + ("" if key_required else f' ?? "{_PLACEHOLDER}"')
    return (
        'import OpenAI from "openai";\n\n'
        f"const client = new OpenAI({{\n  baseURL: {json.dumps(url)},\n  apiKey: {key},\n}});\n"
        f"{_code(call.javascript, model)}"
    )


def _environment(url: str, *, key_required: bool) -> str:
    key = f"${KEY_VARIABLE}" if key_required else f"${{{KEY_VARIABLE}:-{_PLACEHOLDER}}}"
    return f'export OPENAI_BASE_URL={shlex.quote(url)}\nexport OPENAI_API_KEY="{key}"'
