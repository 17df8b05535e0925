"""Entries as files: what the next publication holds. One JSON line an entry, one file a publisher, in the order of ids.

Plain files, so that people can review and keep them under version control; whoever writes them by hand or by a program
is told file and line of what no client would take. What is withdrawn stands in `removed.ndjson`, with its reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from gateway.catalogue.canonical import NotCanonical, Value, canonical, decode
from gateway.catalogue.entry import Entry, Hidden, judge
from gateway.catalogue.fitness import is_id
from gateway.catalogue.hub.errors import BadEntries, HubFault, Problem
from gateway.catalogue.hub.folder import read_file, write_whole
from gateway.catalogue.operation import Del, line_of, parse_operation

Change: TypeAlias = Literal["added", "changed", "same"]

_REMOVED: Final = "removed.ndjson"
_FILES: Final = "targets"


class Line(Struct, frozen=True):
    """An entry and where it stands."""

    value: dict[str, Any]
    file: str
    number: int


class WorkingList:
    """The folder of entries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self) -> dict[str, dict[str, Any]]:
        """Return `id -> entry`.

        Raises:
            BadEntries: lines that no client would take, all of them; two entries of one id are such, too.
        """
        entries: dict[str, Line] = {}
        problems: list[Problem] = []
        for path in sorted(self.folder.glob("*.jsonl")):
            for number, text in _lines(path):
                try:
                    value = decode(text)
                except NotCanonical as error:
                    problems.append(Problem(path.name, number, None, str(error)))
                    continue
                id_ = _id_of(value)
                if reason := problem_of(value):
                    problems.append(Problem(path.name, number, id_, reason))
                elif (other := entries.setdefault(value["id"], Line(value, path.name, number))).value is not value:
                    problems.append(Problem(path.name, number, id_, f"it is in {other.file}:{other.number} already"))
        if problems:
            raise BadEntries(problems)
        return {id_: entries[id_].value for id_ in sorted(entries)}

    def put(
        self, values: Iterable[Value], *, file: str = "entry", lines: Sequence[int] = (), dry_run: bool = False
    ) -> dict[str, Change]:
        """Add entries or take their new form; return what became of each id. All of them are written, or none.

        Raises:
            BadEntries: an entry that no client would take, at its place in `lines` of `file`, else counted from 1.
            HubFault: a file cannot be read or written.
        """
        changes: dict[str, Change] = {}
        wanted: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        problems: list[Problem] = []
        for number, value in enumerate(values, 1):
            reason = problem_of(value)
            if not reason and value["id"] in wanted[_file_of(value["id"])]:
                reason = "it is given twice"
            if reason:
                line = lines[number - 1] if lines else number
                problems.append(Problem(file, line, _id_of(value), reason))
            else:
                wanted[_file_of(value["id"])][value["id"]] = dict(value)
        if problems:
            raise BadEntries(problems)
        for name, fresh in wanted.items():
            kept = self._file(name)
            for id_, value in fresh.items():
                old = kept.get(id_)
                changes[id_] = "added" if old is None else "same" if canonical(old) == canonical(value) else "changed"
            if not dry_run and any(changes[id_] != "same" for id_ in fresh):
                self._write(name, kept | fresh)
        if not dry_run:
            self._note([one for one in self.removed().values() if one.id not in changes])
        return changes

    def remove(self, id_: str, reason: str | None = None, successor: str | None = None) -> None:
        """Withdraw an entry: the next publication tells clients so, with the reason and what to use instead.

        Raises:
            HubFault: there is none of this id, or the successor is no id.
        """
        if successor is not None and not is_id(successor):
            raise HubFault(f"{successor!r} is no id", hint="an id looks like acme/coder-8b")
        for path in sorted(self.folder.glob("*.jsonl")):
            kept = self._file(path.name)
            if kept.pop(id_, None) is not None:
                self._note([*self.removed().values(), Del(id_, reason, successor)])
                self._write(path.name, kept)
                return
        raise HubFault(f"there is no entry {id_!r} in {self.folder}", hint="its id, as in the lines of these files")

    def removed(self) -> dict[str, Del]:
        """Return what was withdrawn, with its reasons."""
        path = self.folder / _REMOVED
        read = (parse_operation(text) for _, text in _lines(path)) if path.exists() else ()
        return {one.id: one for one in read if isinstance(one, Del)}

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield further targets: whatever lies below `targets/`, by its path there."""
        root = self.folder / _FILES
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(root).as_posix(), read_file(path)

    def put_file(self, path: str, content: bytes) -> None:
        """Add a further target: recommend.json, stats/DAY.json, or a list of chunks below artifacts/."""
        write_whole(self.folder / _FILES / path, content)

    def _file(self, name: str) -> dict[str, dict[str, Any]]:
        """Return a file's entries; lines that are none stay an error of `read`, and are not overwritten."""
        path = self.folder / name
        entries = {}
        for number, text in _lines(path) if path.exists() else ():
            try:
                value = decode(text)
                entries[value["id"]] = value
            except (NotCanonical, KeyError) as error:
                raise BadEntries([Problem(name, number, None, str(error))]) from error
        return entries

    def _write(self, name: str, entries: dict[str, dict[str, Any]]) -> None:
        write_whole(self.folder / name, b"".join(canonical(entries[id_]) + b"\n" for id_ in sorted(entries)))

    def _note(self, removed: list[Del]) -> None:
        content = b"".join(line_of(one) + b"\n" for one in sorted(removed, key=lambda one: one.id))
        path = self.folder / _REMOVED
        if content != (path.read_bytes() if path.exists() else b""):
            write_whole(path, content)


def problem_of(value: Value) -> str | None:
    """Return why no client would take an entry, None when they do: those of today or, by `min_client`, later ones."""
    requires = value.get("requires")
    if isinstance(requires, dict) and "min_client" in requires:
        wanted = requires["min_client"]
        if not isinstance(wanted, str) or not all(part.isdecimal() for part in wanted.split(".")):
            return f"requires.min_client: {wanted!r:.100} is no version as 1.2"
        value = {**value, "requires": {**requires, "min_client": None}}
    try:
        verdict = judge(value, canonical(value))
    except NotCanonical as error:
        return str(error)
    if isinstance(verdict, Entry):
        return None
    return verdict.reason if not isinstance(verdict, Hidden) else f"{verdict.reason}, so it would not be shown"


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    for number, text in enumerate(read_file(path).split(b"\n"), 1):
        if text.strip():
            yield number, text


def _id_of(value: Value) -> str | None:
    id_ = value.get("id")
    return id_ if isinstance(id_, str) and is_id(id_) else None


def _file_of(id_: str) -> str:
    publisher, slash, _ = id_.partition("/")
    return f"{publisher}.jsonl" if slash else "entries.jsonl"
