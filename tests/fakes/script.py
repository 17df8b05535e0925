"""What a scripted upstream answers, as data: bytes to send, waits, and ways to break off.

A script is built by chaining, is immutable, and travels as JSON to an upstream in another process:

    event_stream().events(FIRST, SECOND).rst()
    answer(429, b'{"error":{}}', {"Retry-After": "7"})
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

Kind = Literal["send", "repeat", "pause", "gate", "silence", "fin", "rst", "mute"]

REASONS = {100: "Continue", 200: "OK", 307: "Temporary Redirect", 400: "Bad Request", 429: "Too Many Requests"}
JSON_TYPE = {"Content-Type": "application/json"}
SSE_TYPE = {"Content-Type": "text/event-stream; charset=utf-8"}
LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `when` limits a send to requests whose body matches that pattern."""

    kind: Kind
    data: bytes = b""
    times: int = 1
    every_s: float = 0.0
    when: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """Steps in order; afterwards the connection stays open for the next request.

    `early`: begin before the request's body has arrived. `hold`: leave the body unread until a gate opens.
    `poison`: the next request on this connection is answered by a reset (a stale pooled connection).
    """

    steps: tuple[Step, ...] = ()
    early: bool = False
    hold: bool = False
    poison: bool = False

    def raw(self, *pieces: bytes) -> Self:
        """Send these bytes, each by a write of its own."""
        return self._then(*(Step("send", piece) for piece in pieces))

    def event(self, data: bytes, *, when: str = "") -> Self:
        """Send one chunk of a chunked body."""
        return self._then(Step("send", chunk(data), when=when))

    def events(self, *events: bytes) -> Self:
        """Send each as a chunk of its own."""
        return self._then(*(Step("send", chunk(event)) for event in events))

    def repeat(self, data: bytes, times: int, every_s: float = 0.0) -> Self:
        """Send the bytes again and again, with a pause of `every_s` seconds after each."""
        return self._then(Step("repeat", data, times, every_s))

    def end(self) -> Self:
        """Send the last chunk: the clean end of a chunked body."""
        return self.raw(LAST_CHUNK)

    def pause(self, seconds: float) -> Self:
        """Send nothing for a while."""
        return self._then(Step("pause", every_s=seconds))

    def gate(self) -> Self:
        """Wait until the test opens the gate of this request's marker."""
        return self._then(Step("gate"))

    def silence(self) -> Self:
        """Send nothing more and keep the connection, until the other side leaves (60 s at most)."""
        return self._then(Step("silence"))

    def fin(self) -> Self:
        """Close in order: what was sent arrives, then the end of the TCP stream."""
        return self._then(Step("fin"))

    def rst(self) -> Self:
        """Reset the connection, a moment after what was sent has arrived."""
        return self._then(Step("rst"))

    def when_poisoned(self) -> Self:
        """Answer the next request on the same connection with a reset."""
        return replace(self, poison=True)

    def before_body(self, *, hold: bool = False) -> Self:
        """Begin before the request's body has arrived; with `hold` leave it unread until a gate opens."""
        return replace(self, early=True, hold=hold)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form that `from_json` reads."""
        steps = [
            {
                "kind": s.kind,
                "data": base64.b64encode(s.data).decode(),
                "times": s.times,
                "every_s": s.every_s,
                "when": s.when,
            }
            for s in self.steps
        ]
        return {"steps": steps, "early": self.early, "hold": self.hold, "poison": self.poison}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the script of a JSON form."""
        steps = tuple(
            Step(s["kind"], base64.b64decode(s["data"]), int(s["times"]), float(s["every_s"]), s["when"])
            for s in data["steps"]
        )
        return cls(steps, early=bool(data["early"]), hold=bool(data["hold"]), poison=bool(data["poison"]))

    def _then(self, *steps: Step) -> Self:
        return replace(self, steps=(*self.steps, *steps))


def head(status: int, headers: Mapping[str, str] | list[tuple[str, str]], *, version: str = "HTTP/1.1") -> bytes:
    """Return the bytes of a response head."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = [f"{version} {status} {REASONS.get(status, 'Status')}", *(f"{name}: {value}" for name, value in pairs)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def answer(status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> Script:
    """Return a whole plain answer with its length; JSON unless `headers` say otherwise."""
    merged = {**JSON_TYPE, **(headers or {}), "Content-Length": str(len(body))}
    return Script().raw(head(status, merged) + body)


def event_stream(headers: Mapping[str, str] | None = None) -> Script:
    """Return the head of a chunked event stream; events follow."""
    merged = {**SSE_TYPE, **(headers or {}), "Transfer-Encoding": "chunked"}
    return Script().raw(head(200, merged))
