"""The built-in `echo` model: an upstream that repeats what it is told, so that a first call needs nothing else.

It is no language model and says so in every answer (`system_fingerprint: "echo"`). It runs as a server of its own on a
free loopback port, so a call to it takes exactly the way that a call to a real model server takes. `serve --demo` only.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.api.permissions import Permission, Role
from gateway.api.principal import Principal
from gateway.registry.inputs import EndpointFields, EndpointPatch, ModelCreate
from gateway.registry.registry import Registry
from gateway.registry.service.registry_service import RegistryService

MODEL = "echo"
_SYSTEM = Principal(key_id=None, name="demo", role=Role.ADMIN, permissions=frozenset(Permission))
_DIMENSIONS = 16
_MAX_BODY_BYTES = 1 << 30  # the gateway in front has the limits
_PAUSE_S = 0.02  # between two words of a stream, so that a person sees it stream


class EchoServer:
    """The echo model server. `base_url` and `network`, as an egress policy writes it, are set when it has started."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self.base_url = ""
        self.network = ""

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        app = web.Application(middlewares=[_explain], client_max_size=_MAX_BODY_BYTES)
        app.router.add_post("/v1/chat/completions", _chat)
        app.router.add_post("/v1/completions", _completion)
        app.router.add_post("/v1/embeddings", _embeddings)
        app.router.add_get("/v1/models", _models)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base_url = f"http://127.0.0.1:{site.port}/v1"
        self.network = f"127.0.0.1/32:{site.port}"

    async def stop(self) -> None:
        """Close the server."""
        if self._runner is not None:
            await self._runner.cleanup()


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse in the shape that OpenAI's API has, so that the reason reaches the caller."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        refused: web.HTTPException = web.HTTPNotFound(text="echo knows chat/completions, completions and embeddings")
    except web.HTTPException as error:
        refused = error
    error_body = {"message": refused.text, "type": "invalid_request_error", "param": None, "code": None}
    return web.json_response({"error": error_body}, status=refused.status)


async def _read(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body must be a JSON object")
    return body


async def _models(request: web.Request) -> web.Response:  # noqa: ARG001 - aiohttp's handler shape
    return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "modelport"}]})


async def _chat(request: web.Request) -> web.StreamResponse:
    body = await _read(request)
    words = _words(_last_text(body.get("messages")))
    usage = _usage(json.dumps(body.get("messages")), words)
    base = {"id": "chatcmpl-echo", "created": int(time.time()), "model": MODEL, "system_fingerprint": "echo"}
    if not body.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": "".join(words)}, "finish_reason": "stop"}
        return web.json_response({**base, "object": "chat.completion", "choices": [choice], "usage": usage})

    async def events() -> AsyncIterator[dict[str, Any]]:
        chunk = {**base, "object": "chat.completion.chunk"}
        yield {**chunk, "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
        for word in words:
            yield {**chunk, "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
            await asyncio.sleep(_PAUSE_S)
        yield {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        if isinstance(options := body.get("stream_options"), dict) and options.get("include_usage"):
            yield {**chunk, "choices": [], "usage": usage}

    return await _stream(request, events())


async def _completion(request: web.Request) -> web.StreamResponse:
    body = await _read(request)
    words = _words(str(body.get("prompt", "")))
    base = {"id": "cmpl-echo", "object": "text_completion", "created": int(time.time()), "model": MODEL}
    if not body.get("stream"):
        choice = {"index": 0, "text": "".join(words), "finish_reason": "stop"}
        return web.json_response({**base, "choices": [choice], "usage": _usage(str(body.get("prompt")), words)})

    async def events() -> AsyncIterator[dict[str, Any]]:
        for word in words:
            yield {**base, "choices": [{"index": 0, "text": word, "finish_reason": None}]}
            await asyncio.sleep(_PAUSE_S)
        yield {**base, "choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}

    return await _stream(request, events())


async def _embeddings(request: web.Request) -> web.Response:
    body = await _read(request)
    texts = body.get("input")
    rows = texts if isinstance(texts, list) else [texts]
    data = [{"object": "embedding", "index": i, "embedding": _vector(str(text))} for i, text in enumerate(rows)]
    tokens = sum(len(_words(str(text))) for text in rows)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return web.json_response({"object": "list", "data": data, "model": MODEL, "usage": usage})


async def _stream(request: web.Request, events: AsyncIterator[dict[str, Any]]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    async for event in events:
        await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _last_text(messages: Any) -> str:
    if not isinstance(messages, list) or not messages or not isinstance(messages[-1], dict):
        raise web.HTTPBadRequest(text="messages must be a list of at least one message")
    content = messages[-1].get("content")
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def _vector(text: str) -> list[float]:
    digest = hashlib.sha256(text.encode()).digest()
    return [byte / 255 for byte in digest[:_DIMENSIONS]]


def _usage(prompt: str, words: list[str]) -> dict[str, int]:
    asked = len(_words(prompt))
    return {"prompt_tokens": asked, "completion_tokens": len(words), "total_tokens": asked + len(words)}


async def publish_echo(service: RegistryService, registry: Registry, base_url: str) -> None:
    """Register `echo` in the team default, or point it at the echo server's new port."""
    route = registry.snapshot.find("default", MODEL)
    if route is None:
        endpoint = EndpointFields(base_url=base_url)
        words = "Built in: repeats what it is told."
        body = ModelCreate(name=MODEL, description=words, stream_usage=True, endpoints=(endpoint,))
        await service.models.create(_SYSTEM, body, server="http://localhost/")
    elif route.endpoints:
        await service.endpoints.patch(
            _SYSTEM, route.endpoints[0].id, EndpointPatch(base_url=base_url), server="http://localhost/"
        )
