"""What is learned from an answer in passing: usage, finish, errors, ids of stored objects.

The bytes pass whatever is learned, and a copy that cannot be read is no error (STR-7). Nothing is parsed while an
answer runs that can wait for its end.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from gateway.access.call import Call, Outcome
from gateway.access.refusals import is_json
from gateway.access.sse import EventRelay
from gateway.access.tokens import usage_at_end, usage_of
from gateway.access.unfinished import unfinished_s

_TAIL_BYTES = 4096
"""End of a JSON answer that is kept: usage stands behind the content everywhere."""
_SMALL_BYTES = 16 * 1024
"""Longest answer that is read from its beginning: beyond it, looking from the end is quicker."""
_DOCUMENT_BYTES = 1024 * 1024
"""Longest answer that is kept whole to find the ids of stored objects; longer ones have been seen nowhere."""


class Observation:
    """Passes every chunk and learns nothing: answers that are no text, or encoded ones."""

    __slots__ = ()

    @property
    def at_boundary(self) -> bool:
        """Whether an event of ours may follow what has left."""
        return True

    def feed(self, chunk: bytes) -> bytes:
        """Return what goes to the caller now."""
        return chunk

    def finish(self) -> bytes:
        """Return what was held back when the answer ended cleanly."""
        return b""

    def settle(self, call: Call) -> None:
        """Write what was learned into the call, whose outcome is known up to here."""


class PlainCopy(Observation):
    """A JSON document: its usage, and the ids of the objects that it names."""

    __slots__ = ("_kept", "_limit", "_size")

    def __init__(self, *, keep: bool) -> None:
        self._kept: list[bytes] = []
        self._limit = _DOCUMENT_BYTES if keep else _SMALL_BYTES
        self._size = 0

    def feed(self, chunk: bytes) -> bytes:
        """Keep the whole, or its end when it gets longer than what is looked through."""
        self._size += len(chunk)
        self._kept.append(chunk)
        if self._size > self._limit:
            end = chunk if len(chunk) >= _TAIL_BYTES else b"".join(self._kept)
            self._kept = [end[-_TAIL_BYTES:]]
        return chunk

    def settle(self, call: Call) -> None:
        """Read usage and ids, the usage of a long document from its end."""
        kept = self._kept[0] if len(self._kept) == 1 else b"".join(self._kept)
        complete = call.outcome is Outcome.COMPLETE
        small = complete and self._size <= _SMALL_BYTES
        call.tokens = usage_of(kept) if small else usage_at_end(kept[-_TAIL_BYTES:])
        if complete and call.stored and self._size <= self._limit:
            _learn(kept, call)


def observe_whole(body: bytes, call: Call, headers: Mapping[str, str]) -> None:
    """Do the same for an answer that is at hand as a whole, whatever it is."""
    if headers.get("Content-Encoding", "identity") != "identity" or not is_json(headers.get("Content-Type", "")):
        return
    call.tokens = usage_of(body) if len(body) <= _SMALL_BYTES else usage_at_end(body[-_TAIL_BYTES:])
    if call.stored:
        _learn(body, call)


class StreamCopy(Observation):
    """Server-sent events: whole ones leave, and their end says how the stream ended."""

    __slots__ = ("_relay",)

    def __init__(self, *, drop_injected_usage: bool, watch_id: bool = False) -> None:
        self._relay = EventRelay(drop_injected_usage=drop_injected_usage, watch_id=watch_id)

    @property
    def at_boundary(self) -> bool:
        """Whether what has left ends with a whole event."""
        return self._relay.at_boundary

    def feed(self, chunk: bytes) -> bytes:
        """Return the whole events so far."""
        return self._relay.feed(chunk)

    def finish(self) -> bytes:
        """Return the incomplete event at a clean end, as it is."""
        return self._relay.finish()

    def settle(self, call: Call) -> None:
        """Take over the usage; an error inside, or a missing end, changes the outcome (PRX-5, PRX-6)."""
        relay = self._relay
        call.tokens, call.events = relay.usage, relay.events
        if call.outcome is not Outcome.COMPLETE:
            return
        if relay.error is not None:
            call.outcome = Outcome.FAILED
        elif call.operation.terminal is not None and not relay.complete:
            call.outcome = Outcome.INCOMPLETE


class CreatingStreamCopy(StreamCopy):
    """The same for a stream that creates an object: `made` is told its id before the first event leaves.

    It is also told whether the object is worked on in the background, whether the stream goes on or not. While the
    stream runs, the object may already be asked for, or cancelled, on another connection.
    """

    __slots__ = ("_made",)

    def __init__(self, *, drop_injected_usage: bool, made: Callable[[str, bool], object]) -> None:
        super().__init__(drop_injected_usage=drop_injected_usage, watch_id=True)
        self._made: Callable[[str, bool], object] | None = made

    def feed(self, chunk: bytes) -> bytes:
        """Return the whole events so far."""
        out = super().feed(chunk)
        if self._made is not None and (object_id := self._relay.object_id) is not None:
            self._made(object_id, self._relay.in_background)
            self._made = None
        return out

    def settle(self, call: Call) -> None:
        """Note besides that what was made in the background is over, when the stream said so."""
        super().settle(call)
        relay = self._relay
        if relay.in_background and relay.object_id is not None and relay.finish_reason is not None:
            call.created, call.unfinished_s = ((call.operation.answer_ids[0][1], relay.object_id),), 0.0


def _learn(document: bytes, call: Call) -> None:
    """Note the ids of the objects that an answer names, and whether they are finished."""
    try:
        answer: Any = json.loads(document)
    except ValueError:
        return
    if isinstance(answer, dict):
        found = ((kind, answer.get(member)) for member, kind in call.operation.answer_ids)
        call.created = tuple((kind, value) for kind, value in found if isinstance(value, str))
        call.unfinished_s = unfinished_s(answer)
