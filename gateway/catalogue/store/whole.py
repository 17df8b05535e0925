"""A whole list: a new file beside the one in use, proved, and then put in its place (catalogue.md section 6)."""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from gateway.catalogue.store import local
from gateway.catalogue.store.build import Source, fill
from gateway.catalogue.store.carry import carry_over, salvage
from gateway.catalogue.store.change import Change, Policy
from gateway.catalogue.store.errors import WrongState
from gateway.catalogue.store.files import Files, discard
from gateway.catalogue.store.schema import INDEXES, create, finish, transaction
from gateway.catalogue.store.sweep import check_file
from gateway.catalogue.store.vouching import vouch

Lines: TypeAlias = Callable[[], Iterable[bytes]]
"""Yields the lines of a list; called again where a first reading was not exact enough."""


def open_checked(files: Files, *, full_text: bool | None) -> None:
    """Look at the file that is there, thoroughly after a kill; make an empty one where there is none.

    Raises:
        Broken, sqlite3.DatabaseError: there is one, and it is damaged.
    """
    killed = files.opened()
    path = files.current()
    if path is not None and path.exists():
        check_file(path, thoroughly=killed)
        return
    path = files.new()
    conn = create(path, full_text=full_text)
    conn.executescript(INDEXES)
    finish(conn)
    if files.current() is None:
        files.switch(path)
    else:  # another process was quicker
        discard(path)


class New:
    """A list that is to be used."""

    def __init__(
        self, files: Files, source: Source, lines: Lines, *, full_text: bool | None, stop: Callable[[], bool]
    ) -> None:
        self._files = files
        self._source = source
        self._lines = lines
        self._full_text = full_text
        self._stop = stop

    def take(self, policy: Policy | None) -> Change:
        """Build it beside the old one, and put it in use when the policy has nothing against it.

        Raises:
            WrongState, Unfit: it is not what it should be. The old one stays, as with every failure.
        """
        self._files.clean()
        path = self._files.new()
        try:
            try:
                change = self._build(path, exact=False)
            except WrongState:  # its lines may be true and not canonical (see `rows`)
                discard(path)
                change = self._build(path, exact=True)
            if policy is not None:
                policy(change)
            self._files.switch(path)
        except BaseException:
            discard(path)
            raise
        return change

    def replace_damaged(self, now_s: int) -> None:
        """Set the damaged file aside, and build this list instead with what can still be read of it."""
        path = self._files.new()  # while the damaged one still has its name
        damaged = self._files.set_aside(now_s)
        try:
            conn = create(path, full_text=self._full_text)
            self._prove(conn, exact=True)
            if damaged is not None:
                salvage(conn, damaged)
                _put_in_sight(conn)
            finish(conn)
            self._files.switch(path)
        except BaseException:
            discard(path)
            raise

    def _build(self, path: Path, *, exact: bool) -> Change:
        old = self._files.current()
        conn = create(path, full_text=self._full_text)
        try:
            self._prove(conn, exact=exact)
            if old is None or not old.exists():
                change = Change(None, self._source.serial)
            else:
                change = self._carry(conn, old)
                _put_in_sight(conn)
            with transaction(conn):
                vouch(conn, self._source.publishers)
            finish(conn)
        finally:
            conn.close()
        return change

    def _prove(self, conn: sqlite3.Connection, *, exact: bool) -> None:
        fill(conn, self._lines(), source=self._source, exact=exact, stop=self._stop)

    def _carry(self, conn: sqlite3.Connection, old: Path) -> Change:
        return carry_over(conn, old, serial=self._source.serial, hub=self._source.hub)


def _put_in_sight(conn: sqlite3.Connection) -> None:
    """Show what is pinned as it was, and what is suppressed not at all."""
    with transaction(conn):
        local.suppress_again(conn)
        local.repin(conn)
