"""What of an event stream leaves now, and what was seen passing (proxy_behaviour.md section 3, PRX-4 to PRX-11).

Only whole events leave, so that an error event of ours is never glued to half of another one; the bytes themselves are
never changed. Usage, finish reason and errors are read from a copy, mostly when the stream is over: a chunk that is a
whole event costs one look at its end and one search for `"usage"`. Pure; used by the data plane only.
"""

import json
import re
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.access.framing import ENDS, data_of, first_end, last_end
from gateway.access.tokens import UNREADABLE, Tokens, read_usage, usage_at_end


class EventRelay:
    """Passes one stream and remembers what it said.

    `drop_injected_usage` takes out the event that is there because we asked for it (USE-3). `watch_id` looks for the id
    of the object that the stream creates. `tail_limit` is the most that is held back, in bytes.
    """

    __slots__ = (
        "_drop",
        "_ending",
        "_held",
        "_limit",
        "_mark",
        "_raw",
        "_recent",
        "_unusual",
        "_usage",
        "_watching",
        "events",
        "in_background",
        "object_id",
    )

    def __init__(self, *, drop_injected_usage: bool = False, watch_id: bool = False, tail_limit: int = 65536) -> None:
        self._drop = drop_injected_usage
        self._limit = tail_limit
        self._mark = b"\n\n"
        self._held = bytearray()
        self._raw = False
        self._ending = b""
        self._recent: deque[bytes] = deque(maxlen=_RECENT)
        self._usage: Any = None
        self._watching = _WATCHED if watch_id else 0
        self._unusual = watch_id  # one question per chunk instead of three: held, raw or watching
        self.events = 0
        """Whole events so far, comments included: about one token each."""
        self.object_id: str | None = None
        """Id of the created object, if it was watched for."""
        self.in_background = False
        """Whether it said that it is made in the background."""

    @property
    def at_boundary(self) -> bool:
        """Whether what has left ends with a whole event."""
        return not self._raw

    def feed(self, chunk: bytes) -> bytes:
        """Return what leaves now: `chunk` itself, the very same object, when it ends with an event."""
        if self._unusual or not chunk.endswith(self._mark):
            return self._feed_unusual(chunk)
        return self._passed(chunk)

    def finish(self) -> bytes:
        """Return what was held back when the upstream ended cleanly; as it is, without a newline added (CL-10)."""
        if self._raw:
            self._raw_event_ended()
        rest = bytes(self._held)
        self._held.clear()
        return self._passed(rest) if rest else b""

    @property
    def usage(self) -> Tokens | None:
        """The last usage told, in whatever event (USE-2)."""
        return self._usage if isinstance(self._usage, Tokens) else read_usage({"usage": self._usage})

    @property
    def done(self) -> bool:
        """Whether `data: [DONE]` came."""
        return _DONE.search(b"\n" + self._end()) is not None

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, if it was said; of a typed stream its terminal event, e.g. `response.completed`."""
        end = self._end()
        reasons = _FINISH.findall(end) or _TERMINAL.findall(end)
        return reasons[-1].decode() if reasons else None

    @property
    def complete(self) -> bool:
        """Whether the stream said that it is over (PRX-5): some servers never send `[DONE]`, some nothing else."""
        end = self._end()
        return bool(_DONE.search(b"\n" + end) or _FINISH.search(end) or _TERMINAL.search(end))

    @property
    def error(self) -> Mapping[str, Any] | None:
        """The error object among the last events: the call has failed although its status is 200 (PRX-6)."""
        end = self._end()
        if b'"error"' not in end:
            return None
        found = (_error_in(data_of(event)) for event in _EVENT.findall(end) if b'"error"' in event)
        return next((error for error in found if error is not None), None)

    def _passed(self, data: bytes) -> bytes:
        """Note whole events and return them, or what is left of them."""
        # The usual chunk is one event of one line. Counting pairs of bytes would take as long as all the rest.
        self.events += 1 if data.find(b"\n") == len(data) - 2 else data.count(self._mark)
        self._recent.append(data if len(data) <= _KEPT else data[-_KEPT:])
        at = data.find(b'"usage"')
        return data if at < 0 else self._with_usage(data, at)

    def _feed_unusual(self, chunk: bytes) -> bytes:
        out = self._feed_raw(chunk) if self._raw else self._feed_cut(chunk)
        if self._watching and out:
            self._watch(out)
        self._unusual = self._raw or self._watching > 0 or bool(self._held)
        return out

    def _feed_cut(self, chunk: bytes) -> bytes:
        """Let go up to the last end of an event and hold the rest."""
        held = self._held
        searched = max(0, len(held) - 3)
        held += chunk
        at = held.rfind(self._mark, searched)
        end = at + len(self._mark) if at >= 0 else 0
        if end < len(held):  # no end, or a later one in another framing
            end = max(end, last_end(held, max(end, searched)))
        if 0 < end == len(chunk) == len(held):
            held.clear()
            self._mark = next(mark for mark in ENDS if chunk.endswith(mark))
            return self._passed(chunk)
        out = b""
        if end > 0:
            out = bytes(held[:end])
            del held[:end]
            out = self._passed(out)
        return out + self._let_go_raw() if len(held) > self._limit else out

    def _let_go_raw(self) -> bytes:
        """An event of this size is not held: it passes as it comes until it ends."""
        data = bytes(self._held)
        self._held.clear()
        self._raw = True
        self._recent.append(data[:_TYPE_WITHIN])
        self._ending = data[-_ENDING:]
        return data

    def _feed_raw(self, chunk: bytes) -> bytes:
        end = first_end(self._ending[-1:] + chunk) - 1
        if end < 0:
            self._ending = (self._ending + chunk)[-_ENDING:]
            return chunk
        self._ending = (self._ending + chunk[:end])[-_ENDING:]
        self._raw_event_ended()
        rest = chunk[end:]
        if not rest:
            return chunk
        out = self._feed_cut(rest)
        return chunk if out is rest else chunk[:end] + out

    def _raw_event_ended(self) -> None:
        self._raw = False
        self.events += 1
        self._recent.append(self._ending[-_KEPT:])
        self._usage = usage_at_end(self._ending) or self._usage
        self._ending = b""

    def _with_usage(self, data: bytes, at: int) -> bytes:
        """Read every event of `data` that tells usage, and take out the one that we asked for."""
        single = data.find(b"\n") == len(data) - 2
        out, start = b"", 0
        while at >= 0:
            end = at + 7
            if not data.startswith(_NULLS, end):
                first = 0 if single else max(last_end(data, start, at), start)
                end = -1 if single else first_end(data, at)
                end = len(data) if end < 0 else end
                if self._read(data[first:end]):
                    out += data[start:first]
                    start = end
            at = data.find(b'"usage"', end)
        return out + data[start:] if start else data

    def _read(self, event: bytes) -> bool:
        """Note the event's usage; return whether the event exists only because we asked for it."""
        payload = data_of(event)
        try:
            decoded = _EVENT_DECODER.decode(payload)
        except UNREADABLE:
            return self._read_odd(payload)
        self._usage = decoded.usage or (decoded.response and decoded.response.usage) or self._usage
        return self._drop and bool(decoded.usage) and _NO_CHOICES.fullmatch(decoded.choices) is not None

    def _read_odd(self, payload: bytes) -> bool:
        """Do the same for what msgspec does not take, such as lone surrogates."""
        decoded = _decoded(payload)
        if not isinstance(decoded, dict):
            return False
        self._usage = decoded.get("usage") or self._usage
        return self._drop and bool(decoded.get("usage")) and decoded.get("choices") == []

    def _watch(self, data: bytes) -> None:
        self._watching -= 1
        for event in _EVENT.findall(data):
            decoded = _decoded(data_of(event))
            inner = decoded.get("response", decoded) if isinstance(decoded, dict) else None
            if isinstance(inner, dict) and isinstance(found := inner.get("id"), str):
                self.object_id, self._watching = found, 0
                self.in_background = inner.get("background") is True
                return

    def _end(self) -> bytes:
        return b"".join(self._recent)


