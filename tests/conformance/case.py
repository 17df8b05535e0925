"""One test's own corner: a marker, a model, a script, and the calls made with them."""

import json
from typing import TYPE_CHECKING, Any

from tests.conformance.upstream import Seen
from tests.conformance.wire import Answer, Head, Wire, request_bytes

if TYPE_CHECKING:  # the two know each other: a target makes cases, a case calls the target
    from tests.conformance.target import Target

CHAT = "/chat/completions"
LEAVE_S = 1.0  # proxy_behaviour principle 2: the upstream call is gone one second after its caller


class Case:
    """Calls of one marker against one model."""

    def __init__(self, target: "Target", marker: str, model: str) -> None:
        self.target, self.marker, self.model = target, marker, model

    def body(self, *, stream: bool = False, **fields: Any) -> bytes:
        """Return a chat request that carries the marker; `fields` are added."""
        content = {"model": self.model, "messages": [{"role": "user", "content": "Say hello."}], "user": self.marker}
        return json.dumps({**content, **({"stream": True} if stream else {}), **fields}).encode()

    async def post(self, body: bytes | None = None, path: str = CHAT, **headers: str) -> Answer:
        """Post a body (a plain chat request when None) and return the answer."""
        sent = self.body() if body is None else body
        return await self.target.call("POST", path, sent, self.target.headers(sent, **headers))

    async def stream(self, **headers: str) -> Answer:
        """Ask for a stream and return it when it has ended."""
        return await self.post(self.body(stream=True), **headers)

    async def open(
        self, body: bytes | None = None, path: str = CHAT, *, receive_buffer: int | None = None, **headers: str
    ) -> Wire:
        """Post a body and return the connection without waiting for the answer."""
        sent = self.body() if body is None else body
        wire = await self.target.connect(receive_buffer=receive_buffer)
        wire.send_soon(request_bytes("POST", self.target.path + path, self.target.headers(sent, **headers), sent))
        return wire

    async def open_stream(self, *, receive_buffer: int | None = None) -> tuple[Wire, Head]:
        """Ask for a stream and return the connection once the head is there."""
        wire = await self.open(self.body(stream=True), receive_buffer=receive_buffer)
        return wire, await wire.final_head()

    async def seen(self) -> list[Seen]:
        """Return what the upstream saw of this case."""
        return await self.target.upstream.seen(self.marker)

    async def only(self) -> Seen:
        """Return the one request that the upstream saw of this case."""
        seen = await self.seen()
        assert len(seen) == 1, f"the upstream saw {len(seen)} requests, expected one"
        return seen[0]

    async def upstream_is(self, state: str, timeout_s: float = 10.0) -> None:
        """Wait until the upstream's request is in the state (see tests.fakes.control)."""
        assert await self.target.upstream.wait(self.marker, state, timeout_s), f"the upstream never was {state!r}"

    async def upstream_left(self) -> None:
        """Hold principle 2: every upstream request of this case is over within a second."""
        gone = await self.target.upstream.wait(self.marker, "over", LEAVE_S)
        assert gone, f"the upstream request was still open {LEAVE_S} s after its caller had left"

    async def open_gate(self) -> None:
        """Let the script go on."""
        await self.target.upstream.open_gate(self.marker)
