"""When a checkpoint is signed, and the file that it goes to: append-only JSONL, 0600, flushed to the disk (LIF-21).

Of several processes on one database one signs, whichever was first; another takes over when rows have waited for too
long. A line is signed every 1000 rows, a minute after a row that none covers, and when the process ends.
"""

import asyncio
import fcntl
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import insert, select, update

from gateway.audit.checkpoint import Checkpoint, Signer
from gateway.audit.witness import Tell
from gateway.errors import GatewayError
from gateway.storage.clock import Clock, rfc3339
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import audit, meta
from gateway.storage.versions import AUDIT_SEQUENCE, read_version

EVERY_ROWS = 1000
EVERY_MS = 60_000
LOOK_S = 5.0
"""How often it is looked whether one is due."""
TAKE_OVER_MS = 150_000
"""Rows that nobody covered for so long are covered by another process."""
TELL_S = 5.0
"""What the witness has to take a line."""
_KEY = "audit_checkpoint"
_TAIL_BYTES = 4096
"""More than a line has."""
logger = logging.getLogger("modelport.audit")


class Holder(NamedTuple):
    """Which process signs, and how far it came."""

    by: str
    seq: int


class Checkpoints:
    """Signs for one process, `name`. `signer` is asked for when the first line is due, `witness` hears of each line."""

    def __init__(  # noqa: PLR0913 - keyword-only where it matters
        self,
        database: Database,
        clock: Clock,
        *,
        path: Path,
        signer: Callable[[], Signer],
        name: str,
        witness: Tell | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._path = path
        self._load_signer = signer
        self._signer: Signer | None = None
        self._name = name
        self.witness = witness
        self._untold: str | None = None
        self._complained = False
        self._covered = -1  # not known yet
        self._waiting_since: int | None = None

    async def step(self, *, ending: bool = False) -> bool:
        """Sign how far the record went if that is due, with `ending` if any row is uncovered; return whether it was.

        A line that the witness has not heard of is told again.
        """
        signed = await self._look(ending=ending)
        await self._tell()
        return signed

    async def _look(self, *, ending: bool) -> bool:
        now_ms = self._clock.now_ms()
        async with self._database.read() as conn:
            seq = await read_version(conn, AUDIT_SEQUENCE)
            holder = await _read_holder(conn)
        if holder is None or holder.by == self._name:
            if self._covered < 0:
                self._covered = await asyncio.to_thread(covered_by, self._path)
            covered = min(self._covered, seq) if self._covered <= seq else 0
        else:
            covered = holder.seq if holder.seq <= seq else 0
        if seq <= covered:
            self._waiting_since = None
            return False
        self._waiting_since = now_ms if self._waiting_since is None else self._waiting_since
        waited = now_ms - self._waiting_since
        mine = holder is None or holder.by == self._name
        due = waited >= EVERY_MS or seq - covered >= EVERY_ROWS or ending
        if not (due if mine else waited >= TAKE_OVER_MS):
            return False
        return await self._sign(seq, now_ms, expected=holder)

    async def _sign(self, seq: int, now_ms: int, *, expected: Holder | None) -> bool:
        async with self._database.write() as conn:
            if await _read_holder(conn) != expected:
                return False  # another process was quicker
            found = (await conn.execute(select(audit.c.hash).where(audit.c.seq == seq))).scalar_one_or_none()
            if found is None:
                self._waiting_since = None  # told once a minute
                logger.error("row %s of the record of changes is gone: run modelport audit verify", seq)
                return False
            await _write_holder(conn, Holder(self._name, seq), new=expected is None)
        checkpoint = Checkpoint(seq, str(found), rfc3339(now_ms), self._name)
        try:
            self._untold = await asyncio.to_thread(self._append, checkpoint) or self._untold
        except OSError as error:
            logger.error("audit.checkpoints: %s cannot be written: %s", self._path, error.strerror)  # noqa: TRY400 - said
            return False
        self._covered, self._waiting_since = seq, None
        return True

    async def _tell(self) -> None:
        """Tell the witness the newest line; complain once when nobody takes it."""
        if self.witness is None or self._untold is None:
            return
        line = self._untold
        try:
            async with asyncio.timeout(TELL_S):
                await self.witness(line)
        except (OSError, GatewayError) as error:  # TimeoutError is an OSError
            if not self._complained:
                logger.warning("audit.witness has not heard of the newest checkpoint: %s", str(error) or "no answer")
            self._complained = True
            return
        self._untold, self._complained = (None if self._untold is line else self._untold), False

    def _append(self, checkpoint: Checkpoint) -> str | None:
        """Write the line whole, behind the one that is last at that moment, and return it; None: it stands there."""
        self._signer = self._signer or self._load_signer()
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            before, whole = _last_line(descriptor)
            if _seq_of(before) == checkpoint.seq:
                return None  # a neighbour with the same file was quicker
            line = self._signer.line(checkpoint, before)
            os.write(descriptor, (f"{line}\n" if whole else f"\n{line}\n").encode())
            os.fsync(descriptor)
            return line
        finally:
            os.close(descriptor)


def covered_by(path: Path) -> int:
    """Return the row that the file's last line is about, unjudged; 0 without one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return _seq_of(_last_line(descriptor)[0])
    finally:
        os.close(descriptor)


def _seq_of(line: str) -> int:
    try:
        return int(json.loads(line)["seq"])
    except (ValueError, KeyError, TypeError):
        return 0


def _last_line(descriptor: int) -> tuple[str, bool]:
    """Return the last line, and whether the file ends with a line's end."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    lines = tail.decode(errors="replace").splitlines()
    return (lines[-1] if lines else ""), tail[-1:] in {b"", b"\n"}


async def _read_holder(conn: AsyncConnection) -> Holder | None:
    text = (await conn.execute(select(meta.c.value).where(meta.c.key == _KEY))).scalar_one_or_none()
    return None if text is None else Holder(*json.loads(text))


async def _write_holder(conn: AsyncConnection, holder: Holder, *, new: bool) -> None:
    value = json.dumps(holder)
    if new:
        await conn.execute(insert(meta).values(key=_KEY, value=value))
    else:
        await conn.execute(update(meta).where(meta.c.key == _KEY).values(value=value))
