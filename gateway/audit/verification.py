"""Holding the whole record against its keys, its counter and the signed checkpoints, and telling what is wrong."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from sqlalchemy import select

from gateway.audit.chain import Keys
from gateway.audit.checkpoint import BadLine, Checkpoint, Signer, public_of, read_lines
from gateway.audit.reading import each_piece, read_start
from gateway.audit.verifying import Finding, Findings, Verifier
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.storage.schema import audit

UNCOVERED_MS = 180_000
"""A row that is older than this has a checkpoint, if anybody signs any."""


class Report(Struct, frozen=True):
    """What a look at the whole record found. `covered_to` is the last row that a checkpoint vouches for."""

    rows: int
    first_seq: int
    last_seq: int
    last_hash: str
    checkpoints: int
    covered_to: int
    archived_to: int
    public_key: str | None
    findings: tuple[Finding, ...]
    findings_total: int
    seconds: float

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return self.findings_total == 0


class Verification:
    """Looks at the record of one database. `public` is a public half that is trusted instead of the one kept here."""

    def __init__(  # noqa: PLR0913 - keyword-only where it matters
        self,
        database: Database,
        clock: Clock,
        *,
        keys: Keys,
        checkpoints: Path,
        signer: Signer | None,
        public: bytes | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._path = checkpoints
        self._signer = signer
        self._public = public

    async def verify(self) -> Report:
        """Return what is found; nothing is changed, and rows that are written meanwhile do not disturb."""
        began = time.perf_counter()
        signed, bad, lines = await asyncio.to_thread(self._checkpoints)
        start = await read_start(self._database)
        verifier = Verifier(self._keys, signed, archived_to=start.archived_to, archived_hash=start.archived_hash)
        await each_piece(self._database, verifier.feed)
        findings = verifier.finish(start.counter)
        for line in bad:
            findings.add(None, "checkpoint", f"line {line.number} of {self._path} {line.message}")
        await self._uncovered(findings, lines)
        return Report(
            rows=verifier.rows,
            first_seq=verifier.first,
            last_seq=verifier.last,
            last_hash=verifier.last_hash,
            checkpoints=len(signed),
            covered_to=max((seq for seq in signed if seq <= verifier.last), default=0),
            archived_to=start.archived_to,
            public_key=None if self._signer is None else self._signer.public_text,
            findings=tuple(findings.listed),
            findings_total=findings.total,
            seconds=round(time.perf_counter() - began, 3),
        )

    def _checkpoints(self) -> tuple[dict[int, Checkpoint], list[BadLine], Sequence[str]]:
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return {}, [], ()
        if self._public is not None:
            publics = [self._public]
        else:
            publics = [] if self._signer is None else [public_of(seed) for seed in self._signer.seeds]
        return *read_lines(lines, publics), lines

    async def _uncovered(self, findings: Findings, lines: Sequence[str]) -> None:
        """Say that there are no checkpoints at all where there should be some."""
        if lines:
            return
        oldest = select(audit.c.seq, audit.c.at).order_by(audit.c.seq).limit(1)
        async with self._database.read() as conn:
            row = (await conn.execute(oldest)).first()
        if row is None or self._clock.now_ms() - row.at < UNCOVERED_MS:
            return
        told = f"there are no checkpoints at {self._path}, so nobody can tell whether the newest rows were cut off"
        findings.add(None, "checkpoint", told)
