"""What is learned from an answer in passing: usage, finish, errors, ids. The bytes pass whatever is learned (STR-7)."""

from gateway.access.call import Call
from gateway.access.operations import Operation


class Observation:
    """Passes every chunk and learns nothing: answers that are no text, or encoded ones."""

    at_boundary = True

    def feed(self, chunk: bytes) -> bytes:
        """Return what goes to the caller now."""
        return chunk

    def finish(self) -> bytes:
        """Return what was held back when the answer ended cleanly."""
        return b""

    def settle(self, call: Call) -> None:
        """Write what was learned into the call."""


class NoCopy(Observation):
    """Nothing is read."""


class PlainCopy(Observation):
    """A JSON document."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation


class StreamCopy(Observation):
    """Server-sent events."""

    def __init__(self, operation: Operation, *, drop_injected_usage: bool) -> None:
        self._operation = operation
        self._drop = drop_injected_usage
