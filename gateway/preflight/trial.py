"""Stage c: the smallest call that proves everything, and what its answer means (preflight.md section 10).

A chat of at most 16 tokens: reasoning models refuse fewer, and an answer that stops at the limit is a success. Tasks
without a cheap call are asked whether the key passes, and remain unproved.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct
from yarl import URL

from gateway.preflight.asking import MAX_BYTES, Asker, Failed, Told, place
from gateway.preflight.books import Attempt
from gateway.preflight.checks import StageName, stage
from gateway.preflight.existence import Existence, below
from gateway.preflight.names import close_names
from gateway.preflight.said import error_of, says
from gateway.registry.verdict import StageView
from gateway.vault.secret import Secret

TOKENS: Final = 16
FIRST_BYTE_S: Final = 10.0
COLD_FIRST_BYTE_S: Final = 120.0
"""Of a server that loads the model when it is called: Ollama takes a minute for a large one."""

_PATHS: Final = {
    "chat": "/chat/completions",
    "completions": "/completions",
    "embeddings": "/embeddings",
    "images": "/images/generations",
    "audio": "/audio/speech",
    "moderations": "/moderations",
    "rerank": "/rerank",
}
_PROVED: Final = frozenset({"chat", "completions", "embeddings"})
_OK, _BAD, _NO_KEY, _NO_MONEY, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _BUSY, _ERROR, _LOOP = (
    200, 400, 401, 402, 403, 404, 429, 503, 500, 508,
)  # fmt: skip
_REDIRECTS: Final = range(300, 400)
_AT_LEAST = re.compile(r"(?:>=|at least|minimum (?:value )?(?:of|is))\s*(\d{1,4})")
_LIMIT = re.compile(r"could not finish the message because max_tokens", re.IGNORECASE)
_NO_MODEL = re.compile(r"model.{0,120}(?:not found|does not exist|not exist|unknown|not supported)", re.IGNORECASE)
_MOST_TOKENS: Final = 1024
# A stream of several events that all come within this time, after a wait, was held back (no server makes 4 in 5 ms).
_ONE_PIECE_MS: Final = 5.0
_A_WAIT_MS: Final = 150.0
_SEVERAL: Final = 4


class Trial(Struct, frozen=True, kw_only=True):
    """What is to be tried."""

    url: URL
    model: str
    task: str
    key: Secret | None
    found: Existence
    ended: Callable[[Attempt], object] | None = None
    """Takes each call when it has ended."""

    @property
    def target(self) -> URL:
        """Where a call of the task goes."""
        return below(self.url, _PATHS[self.task])

    @property
    def first_byte_s(self) -> float:
        """How long the answer's beginning may take."""
        return COLD_FIRST_BYTE_S if self.found.is_cold else FIRST_BYTE_S


async def attempt(asker: Asker, trial: Trial) -> StageView:
    """Return what the smallest call came to; a second one is made where the first says how it must be."""
    if trial.task not in _PATHS:
        return stage("trial", "no_trial", task=trial.task, detail="")
    began = time.perf_counter()
    body = _body(trial)
    told = await _post(asker, trial, body)
    if isinstance(told, Told) and told.status == _BAD and (other := _amended(body, error_of(told)[0])) is not None:
        body = other
        told = await _post(asker, trial, body)
    return await _judge(trial, told, (time.perf_counter() - began) * 1000)


async def attempt_stream(asker: Asker, trial: Trial) -> StageView:
    """Return whether a streamed chat comes event by event, or in one piece from a proxy that buffers."""
    began = time.perf_counter()
    body = {**_body(trial), "stream": True}
    told = await _stream(asker, trial, body)
    if isinstance(told, Told) and told.status == _BAD and (other := _amended(body, error_of(told)[0])) is not None:
        told = await _stream(asker, trial, other)
    took_ms = (time.perf_counter() - began) * 1000
    if isinstance(told, StageView):
        return told.model_copy(update={"took_ms": round(took_ms, 1)})
    return await _judge(trial, told, took_ms, name="stream")


def _body(trial: Trial) -> dict[str, Any]:
    if trial.task == "chat":
        return {
            "model": trial.model,
            "messages": [{"role": "user", "content": "ping"}],
            "max_tokens": TOKENS,
            "stream": False,
        }
    if trial.task == "completions":
        return {"model": trial.model, "prompt": "ping", "max_tokens": TOKENS, "stream": False}
    if trial.task == "embeddings":
        return {"model": trial.model, "input": "a"}
    return {"model": trial.model}


def _amended(body: Mapping[str, Any], message: str) -> dict[str, Any] | None:
    """Return the body as the refusal wants it; None when it wants something else."""
    if "max_tokens" not in body and "max_completion_tokens" not in body:
        return None
    name = "max_completion_tokens" if "max_completion_tokens" in message else "max_tokens"
    tokens = TOKENS
    if (found := _AT_LEAST.search(message)) is not None:
        tokens = min(int(found[1]), _MOST_TOKENS)
    kept = {key: value for key, value in body.items() if key not in {"max_tokens", "max_completion_tokens"}}
    amended = {**kept, name: tokens}
    return None if amended == dict(body) else amended


async def _post(asker: Asker, trial: Trial, body: Mapping[str, Any]) -> Told | Failed:
    began = time.perf_counter()
    told = await asker.ask("POST", trial.target, key=trial.key, body=body, within_s=trial.first_byte_s)
    _end(trial, told, body, began)
    return told


