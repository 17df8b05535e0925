"""Entries as files: what the next publication holds. One JSON line an entry, one file a publisher, in the order of ids.

Plain files, so that people can review and keep them under version control; whoever writes them by hand or by a program
is told file and line of what no client would take. What is withdrawn stands in `removed.ndjson`, with its reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from gateway.catalogue.canonical import NotCanonical, Value, canonical, canonical_decoded, decode
from gateway.catalogue.entry import Entry, Hidden, judge
from gateway.catalogue.fitness import is_id
from gateway.catalogue.hub.errors import BadEntries, HubFault, Problem
from gateway.catalogue.hub.folder import read_file, write_whole
from gateway.catalogue.operation import Del, line_of, parse_operation

Change: TypeAlias = Literal["added", "changed", "same"]

_REMOVED: Final = "removed.ndjson"
_FILES: Final = "targets"


class _Named(Struct):
    """As much of a line as tells which entry it is."""

    id: str


_NAMED = Decoder(_Named)


class WorkingList:
    """The folder of entries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self) -> dict[str, dict[str, Any]]:
        """Return `id -> entry`; for long lists `forms` takes a fifth of the memory.

        Raises:
            BadEntries: as `forms`.
        """
        return {id_: decode(form) for id_, form in self.forms().items()}

    def forms(self) -> dict[str, bytes]:
        """Return `id -> canonical form` in the order of ids.

        Raises:
            BadEntries: lines that no client would take, all of them; two entries of one id are such, too.
        """
        forms: dict[str, bytes] = {}
        places: dict[str, tuple[str, int]] = {}
        problems: list[Problem] = []
        for path in sorted(self.folder.glob("*.jsonl")):
            for number, text in _lines(path):
                try:
                    value = decode(text)
                except NotCanonical as error:
                    problems.append(Problem(path.name, number, None, str(error)))
                    continue
                form, id_, here = canonical_decoded(value), id_of(value), (path.name, number)
                if (reason := problem_of(value, form)) or id_ is None:
                    problems.append(Problem(*here, id_, reason or "id: it has none"))
                elif (there := places.setdefault(id_, here)) != here:
                    problems.append(Problem(*here, id_, f"it is in {there[0]}:{there[1]} already"))
                else:
                    forms[id_] = form
        if problems:
            raise BadEntries(problems)
        return dict(sorted(forms.items()))

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
                problems.append(Problem(file, line, id_of(value), reason))
            else:
                wanted[_file_of(value["id"])][value["id"]] = dict(value)
        if problems:
            raise BadEntries(problems)
        for name, fresh in wanted.items():
            kept = self._file(name)
            for id_, value in fresh.items():
                changes[id_] = _change(kept.get(id_), value)
            if not dry_run and any(changes[id_] != "same" for id_ in fresh):
                self._write(name, kept | {id_: canonical(value) for id_, value in fresh.items()})
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
        raise self._unknown(id_)

    def get(self, id_: str) -> dict[str, Any]:
        """Return an entry.

        Raises:
            HubFault: there is none of this id.
        """
        for path in sorted(self.folder.glob("*.jsonl")):
            if (line := self._file(path.name).get(id_)) is not None:
                return decode(line)
        raise self._unknown(id_)

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

    def _unknown(self, id_: str) -> HubFault:
        return HubFault(f"there is no entry {id_!r} in {self.folder}", hint="its id, as in the lines of these files")

    def _file(self, name: str) -> dict[str, bytes]:
        """Return a file's lines by their ids; what is none is told, and not overwritten."""
        path = self.folder / name
        lines = {}
        for number, text in _lines(path) if path.exists() else ():
            try:
                lines[_NAMED.decode(text).id] = text
            except (DecodeError, UnicodeError) as error:
                raise BadEntries([Problem(name, number, None, f"not an entry: {error}")]) from error
        return lines

    def _write(self, name: str, lines: dict[str, bytes]) -> None:
        write_whole(self.folder / name, b"".join(lines[id_] + b"\n" for id_ in sorted(lines)))

    def _note(self, removed: list[Del]) -> None:
        content = b"".join(line_of(one) + b"\n" for one in sorted(removed, key=lambda one: one.id))
        path = self.folder / _REMOVED
        if content != (path.read_bytes() if path.exists() else b""):
            write_whole(path, content)


def problem_of(value: Value, form: bytes | None = None) -> str | None:
    """Return why no client would take an entry, None when they do: those of today or, by `min_client`, later ones.

    `form` is its canonical form, if that is at hand.
    """
    requires = value.get("requires")
    if isinstance(requires, dict) and "min_client" in requires:
        wanted = requires["min_client"]
        if not isinstance(wanted, str) or not all(part.isdecimal() for part in wanted.split(".")):
            return f"requires.min_client: {wanted!r:.100} is no version as 1.2"
        value = {**value, "requires": {**requires, "min_client": None}}
    try:
        verdict = judge(value, form or canonical(value))
    except NotCanonical as error:
        return str(error)
    if isinstance(verdict, Entry):
        return None
    return verdict.reason if not isinstance(verdict, Hidden) else f"{verdict.reason}, so it would not be shown"


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    for number, text in enumerate(read_file(path).split(b"\n"), 1):
        if text.strip():
            yield number, text


def _change(old: bytes | None, new: Value) -> Change:
    if old is None:
        return "added"
    try:
        return "same" if canonical(decode(old)) == canonical(new) else "changed"
    except NotCanonical:  # a line that nobody could publish is mended
        return "changed"


def id_of(value: Value) -> str | None:
    """Return the id of an entry, None where it has none that could be one."""
    id_ = value.get("id")
    return id_ if isinstance(id_, str) and is_id(id_) else None


def _file_of(id_: str) -> str:
    publisher, slash, _ = id_.partition("/")
    return f"{publisher}.jsonl" if slash else "entries.jsonl"
