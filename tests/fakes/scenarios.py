"""Named scripts of the upstream, chosen by the request's `model`, and what it answers when nothing is scripted.

Every name here can be tried by hand: point any OpenAI-compatible gateway at the upstream and call the model.
"""

import json

from tests.fakes.script import LAST_CHUNK, SSE_TYPE, Script, answer, chunk, event_stream, head


def event(content: str = "", *, finish: str | None = None, **extra: object) -> bytes:
    """Return one event of a chat stream."""
    delta = {"content": content} if content else {}
    body = {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "scripted-model",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **extra,
    }  # fmt: skip
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def usage_event(prompt: int = 11, completion: int = 7) -> bytes:
    """Return the event that `stream_options.include_usage` asks for."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "scripted-model",
            "choices": [], "usage": usage}  # fmt: skip
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def completion(content: str = "Hello there.", prompt: int = 11, tokens: int = 7) -> bytes:
    """Return a whole chat completion."""
    body = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "scripted-model",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens},
    }  # fmt: skip
    return json.dumps(body).encode()


ONE, TWO, STOP, DONE = event("Hello"), event(" there."), event(finish="stop"), b"data: [DONE]\n\n"
EMBEDDING = json.dumps(
    {
        "object": "list",
        "model": "scripted-model",
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}],
    }
).encode()
MODELS = json.dumps(
    {"object": "list", "data": [{"id": "scripted-model", "object": "model", "created": 1, "owned_by": "tests"}]}
).encode()
NO_OBJECTS = b'{"object":"list","data":[],"has_more":false}'
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx upstream-host.internal:8080</body></html>"

USAGE_WANTED = r'"include_usage"\s*:\s*true'
CHAT_STREAM = event_stream().events(ONE, TWO, STOP).event(usage_event(), when=USAGE_WANTED).events(DONE).end()

SCENARIOS: dict[str, Script] = {
    "stream-cut": event_stream().events(ONE, TWO).fin(),
    "stream-rst": event_stream().events(ONE, TWO).rst(),
    "stream-half-event": event_stream().events(ONE, TWO[:30]).fin(),
    "stream-no-done": event_stream().events(ONE, TWO, STOP).end(),
    "stream-no-finish": event_stream().events(ONE, TWO).end(),
    "stream-error": event_stream().events(ONE, b'data: {"error":{"message":"out of memory","code":507}}\n\n').end(),
    "stream-silent": event_stream().events(ONE).silence(),
    "stream-endless": event_stream().repeat(chunk(ONE), 2000, 0.03).events(DONE).end(),
    "stream-crlf": event_stream().events(*(e.replace(b"\n", b"\r\n") for e in (ONE, STOP, DONE))).end(),
    "stream-cr": event_stream().events(*(e.replace(b"\n", b"\r") for e in (ONE, STOP, DONE))).end(),
    "stream-bytes": event_stream().events(*(bytes([b]) for b in ONE + STOP + DONE)).end(),
    "stream-20mb": event_stream().repeat(chunk(event("x" * 20_000)), 1000).events(STOP, DONE).end(),
    "stream-http10": Script().raw(head(200, SSE_TYPE, version="HTTP/1.0") + ONE + STOP + DONE).fin(),
    "head-silent": Script().silence(),
    "head-slow": Script().pause(2.0).raw(head(200, {"Content-Length": "2", "Content-Type": "application/json"}), b"{}"),
    "plain-short": Script().raw(head(200, {"Content-Type": "application/json", "Content-Length": "999"}), b"{").fin(),
    "plain-chunk-cut": Script()
    .raw(head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}), chunk(b"{"))
    .fin(),
    "redirect": answer(307, b"{}", {"Location": "/v1/elsewhere"}),
    "cookie": answer(200, completion(), {"Set-Cookie": "upstream=1; Path=/"}),
    "error-400": answer(400, b'{"error":{"message":"too long","type":"x","code":"context_length_exceeded"}}'),
    "error-429": answer(429, b'{"error":{"message":"slow down"}}', {"Retry-After": "7"}),
    "error-html": answer(502, HTML, {"Content-Type": "text/html"}),
    "hangup": Script().fin(),
    "reset": Script().rst(),
    "not-http": Script().raw(b"220 mail.example ESMTP ready\r\n").fin(),
    "hangs-up-after": Script()
    .raw(head(200, {"Content-Length": "2", "Content-Type": "application/json"}) + b"{}")
    .fin(),
}
"""Other model names get what the path asks for."""


def usual(target: str, body: bytes) -> Script:
    """Return the answer of a healthy model server to a path and body."""
    path = target.partition("?")[0].rstrip("/")
    if path.endswith("/models"):
        return answer(200, MODELS)
    if path.endswith("/embeddings"):
        return answer(200, EMBEDDING)
    if path.endswith(("/files", "/batches")) and not body:
        return answer(200, NO_OBJECTS)
    if b'"stream": true' in body or b'"stream":true' in body:
        return CHAT_STREAM
    return answer(200, completion())


__all__ = [
    "CHAT_STREAM", "DONE", "HTML", "LAST_CHUNK", "ONE", "SCENARIOS", "STOP", "TWO",
    "completion", "event", "usage_event", "usual",
]  # fmt: skip