def _end(trial: Trial, told: Told | Failed, body: Mapping[str, Any], began: float) -> None:
    if trial.ended is not None:
        took_ms = (time.perf_counter() - began) * 1000
        trial.ended(Attempt(trial.target, trial.task, told, took_ms, len(json.dumps(body))))


async def _judge(trial: Trial, told: Told | Failed, took_ms: float, *, name: StageName = "trial") -> StageView:
    if isinstance(told, Failed):
        return stage(name, told.code, took_ms=took_ms, **told.values)
    code, values, evidence = _meaning(trial, told)
    close: tuple[str, ...] = ()
    if code == "model_absent":
        close = await close_names(trial.model, trial.found.listed or ())
        values["close"] = f"; did you mean {close[0]!r}?" if close else ""
    evidence = {"status": told.status, "api": bool(error_of(told)[0]), **evidence}
    return stage(name, code, did_you_mean=close, took_ms=took_ms, evidence=evidence, **values)


def _meaning(trial: Trial, told: Told) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return the finding's code, the values of its words and its evidence."""
    values: dict[str, Any] = {
        "url": trial.target,
        "place": place(trial.url),
        "status": told.status,
        "says": says(told, trial.key),
        "task": trial.task,
        "article": "an" if trial.task[0] in "aeiou" else "a",
        "model": trial.model,
        "option": "--upstream-model NAME",
        "engine": trial.found.engine,
        "detail": "",
    }
    code = _refusal(trial, told)
    evidence: dict[str, Any] = {}
    if told.status in _REDIRECTS:
        values["origin"] = told.headers.get("location", "elsewhere").partition("?")[0]
    if code is None and trial.task not in _PROVED:
        passed = told.status in {_BAD, 422}
        values["detail"] = "; the key passed" if passed and trial.key is not None else ""
        return "no_trial", values, {"key_passed": passed}
    if code is None:
        detail, evidence = _answered(trial.task, told.data)
        values["detail"] = detail
        code = "bad_answer" if not evidence else "answered"
        code = "html" if not evidence and told.is_page else code
    return code, values, evidence


def _refusal(trial: Trial, told: Told) -> str | None:  # noqa: C901, PLR0911 - one line per status
    """Return what a status means; None where the call was carried out, or nothing could be tried."""
    message, kind = error_of(told)
    status = told.status
    if status in _REDIRECTS:
        return "moved"
    if status == _LOOP:
        return "circle"
    if status == _NO_KEY:
        return "key_needed" if trial.key is None else "key_refused"
    if status == _FORBIDDEN:
        return "forbidden"
    if status == _NO_MONEY or (status == _TOO_MANY and "insufficient_quota" in f"{kind} {message}"):
        return "no_credit"
    if status == _TOO_MANY:
        return "rate_limited"
    if kind == "model_not_found" or (status in {_BAD, _NOT_FOUND} and _NO_MODEL.search(message)):
        return "model_absent"
    if status == _NOT_FOUND:
        return "not_found"
    if status == _BUSY and "loading" in message.lower():
        return "still_loading"
    if status >= _ERROR:
        return "server_error"
    if _LIMIT.search(message):
        return "limit_reached"
    return "rejected" if status >= _BAD and trial.task in _PROVED else None


def _answered(task: str, data: Any) -> tuple[str, dict[str, Any]]:
    """Return what an answer shows, ("", {}) when it is none of the task's."""
    if not isinstance(data, dict):
        return "", {}
    usage = data.get("usage") if isinstance(data.get("usage"), dict) else {}
    tokens = {"tokens": usage.get("total_tokens")} if usage else {}
    if task == "embeddings":
        rows = data.get("data")
        vector = rows[0].get("embedding") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
        if not isinstance(vector, list | str) or not vector:
            return "", {}
        return f" with {len(vector)} numbers", {"dimensions": len(vector), **tokens}
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return "", {}
    return "", {"finish_reason": choices[0].get("finish_reason"), **tokens}


async def _stream(asker: Asker, trial: Trial, body: Mapping[str, Any]) -> StageView | Told | Failed:
    began = time.perf_counter()
    opened = await asker.open("POST", trial.target, key=trial.key, body=body, within_s=trial.first_byte_s)
    if isinstance(opened, Failed):
        _end(trial, opened, body, began)
        return opened
    response, first_ms = opened
    headers = {name.lower(): value for name, value in response.headers.items()}
    kind = headers.get("content-type", "nothing").partition(";")[0]
    if response.status == _OK and kind != "text/event-stream":
        response.close()
        _end(trial, Told(_OK, headers, b"", first_ms), body, began)
        return stage("stream", "no_stream", kind=kind)
    read = await asker.events(response, trial.url, within_s=trial.first_byte_s, began=began, limit=MAX_BYTES)
    if isinstance(read, Failed):
        _end(trial, read, body, began)
        return read
    text, times = read
    told = Told(response.status, headers, text, first_ms, asker.parsed(text))
    _end(trial, told, body, began)
    return told if told.status != _OK else _streamed(trial, times)


def _streamed(trial: Trial, times: list[float]) -> StageView:
    """Return what the times of a stream's events say."""
    if not times:
        return stage("stream", "bad_answer", url=trial.target, status=_OK, task="streamed")
    held = len(times) >= _SEVERAL and times[-1] - times[0] <= _ONE_PIECE_MS and times[0] >= _A_WAIT_MS
    evidence = {"first_event_ms": round(times[0], 1), "last_event_ms": round(times[-1], 1), "events": len(times)}
    return stage("stream", "buffered" if held else "streams", first=times[0], evidence=evidence)
