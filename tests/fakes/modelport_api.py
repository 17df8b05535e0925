"""A small modelport server for tests of its clients: the look-up, and a data plane that answers any path.

It runs in a thread of its own, so that synchronous clients can call it. What it was asked is kept word for word.
"""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

TEAM_ADDRESS = "/access/models/local/"
ANSWER = "Hello from modelport"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived."""

    method: str
    target: str
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def path(self) -> str:
        """The raw path without its query."""
        return self.target.partition("?")[0]

    @property
    def key(self) -> str | None:
        """The bearer credential that came along."""
        return self.headers.get("Authorization")


@dataclass(slots=True)
class ModelportAPI:
    """What the server knows, what it is told to answer, and what it was asked."""

    models: dict[str, str] = field(default_factory=dict)  # name -> base_url
    gateways: list[str] = field(default_factory=list)
    key: str | None = None  # the only good one, if any is wanted
    team_address: str = TEAM_ADDRESS
    # Scripted answers, each used once: (status, headers, body). Look-ups and calls apart.
    lookup_answers: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    call_answers: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    lookups: list[Call] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)  # look-ups wait while it is closed
    url: str = ""

    def __post_init__(self) -> None:
        self.gate.set()

    def app(self) -> web.Application:
        """Return the server's application."""
        app = web.Application()
        app.router.add_get("/{mount:.*}api/v1/resolve", self._lookup)
        app.router.add_route("*", "/{tail:.*}", self._call)
        return app

    async def _lookup(self, request: web.Request) -> web.Response:
        self.lookups.append(await _call(request))
        await asyncio.to_thread(self.gate.wait)
        if self.lookup_answers:
            return _scripted(self.lookup_answers.pop(0))
        if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
            return _problem(401, "invalid_api_key", "this key is not known here", hint="modelport keys create")
        name = request.query.get("model")
        base_url = self.team_address if name is None else self.models.get(name)
        if base_url is None:
            close = [known for known in self.models if known[:2] == (name or "")[:2]]
            return _problem(404, "model_not_found", f'model "{name}" is not published', did_you_mean=close)
        team = request.query.get("team", "local")
        answer = {"model": name, "uid": "mdl_x", "team": team, "base_url": base_url, "gateways": self.gateways}
        # A wrong `url` on purpose: the wrapper resolves base_url itself.
        return web.json_response(answer | {"url": "http://127.0.0.1:1/never", "via": "server", "revision": 1})

    async def _call(self, request: web.Request) -> web.StreamResponse:
        call = await _call(request)
        self.calls.append(call)
        if self.call_answers:
            return _scripted(self.call_answers.pop(0))
        if call.path.endswith("/audio/speech"):
            return web.Response(body=b"RIFF\x00", content_type="audio/wav")
        wanted = json.loads(call.body) if request.content_type == "application/json" and call.body else {}
        if wanted.get("stream"):
            return await _stream(request, wanted)
        for suffix, answer in _answers(wanted).items():
            if call.path.endswith(suffix):
                return web.json_response(answer, headers={"x-request-id": "req_1"})
        return web.json_response({"error": {"message": "no such operation", "code": "not_found"}}, status=404)


@contextmanager
def serving(api: ModelportAPI, *, tls: ssl.SSLContext | None = None) -> Iterator[ModelportAPI]:
    """Serve `api` on a free port of loopback while the block runs; `api.url` names it."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(api.app(), shutdown_timeout=0.1)
    loop.run_until_complete(runner.setup())
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    loop.run_until_complete(site.start())
    api.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    thread = threading.Thread(target=loop.run_forever, name="modelport api")
    thread.start()
    try:
        yield api
    finally:
        api.gate.set()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(runner.cleanup())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def dead_url() -> str:
    """Return an address of loopback where nobody listens any more."""
    with serving(ModelportAPI()) as api:
        return api.url


async def _call(request: web.Request) -> Call:
    return Call(
        request.method,
        request.rel_url.raw_path_qs,
        CIMultiDictProxy(CIMultiDict(request.headers)),
        await request.read(),
    )


def _scripted(answer: tuple[int, Mapping[str, str], bytes]) -> web.Response:
    status, headers, body = answer
    return web.Response(status=status, headers={"Content-Type": "application/json", **headers}, body=body)


def _problem(status: int, code: str, detail: str, **extra: object) -> web.Response:
    document = {"type": "about:blank", "title": code, "status": status, "detail": detail, "code": code, **extra}
    return web.json_response(document, status=status, content_type="application/problem+json")


async def _stream(request: web.Request, wanted: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for word in ANSWER.split(" "):
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": wanted["model"]}
        delta = {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
        await response.write(f"data: {json.dumps(chunk | {'choices': [delta]})}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _answers(wanted: dict[str, Any]) -> dict[str, dict[str, Any]]:
    model = wanted.get("model", "?")
    message = {"role": "assistant", "content": ANSWER, "refusal": None}
    text = {"type": "output_text", "text": ANSWER, "annotations": []}
    said = {"id": "m1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    listed = {"id": "qwen3", "object": "model", "created": 1, "owned_by": "local"}
    return {
        "/chat/completions": {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}],
        },
        "/responses": {
            "id": "r1",
            "object": "response",
            "created_at": 1,
            "model": model,
            "output": [said],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        },
        "/embeddings": {
            "object": "list",
            "model": model,
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        },
        "/audio/transcriptions": {"text": ANSWER},
        "/models": {"object": "list", "data": [listed]},
        "/models/qwen3": listed,
    }
