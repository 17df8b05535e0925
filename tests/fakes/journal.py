"""What the scripted upstream saw: one record per request, found by the marker that the request carries.

A marker is a word like `mark-0123456789ab` anywhere in the target, the headers or the first MiB of the body: it passes
every gateway that keeps unknown or free-text fields, so tests in another process find their own requests.
"""

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MARKER = re.compile(rb"mark-[0-9a-f]{12}")
KEPT_BYTES = 1 << 20  # of each body; longer ones are known by length and digest


@dataclass(slots=True)
class Record:
    """One request as it came in, and how it ended.

    `left` says how the other side ended the connection while this request was unanswered: "fin", "rst" or "".
    """

    connection: int
    head: bytes
    at: float
    marker: str = ""
    length: int = 0
    start: bytearray = field(default_factory=bytearray)
    digest: Any = field(default_factory=hashlib.sha256)
    whole: bool = False
    answered: bool = False
    left: str = ""
    left_at: float = 0.0
    sent: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing happens any more for this request."""
        return self.answered or bool(self.left)

    def add(self, data: bytes) -> None:
        """Note a piece of the body."""
        self.length += len(data)
        self.digest.update(data)
        if len(self.start) < KEPT_BYTES:
            self.start += data[: KEPT_BYTES - len(self.start)]

    def mark(self) -> None:
        """Look for the marker in what has come so far."""
        if not self.marker and (found := MARKER.search(self.head) or MARKER.search(self.start)):
            self.marker = found.group().decode()

    def to_json(self) -> dict[str, Any]:
        """Return the record for the control port."""
        return {
            "connection": self.connection, "head": self.head.decode("latin-1"), "at": self.at, "marker": self.marker,
            "length": self.length, "start": base64.b64encode(bytes(self.start)).decode(),
            "sha256": self.digest.hexdigest(), "whole": self.whole, "answered": self.answered, "left": self.left,
            "left_at": self.left_at, "sent": self.sent,
        }  # fmt: skip


class Journal:
    """All records, and a way to wait until they are in a state."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._news = asyncio.Event()

    def begin(self, connection: int, head: bytes) -> Record:
        """Open the record of a request whose head has arrived."""
        record = Record(connection, head, time.monotonic())
        record.mark()
        self.records.append(record)
        self.changed()
        return record

    def find(self, marker: str) -> list[Record]:
        """Return the records of a marker, oldest first."""
        return [record for record in self.records if record.marker == marker]

    def changed(self) -> None:
        """Wake everybody who waits."""
        self._news.set()
        self._news = asyncio.Event()

    async def wait(self, until: Callable[[], bool], timeout_s: float) -> bool:
        """Return whether `until` came true within the time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not until():
                    await self._news.wait()
        except TimeoutError:
            return until()
        return True
