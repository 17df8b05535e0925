"""Where things stand in a file's text: which line begins an entry of which section or list. For formatting alone."""

from dataclasses import dataclass, field

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode


class Block(Struct, eq=False):
    """A section or list in block style: the column where its entries begin, and the level below the top."""

    column: int
    level: int
    is_list: bool = False


@dataclass(slots=True)
class Layout:
    """The lines of a text. `entries`: what begins on a line, outermost first; `verbatim`: lines within a value."""

    text: str
    lines: list[str] = field(init=False)
    root: Node | None = field(init=False)
    entries: dict[int, list[Block]] = field(init=False, default_factory=dict)
    verbatim: set[int] = field(init=False, default_factory=set)
    _seen: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.lines = self.text.splitlines()
        self.root = YAML(typ="safe", pure=True).compose(self.text)
        if self.root is not None:
            self._visit(self.root, 0)

    def _visit(self, node: Node, level: int) -> None:
        if id(node) in self._seen:  # an alias: the value stands elsewhere
            return
        self._seen.add(id(node))
        if not isinstance(node, CollectionNode) or node.flow_style:
            last = node.end_mark.line if node.end_mark.column or not _is_block_text(node) else node.end_mark.line - 1
            self.verbatim.update(range(node.start_mark.line + 1, last + 1))
        elif isinstance(node, MappingNode) and node.value:
            block = Block(node.value[0][0].start_mark.column, level)
            for key, value in node.value:
                self.entries.setdefault(key.start_mark.line, []).append(block)
                self._visit(value, level + 1)
        elif isinstance(node, SequenceNode) and node.value:
            self._visit_items(node, level)

    def _visit_items(self, node: SequenceNode, level: int) -> None:
        lines = [item.start_mark.line for item in node.value]
        column = self.lines[lines[0]].rfind("-", 0, node.value[0].start_mark.column + 1) if lines else 0
        block = Block(column, level, is_list=True)
        for line, item in zip(lines, node.value, strict=False):
            self.entries.setdefault(line, []).append(block)
            self._visit(item, level + 1)


def _is_block_text(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.style in {"|", ">"}
