"""One run of a download: goes on where the last one stopped, and leaves what the next one needs."""

import contextlib

from gateway.downloads.attempt import Asking, Changed, Opened
from gateway.downloads.book import Book
from gateway.downloads.errors import DownloadError
from gateway.downloads.hashing import WholeHash, chunks_differ
from gateway.downloads.parallel import Floor, NoRanges, Parallel
from gateway.downloads.part_file import PartFile
from gateway.downloads.part_state import PartState, drop_state, read_state, write_state
from gateway.downloads.parts import Part, Parts, part_size
from gateway.downloads.plan import Plan
from gateway.downloads.stream import Stream


class Run:
    """Brings the file of a plan here. `fetched` is how many bytes of it came over the wire."""

    def __init__(self, plan: Plan, file: PartFile) -> None:
        self.fetched = 0
        self._plan = plan
        self._file = file
        self._artefact = plan.artefact
        self._part = part_size(plan.artefact.chunk if plan.artefact.chunks else None, plan.rules.part)
        self._whole = WholeHash(file)
        self._state: PartState | None = None
        self._was_here = self._went = False
        self._sources = plan.sources()
        self._asking = Asking(plan.opener, self._sources, plan.rules)
        self._asking.size, self._asking.promised = plan.artefact.size, plan.artefact.size is not None

    async def go(self) -> tuple[int, str]:
        """Return size and SHA-256 of the file, which has its name now.

        Raises:
            GatewayError: it cannot be had.
        """
        self._went = True
        await self._recall(await self._file.run(self._kept))
        restarts = 0
        while True:
            try:
                size = await self._fetch()
            except Changed as changed:
                restarts += 1
                if restarts > self._plan.rules.restarts:
                    await self.drop()
                    raise DownloadError("keeps_changing", place=changed.place, times=restarts) from None
                self._begin_anew()
                continue
            sha256 = await self._whole.finish(size, self._plan.meter)
            if self._artefact.sha256 in {None, sha256}:
                break
            if not await self._mend():
                await self.drop()
                raise DownloadError("digest_differs", sha256=self._artefact.sha256)
        await self._file.finish()
        self._plan.meter.end()
        return size, sha256

    async def leave(self) -> None:
        """Keep what is here for the next run, or take away what is of no use to it."""
        state = self._state
        if self._file.finished:
            return
        if state is not None and state.parts.here and self._file.lost is None:
            text = state.text()
            with contextlib.suppress(OSError):  # then the next run goes on from what was kept last
                await self._file.run(lambda: write_state(self._file.state_path, text))
        elif self._file.is_mine and (self._went or self._file.size == 0):
            await self.drop()

    async def drop(self) -> None:
        """Take away what an earlier run has left."""
        self._state = None
        await self._file.run(lambda: drop_state(self._file.state_path))
        await self._file.discard()

    def _kept(self) -> PartState | None:
        """Return what an earlier run has left, when this one may go on from there; for a thread."""
        state = read_state(self._file.state_path)
        fits = state is not None and state.fits(self._artefact, self._part) and self._file.size == state.parts.size
        return state if fits else None

    async def _recall(self, state: PartState | None) -> None:
        self._state = state
        if state is None:
            return
        for number, written in list(state.parts.written.items()):
            part = state.parts[number]
            if written == part.size:  # killed after its last byte and before it was noted
                await self._settle(state, part)
        self._was_here = state.parts.here > 0
        if self._asking.size is None:
            self._asking.size = state.parts.size
        for source in self._sources.all:
            source.validator = state.validators.get(source.url)

    def _begin_anew(self) -> None:
        """Forget the file that was there until now."""
        self._state, self._was_here = None, False
        self._whole.restart()
        if not self._asking.promised:
            self._asking.size = None
        for source in self._sources.all:
            source.validator = None

    async def _fetch(self) -> int:
        """Bring what is missing, and return the size of the file."""
        state, meter = self._state, self._plan.meter
        if state is not None and state.parts.complete:
            return state.parts.size
        if self._artefact.size == 0:
            return (await self._prepare(0)).parts.size
        opened = await self._asking.first(*self._range())
        try:
            state = await self._prepare(self._length(opened))
            meter.begin("fetch", state.parts.here, state.parts.size)
            if not state.parts.complete:
                await self._bring(opened, state)
        finally:
            opened.response.close()
        return state.parts.size

    def _range(self) -> tuple[int, int]:
        """Return which bytes are asked for first."""
        parts = Parts(self._asking.size or self._part, self._part) if self._state is None else self._state.parts
        part: Part = next(parts.missing())
        return part.start + parts.written.get(part.number, 0), part.stop

    def _length(self, opened: Opened) -> int:
        size = opened.bytes.total if self._asking.size is None else self._asking.size
        if size is None:
            raise DownloadError("length_unknown", place=self._asking.place(opened.source))
        self._asking.size = size
        return size

    async def _prepare(self, size: int) -> PartState:
        """Make room for the file, and note what it is to be."""
        await self._file.allocate(size)
        if self._state is None:
            self._state = PartState(self._artefact.url, self._artefact.sha256, Parts(size, self._part))
        state = self._state
        state.validators = {one.url: one.validator for one in self._sources.all if one.validator is not None}
        return state

    async def _bring(self, opened: Opened, state: PartState) -> None:
        floor = Floor(
            artefact=self._artefact,
            parts=state.parts,
            file=self._file,
            book=Book(self._file, state),
            whole=self._whole,
            asking=self._asking,
            sources=self._sources,
            rules=self._plan.rules,
            meter=self._plan.meter,
        )
        try:
            await Parallel(floor).run(opened)
        except NoRanges as none:
            await Stream(floor).run(none.opened)
        finally:
            self.fetched += floor.fetched
            state.validators |= {one.url: one.validator for one in self._sources.all if one.validator is not None}

    async def _mend(self) -> bool:
        """Return whether another go may help: parts that the list finds wrong, or all of it where a run left some.

        What an earlier run wrote may have been lost with the power; what came just now is what the server has.
        """
        self._whole.restart()
        state, artefact = self._state, self._artefact
        was_here, self._was_here = self._was_here, False
        if state is None or not was_here:
            return False
        if not artefact.chunks or artefact.chunk is None:
            self._begin_anew()
            return True
        for number in sorted(state.parts.done):
            await self._settle(state, state.parts[number])
        return not state.parts.complete

    async def _settle(self, state: PartState, part: Part) -> None:
        """Note that a part is here, or that it is not, where the list of its chunks says so."""
        chunk, chunks = self._artefact.chunk, self._artefact.chunks
        if chunks and chunk is not None and await chunks_differ(self._file, part, chunk, chunks):
            state.parts.forget(part)
        else:
            state.parts.finish(part)
