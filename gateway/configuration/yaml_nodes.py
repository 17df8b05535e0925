"""From YAML text over the parser's nodes to plain values. Imported by document.py when there is a file to read.

The parser's own messages take eight lines and quote the file; here they become one line without any value.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.configuration.finding import ConfigurationError, Finding
from gateway.configuration.masking import shown_path

MAX_VALUES = 200_000
"""Values after aliases were followed: ten aliases of ten aliases of … must not fill the memory."""
MAX_DEPTH = 50
"""Levels; no setting lies deeper than eight."""

_TAG = "tag:yaml.org,2002:"
_TEXT = ("str", "timestamp")
_TAB = re.compile(r"[ ]*\t")
_QUOTED = re.compile(r" with value .*| '[^']{2,}'")
_IN_QUOTES = "put a text that begins with one of @ ` * & ! % | > into quotes"


def compose(text: str, path: Path) -> Node | None:
    """Return the root of the document, or None of an empty one.

    Raises:
        ConfigurationError: this is no YAML, or two documents.
    """
    try:
        return YAML(typ="safe", pure=True).compose(text)  # type: ignore[no-any-return]  # untyped
    except RecursionError:
        finding = _too_deep(path)
    except YAMLError as error:
        finding = _broken(error, text, path)
    raise ConfigurationError([finding]) from None  # the parser's error quotes the file


def _too_deep(path: Path) -> Finding:
    return Finding(str(path), "", "is nested too deeply", "no setting lies deeper than eight levels")


def _broken(error: YAMLError, text: str, path: Path) -> Finding:
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        return Finding(f"{path}:{line}", "", "this is no YAML: a control character", "remove the character")
    line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
    lines = text.splitlines()
    tabs = [number for number, one in enumerate(lines, start=1) if _TAB.match(one)]
    if tabs and tabs[0] <= line:
        more = f"; so do lines {', '.join(map(str, tabs[1:6]))}" if tabs[1:] else ""
        return Finding(
            f"{path}:{tabs[0]}", "", f"the line begins with a tab{more}", "YAML is indented with spaces only"
        )
    problem, hint = _QUOTED.sub("", error.problem or "broken"), None
    if "cannot start any token" in problem or "alias" in problem or "tag" in problem:
        hint = _IN_QUOTES
    elif "mapping values are not allowed" in problem:
        problem, hint = "a second colon", "put a text with a colon and a space into quotes; check the indentation above"
    elif "another document" in problem:
        problem, hint = "a second document begins here", "one file is one document: remove the line ---"
    elif "but got" in problem and "<" not in problem:  # what was got is the file's text
        problem = f"{problem.partition(', but got')[0]} before this"
        hint = "close the bracket in the lines above, or put the text into quotes"
    elif "<block" in problem or "block end" in problem:
        problem, hint = "the indentation does not fit", "keys of one section begin in the same column"
    return Finding(f"{path}:{line}", "", f"this is no YAML at column {column}: {problem}", hint)


class Walk:
    """One way through the nodes of a file: the values, their lines, and what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self.findings: list[Finding] = []
        self.lines: dict[tuple[str | int, ...], int] = {}
        self._path = path
        self._constructor = YAML(typ="safe", pure=True).constructor
        self._open: list[Node] = []
        self._values = 0

    def value(self, node: Node, at: tuple[str | int, ...]) -> Any:
        """Return the node's value; `at` are the keys that lead to it.

        Raises:
            ConfigurationError: aliases multiply into more values than anybody writes.
        """
        self._values += 1
        if self._values > MAX_VALUES:
            raise ConfigurationError([Finding(str(self._path), "", f"holds more than {MAX_VALUES} values")])
        if len(self._open) > MAX_DEPTH:
            raise ConfigurationError([_too_deep(self._path)])
        if any(node is one for one in self._open):
            where = f"{self._path}:{self.lines[at]}"
            self.findings.append(Finding(where, shown_path(at), "this alias holds itself"))
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node, at)
        self._open.append(node)
        try:
            if isinstance(node, SequenceNode):
                return self._list(node, at)
            return self._mapping(node, at) if isinstance(node, MappingNode) else None
        finally:
            self._open.pop()

    def _scalar(self, node: ScalarNode, at: tuple[str | int, ...]) -> Any:
        kind = node.tag.removeprefix(_TAG) if node.tag else "str"
        if kind in _TEXT:
            text = str(node.value)
            if not _is_unicode(text):
                self._find(node, at, "holds half a character", "write the character itself, or its whole escape")
                return ""
            return text
        if kind in {"null", "bool", "int", "float"}:
            return getattr(self._constructor, f"construct_yaml_{kind}")(node)
        self._find(node, at, "a tag means nothing here", "put a text that begins with ! into quotes")
        return None

    def _list(self, node: SequenceNode, at: tuple[str | int, ...]) -> list[Any]:
        self._check_tag(node, at, "seq")
        found = []
        for index, item in enumerate(node.value):
            self.lines[*at, index] = item.start_mark.line + 1
            found.append(self.value(item, (*at, index)))
        return found

    def _mapping(self, node: MappingNode, at: tuple[str | int, ...]) -> dict[str, Any]:
        self._check_tag(node, at, "map")
        found: dict[str, Any] = {}
        for key, item in self._members(node, at, []):
            name = str(key.value)
            if name not in found:
                self.lines[*at, name] = key.start_mark.line + 1
                found[name] = self.value(item, (*at, name))
        return found

    def _members(
        self, node: MappingNode, at: tuple[str | int, ...], merging: list[Node]
    ) -> Iterator[tuple[ScalarNode, Node]]:
        """Yield the keys of a mapping, its own before merged ones: the first of a name counts."""
        seen: dict[str, int] = {}
        merged: list[Node] = []
        for key, item in node.value:
            if key.tag == f"{_TAG}merge":
                merged += item.value if isinstance(item, SequenceNode) else [item]
            elif not isinstance(key, ScalarNode):
                self._find(key, at, "a list or section cannot be a key")
            elif key.value in seen:
                message = f"is already set in line {seen[key.value]}"
                self._find(key, (*at, str(key.value)), message, "leave one of the two")
            else:
                seen[key.value] = key.start_mark.line + 1
                yield key, item
        for one in merged:
            if not isinstance(one, MappingNode) or any(one is other for other in (*merging, *self._open[:-1], node)):
                self._find(one, at, "<< takes a section, or a list of sections, from elsewhere", "like <<: *name")
            else:
                yield from self._members(one, at, [*merging, node])

    def _check_tag(self, node: Node, at: tuple[str | int, ...], expected: str) -> None:
        if node.tag != f"{_TAG}{expected}":
            self._find(node, at, "a tag means nothing here", "remove the word that begins with !")

    def _find(self, node: Node, at: tuple[str | int, ...], message: str, hint: str | None = None) -> None:
        where = f"{self._path}:{node.start_mark.line + 1}"
        self.findings.append(Finding(where, shown_path(at), message, hint))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
