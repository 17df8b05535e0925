"""curl, as the snippets print it: one command per step."""

import json
import subprocess
from typing import Any

from tests.journeys.clients.steps import LONG_TOKENS, PROMPT, SHORT_TOKENS, run


class HTTPStatusError(Exception):
    """curl exits with 22 for a status of 400 and above; `--fail-with-body` still gives the body."""

    def __init__(self, body: str) -> None:
        super().__init__(body)
        error = json.loads(body)["error"]
        self.code, self.status_code = error["code"], {"invalid_api_key": 401, "model_not_found": 404}.get(error["code"])


def _curl(url: str, key: str, path: str, body: dict[str, Any] | None = None) -> str:
    command = ["curl", "-sSN", "--max-time", "60", "--fail-with-body", f"{url.removesuffix('/')}{path}"]
    command += ["-H", f"Authorization: Bearer {key}"]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 22:
        raise HTTPStatusError(done.stdout)
    done.check_returncode()
    return done.stdout


def _chat(model: str, tokens: int, **more: bool) -> dict[str, Any]:
    return {"model": model, "max_tokens": tokens, "messages": [{"role": "user", "content": PROMPT}], **more}


def list_models(url: str, key: str, _: str) -> list[str]:
    """Return the listed names."""
    return [entry["id"] for entry in json.loads(_curl(url, key, "/models"))["data"]]


def complete(url: str, key: str, model: str) -> str:
    """Return the text of a completion."""
    reply = json.loads(_curl(url, key, "/chat/completions", _chat(model, SHORT_TOKENS)))
    return str(reply["choices"][0]["message"]["content"])


def stream(url: str, key: str, model: str) -> list[str]:
    """Return the pieces of a streamed completion."""
    text = _curl(url, key, "/chat/completions", _chat(model, SHORT_TOKENS, stream=True))
    events = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    choices = [json.loads(event)["choices"] for event in events[:-1]]
    return [choice[0]["delta"].get("content") or "" for choice in choices if choice]


def embed(url: str, key: str, model: str) -> int:
    """Return how long an embedding is."""
    reply = json.loads(_curl(url, key, "/embeddings", {"model": model, "input": PROMPT}))
    vector = reply["data"][0]["embedding"]
    return len(vector[0]) if isinstance(vector[0], list) else len(vector)


def cancel(url: str, key: str, model: str) -> bool:
    """Return whether a stream could be left after its first line."""
    body = json.dumps(_chat(model, LONG_TOKENS, stream=True))
    command = ["curl", "-sSN", f"{url.removesuffix('/')}/chat/completions", "-H", f"Authorization: Bearer {key}"]
    command += ["-H", "Content-Type: application/json", "-d", body]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        first = process.stdout.readline()
        process.kill()
    return first.startswith(b"data:")


if __name__ == "__main__":
    run({"list": list_models, "complete": complete, "stream": stream, "embed": embed, "cancel": cancel})
