"""Connections and the threads that use them: one that writes, two that read. A read never waits for the writer."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from gateway.catalogue.store.errors import Broken, Empty, translated
from gateway.catalogue.store.files import Files
from gateway.catalogue.store.schema import open_reader, open_writer, transaction
from gateway.catalogue.store.search import prepare

T = TypeVar("T")
_READERS: Final = 2
_TRIES: Final = 3
"""A file may be replaced between the look at its name and its opening."""


class Threads:
    """Runs functions of a connection; every connection is to the file that is in use at that moment."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._writing = ThreadPoolExecutor(1, "catalogue writer")
        self._reading = ThreadPoolExecutor(_READERS, "catalogue reader")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._readers: set[sqlite3.Connection] = set()
        self.broken: Broken | None = None
        """What damage somebody met; None once there is another file."""

    async def read(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a question is answered.

        Raises:
            Broken, Empty: there is nothing to ask.
        """
        return await _run(self._reading, lambda: self._answer(ask))

    async def write(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Return what an act in one transaction returns; whatever it raises undoes it.

        Raises:
            Broken, Full, Empty: nothing was changed.
        """
        return await _run(self._writing, lambda: self._act(act))

    async def alone(self, act: Callable[[], T]) -> T:
        """Run something that makes its own connections where the writer's turn is."""
        return await _run(self._writing, lambda: self._translated(act))

    def close(self) -> None:
        """Wait for what runs and let go of all files."""
        self._writing.shutdown()
        self._reading.shutdown()
        for conn in self._readers:
            conn.close()

    def _answer(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        def within() -> T:
            conn = self._reader()
            conn.execute("BEGIN")  # all of an answer is of one moment
            try:
                return ask(conn)
            finally:
                conn.execute("COMMIT")

        return self._translated(within)

    def _reader(self) -> sqlite3.Connection:
        for _ in range(_TRIES):
            path = self._current()
            conn: sqlite3.Connection | None = getattr(self._own, "conn", None)
            if conn is not None and self._own.path == path:
                return conn
            if conn is not None:
                with self._lock:
                    self._readers.discard(conn)
                conn.close()
                self._own.conn = None
            with contextlib.suppress(sqlite3.OperationalError):
                conn = open_reader(path)
                prepare(conn)
                conn.execute("PRAGMA query_only=1")
                with self._lock:
                    self._readers.add(conn)
                self._own.conn, self._own.path = conn, path
                return conn
        raise Empty("the catalogue's file cannot be opened", hint="look at the data directory's rights and its disk")

    def _act(self, act: Callable[[sqlite3.Connection], T]) -> T:
        def within() -> T:
            with contextlib.closing(open_writer(self._current())) as conn, transaction(conn):
                return act(conn)

        return self._translated(within)

    def _current(self) -> Path:
        path = self._files.current()
        if path is None:
            raise Empty("there is no catalogue yet", hint="it is built at the first look at the hub")
        return path

    def _translated(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except (sqlite3.Error, OSError) as error:
            known = translated(error)
            if known is None:
                raise
            if isinstance(known, Broken):
                self.broken = known
            raise known from error
        except Broken as error:
            self.broken = error
            raise


async def _run(where: ThreadPoolExecutor, act: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(where, act)