def _decoded(payload: bytes) -> Any:
    """Return the payload as Python objects, or None: nothing read here ever disturbs the stream (STR-7)."""
    try:
        return msgspec.json.decode(payload)
    except UNREADABLE:
        pass
    try:  # lone surrogates, numbers without end
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _error_in(payload: bytes) -> Mapping[str, Any] | None:
    decoded = _decoded(payload)
    if not isinstance(decoded, dict):
        return None
    if decoded.get("type") == "error":  # the responses API: the event itself is the error
        return decoded.get("error") if isinstance(decoded.get("error"), dict) else decoded
    if decoded.get("type") == "response.failed" and isinstance(decoded.get("response"), dict):
        decoded = decoded["response"]
    error = decoded.get("error")
    if not error:
        return None
    return error if isinstance(error, dict) else {"message": str(error)}


class _Response(msgspec.Struct, gc=False):
    usage: Any = None


class _Event(msgspec.Struct, gc=False):
    usage: Any = None
    choices: msgspec.Raw = msgspec.Raw()
    response: _Response | None = None


_EVENT_DECODER: Final = msgspec.json.Decoder(_Event)
_RECENT: Final = 8  # chunks: the last content, the usage, [DONE], and keepalives between them
_WATCHED: Final = 4  # chunks in which an id is looked for; it stands in the first event
_KEPT: Final = 4096  # bytes of each
_ENDING: Final = 8192  # bytes of an event's end that are searched for usage; it stands in the last kilobyte
_TYPE_WITHIN: Final = 256  # bytes of an event's start; `event:` and `type` stand there
_NULLS: Final = (b":null", b": null")
_EVENT: Final = re.compile(rb"(?:[^\r\n]+(?:\r\n|\n|\r|\Z))+")
_NO_CHOICES: Final = re.compile(rb"\[\s*\]")
_DONE: Final = re.compile(rb"[\r\n]data: ?\[DONE\]")
_FINISH: Final = re.compile(rb'"finish_reason" ?: ?"([a-z_]{1,64})"')
_TERMINAL: Final = re.compile(
    rb'"type" ?: ?"(response\.(?:completed|failed|incomplete|cancelled)|image_(?:generation|edit)\.completed'
    rb'|transcript\.text\.done|speech\.audio\.done)"'
)
