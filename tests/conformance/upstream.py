"""The scripted upstream's control port, seen from a test that may run in another process."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.conformance.wire import Wire, request_bytes
from tests.fakes.script import Script


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as the upstream saw it."""

    connection: int
    line: str
    headers: tuple[tuple[str, str], ...]
    start: bytes
    length: int
    sha256: str
    whole: bool
    answered: bool
    left: str
    sent: int

    @property
    def target(self) -> str:
        """The request target as sent."""
        return self.line.split(" ")[1]

    def get(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def names(self) -> set[str]:
        """Return the header names in lower case."""
        return {key.lower() for key, _ in self.headers}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Seen":
        """Return the record of the control port's JSON."""
        line, *lines = record["head"].removesuffix("\r\n\r\n").split("\r\n")
        headers = tuple((name, value.strip()) for name, _, value in (text.partition(":") for text in lines))
        start = base64.b64decode(record["start"])
        kept = {name: record[name] for name in ("connection", "length", "sha256", "whole", "answered", "left", "sent")}
        return cls(line=line, headers=headers, start=start, **kept)


@dataclass(frozen=True, slots=True)
class UpstreamControl:
    """Registers scripts, opens gates, reads what the upstream saw."""

    host: str
    port: int

    async def script(self, marker: str, script: Script) -> None:
        """Answer requests that carry the marker with the script."""
        await self._call("PUT", f"/scripts/{marker}", json.dumps(script.to_json()).encode())

    async def open_gate(self, marker: str) -> None:
        """Let the script of the marker go on."""
        await self._call("POST", f"/gates/{marker}")

    async def seen(self, marker: str) -> list[Seen]:
        """Return the marker's requests."""
        answer = await self._call("GET", "/requests?" + urlencode({"marker": marker}))
        return [Seen.of(record) for record in answer["records"]]

    async def wait(self, marker: str, until: str, timeout_s: float) -> bool:
        """Return whether within the time a request of the marker came into a state of tests.fakes.control."""
        query = urlencode({"marker": marker, "until": until, "timeout_s": timeout_s})
        return bool((await self._call("GET", f"/requests?{query}"))["met"])

    async def connections(self) -> int:
        """Return how many connections were ever accepted."""
        return int((await self._call("GET", "/connections"))["accepted"])

    async def _call(self, method: str, target: str, body: bytes = b"") -> Any:
        headers = {"Host": f"{self.host}:{self.port}", "Content-Length": str(len(body)), "Connection": "close"}
        async with asyncio.timeout(30), await Wire.open(self.host, self.port) as wire:
            await wire.send(request_bytes(method, target, headers, body))
            return (await wire.answer()).json()
