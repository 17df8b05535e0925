"""Whether the record is as it was written: what was edited, removed, moved, cut off or forged (LIF-20 to LIF-22). Pure.

Rows are fed in order, as the database has them; `finish` says what is wrong, each in one sentence with the row's
number. Speed counts here: a year of a busy installation is a few hundred thousand rows.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec
from msgspec import Struct, field

from gateway.audit.chain import GENESIS, Keys, Sealer
from gateway.storage.clock import rfc3339

Problem = Literal["edited", "column", "missing", "moved", "unlinked", "cut", "unknown_key", "checkpoint", "gap"]
MOST = 100
"""Findings that are told one by one; of more their number."""


class Finding(NamedTuple):
    """Something that is wrong; `seq` is the row, None where it is about the whole."""

    seq: int | None
    problem: Problem
    message: str


class Signed(Protocol):
    """A checkpoint whose signature holds."""

    @property
    def hash(self) -> str:
        """The hash of the row as it was then."""
        ...

    @property
    def at(self) -> str:
        """When it was signed."""
        ...


Row = tuple[int, int, str, str, str, str | None, str | None, str | None, bytes, str]
"""seq, at, actor, action, outcome, team, target, request_id, record, hash: the table's columns; the text in UTF-8."""


class Findings(Struct):
    """What was found so far."""

    listed: list[Finding] = field(default_factory=list)
    total: int = 0

    def add(self, seq: int | None, problem: Problem, message: str) -> None:
        """Note one more."""
        self.total += 1
        if len(self.listed) < MOST:
            self.listed.append(Finding(seq, problem, message))


class Verifier:
    """Takes rows in order. `archived_to` and `archived_hash` are where the last archive ended; without one 0."""

    def __init__(
        self, keys: Keys, checkpoints: Mapping[int, Signed], *, archived_to: int = 0, archived_hash: str = GENESIS
    ) -> None:
        self.findings = Findings()
        self.rows = 0
        self.first = 0
        self.last = archived_to
        self.last_hash = archived_hash
        self._keys = keys
        self._sealers: dict[str, Sealer] = {}
        self._checkpoints = checkpoints
        self._decode = msgspec.json.Decoder(_Read).decode
        self._seconds: dict[int, str] = {}
        self._action = ""

    def feed(self, rows: Sequence[Row]) -> None:
        """Look at the next rows."""
        sealers, decode, checkpoints = self._sealers, self._decode, self._checkpoints
        last, last_hash, seconds = self.last, self.last_hash, self._seconds
        for row in rows:
            seq, at, actor, action, outcome, team, target, request_id, text, found = row
            try:
                read = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.findings.add(seq, "edited", f"row {seq} was changed after it was written: its text is no record")
                last, last_hash = seq, found
                continue
            sealer = sealers.get(read.sealed_with) or self._sealer(seq, read.sealed_with)
            if sealer is not None and sealer.seal(read.prev_hash, text) != found:
                self.findings.add(seq, "edited", f"row {seq} was changed after it was written: its hash does not match")
            said = (read.seq, read.action, read.outcome, read.target.team, read.target.uid, read.request_id, read.at)
            time = (seconds.get(at // 1000) or self._second(at // 1000)) + _MILLISECONDS[at % 1000]
            who = read.actor.key_id or read.actor.type
            if said != (seq, action, outcome, team, target, request_id, time) or actor != who:
                self._columns(row, read)
            if seq != last + 1 or read.prev_hash != last_hash:
                self._link(seq, read, last, last_hash)
            if seq in checkpoints and checkpoints[seq].hash != found:
                told = f"row {seq} is not the one that the checkpoint of {checkpoints[seq].at} signed"
                self.findings.add(seq, "checkpoint", told)
            last, last_hash, self._action = seq, found, action
        if rows:
            self.first = self.first or rows[0][0]
            self.rows += len(rows)
            self.last, self.last_hash = last, last_hash

    def finish(self, counter: int) -> Findings:
        """Return what is wrong; `counter` is the number of the newest row as the database counted it before."""
        if counter > self.last:
            rows = _rows(self.last + 1, counter)
            self.findings.add(self.last + 1, "cut", f"{rows} gone: the database counted to {counter}")
        beyond = [seq for seq in self._checkpoints if seq > self.last]
        if beyond:
            newest = max(beyond)
            told = f"{_rows(self.last + 1, newest)} gone: the checkpoint of {self._checkpoints[newest].at} signed row"
            self.findings.add(self.last + 1, "cut", f"{told} {newest}")
        return self.findings

    def _sealer(self, seq: int, key_id: str) -> Sealer | None:
        key = self._keys.find(key_id)
        if key is None:
            told = f"row {seq} is sealed with the key {key_id[:16]!r}, which is not configured here"
            self.findings.add(seq, "unknown_key", told)
            return None
        self._sealers[key_id] = Sealer(key.value)
        return self._sealers[key_id]

    def _columns(self, row: Row, read: "_Read") -> None:
        """Say which columns do not repeat what the text says."""
        seq = row[0]
        if read.seq != seq:
            self.findings.add(seq, "moved", f"row {seq} says that it is row {read.seq}: it was moved or renumbered")
        said = {
            "at": (read.at, rfc3339(row[1]) if 0 <= row[1] < _LATEST_MS else None),
            "actor": (read.actor.key_id or read.actor.type, row[2]),
            "action": (read.action, row[3]),
            "outcome": (read.outcome, row[4]),
            "team": (read.target.team, row[5]),
            "target": (read.target.uid, row[6]),
            "request_id": (read.request_id, row[7]),
        }
        for name, (text, column) in said.items():
            if text != column:
                self.findings.add(seq, "column", f"row {seq} was changed after it was written: its column {name}")

    def _link(self, seq: int, read: "_Read", last: int, last_hash: str) -> None:
        """Say why a row does not follow the one before."""
        if seq != last + 1:
            self.findings.add(last + 1, "missing", f"{_rows(last + 1, seq - 1)} missing")
        elif read.action == "audit.on" and read.prev_hash == GENESIS and self._action == "audit.off":
            told = f"between row {last} and row {seq}, of {read.at}, the record was switched off"
            self.findings.add(seq, "gap", f"{told}: what happened then is not on it")
        elif read.prev_hash != last_hash:
            told = (
                f"row {seq} does not follow the row {last} that stands there" if last else f"row {seq} follows no row"
            )
            self.findings.add(seq, "unlinked", f"{told}: another one was there when it was written")

    def _second(self, second: int) -> str:
        """Return a time without its milliseconds; many rows share a second."""
        if not 0 <= second * 1000 < _LATEST_MS:
            return "?"
        if len(self._seconds) > _SECONDS_KEPT:
            self._seconds.clear()
        text = self._seconds[second] = rfc3339(second * 1000)[:-4]
        return text


_LATEST_MS = 253_402_300_800_000
"""The year 10000, after which no time can be written."""
_SECONDS_KEPT = 10_000
_MILLISECONDS = [f"{number:03d}Z" for number in range(1000)]


class _Actor(msgspec.Struct, gc=False):
    type: str
    key_id: str | None = None


class _Target(msgspec.Struct, gc=False):
    uid: str | None = None
    team: str | None = None


class _Read(msgspec.Struct, gc=False):
    seq: int
    at: str
    actor: _Actor
    action: str
    outcome: str
    target: _Target
    sealed_with: str
    prev_hash: str
    request_id: str | None = None


def _rows(first: int, last: int) -> str:
    return f"row {first} is" if first >= last else f"rows {first} to {last} are"
