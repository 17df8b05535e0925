"""modelport's management API for tests: the little that they need, over the same raw connection."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.conformance.wire import Wire, request_bytes


@dataclass(frozen=True, slots=True)
class Management:
    """Calls below `/api/v1` with one key."""

    host: str
    port: int
    path: str
    key: str

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Make something and return what the server says of it; endpoints are not checked: nobody shall call them."""
        unchecked = "?preflight=skip" if path in {"/models", "/endpoints"} else ""
        return await self.call("POST", path + unchecked, body)

    async def get(self, path: str) -> Any:
        """Return an object or a page."""
        return await self.call("GET", path)

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of an answer that must be a success."""
        content = json.dumps(body).encode() if body is not None else b""
        headers = {
            "Host": f"{self.host}:{self.port}",
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
        }
        async with await Wire.open(self.host, self.port) as wire:
            wire.send_soon(request_bytes(method, self.path + path, headers, content))
            answer = await wire.answer()
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body[:500]!r}"
        return answer.json() if answer.body else None
