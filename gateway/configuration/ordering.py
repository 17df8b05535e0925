"""The order of a file's sections and settings. For formatting alone; comments go with what they stand above."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from ruamel.yaml.nodes import MappingNode

from gateway.configuration.layout import Layout
from gateway.configuration.sources import DECLARED, FREE_PREFIX, section_of
from gateway.settings import Settings


class _Part(Struct):
    """An entry with the comments above it. `apart`: an empty line stood before it."""

    name: str
    lines: list[str]
    apart: bool


def ordered(text: str) -> str:
    """Return the text with its sections and settings in the order of the documentation."""
    layout = Layout(text)
    if not isinstance(layout.root, MappingNode) or layout.root.flow_style or not layout.root.value:
        return text
    head, parts = _split(layout.lines, layout.root, 0, len(layout.lines))
    fields = Settings.model_fields
    names = [*fields, *DECLARED]
    for part, (key, value) in zip(parts, layout.root.value, strict=True):
        found = fields.get(part.name)
        section = section_of(found) if found else None
        if section and isinstance(value, MappingNode) and not value.flow_style and value.value:
            part.lines = _within(part.lines, value, list(section.model_fields), key.start_mark.line)
    tail = _tail(parts[-1].lines)
    parts.sort(key=lambda part: _rank(part.name, names))
    return "\n".join([*head, *_joined(parts, top=True), *tail]) + "\n"


def _tail(lines: list[str]) -> list[str]:
    """Take the comments at the end of the file out of its last section: they stay at the end."""
    kept = len(lines)
    while kept and (lines[kept - 1].startswith("#") or not lines[kept - 1].strip()):
        kept -= 1
    found = lines[kept:]
    del lines[kept:]
    return ["", *found] if found and found[0].strip() else found


def _within(lines: list[str], section: MappingNode, names: list[str], key_line: int) -> list[str]:
    """Return a section's lines with its settings in order; `key_line` is the section's own line in the whole text."""
    own = next(number for number, line in enumerate(lines) if not line.lstrip().startswith("#"))
    offset = key_line - own
    head, parts = _split(lines, section, -offset, len(lines), after=own)
    parts.sort(key=lambda part: _rank(part.name, names))
    return [*head, *_joined(parts, top=False)]


def _split(
    lines: Sequence[str], node: MappingNode, shift: int, end: int, *, after: int = -1
) -> tuple[list[str], list[_Part]]:
    """Return what stands before the entries, and each entry; `after` is a line that belongs to what stands before."""
    column = node.value[0][0].start_mark.column
    starts = [_first_comment(lines, key.start_mark.line + shift, column, after) for key, _ in node.value]
    parts = []
    for (key, _), start, stop in zip(node.value, starts, [*starts[1:], end], strict=True):
        body = list(lines[start:stop])
        while body and not body[-1].strip():
            body.pop()
        parts.append(_Part(str(key.value), body, apart=start > 0 and not lines[start - 1].strip()))
    head = list(lines[: starts[0]])
    if head and not head[-1].strip() and all(not line.strip() or line.startswith("#") for line in head):
        while head and not head[-1].strip():
            head.pop()
        head.append("")
    return head, parts


def _first_comment(lines: Sequence[str], line: int, column: int, after: int) -> int:
    """Return the first line of the comments right above an entry, in its own column."""
    while line - 1 > after and lines[line - 1].startswith("#", column) and not lines[line - 1][:column].strip():
        line -= 1
    return line


def _rank(name: str, names: Sequence[str]) -> float:
    if name in names:
        return names.index(name)
    return 0.5 if name.startswith(FREE_PREFIX) else len(names)


def _joined(parts: Sequence[_Part], *, top: bool) -> Iterator[str]:
    for number, part in enumerate(parts):
        if number and (part.apart or (top and (len(part.lines) > 1 or len(parts[number - 1].lines) > 1))):
            yield ""
        yield from part.lines
