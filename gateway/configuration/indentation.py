"""Two blanks for each level, lists included. For formatting alone."""

import re

from gateway.configuration.layout import Block, Layout

STEP = 2
_DASH = re.compile(r"^- +(?=\S)")


def indented(text: str) -> str:
    """Return the text with each section and list two blanks deeper than what it belongs to."""
    layout = Layout(text)
    within = Block(0, 0)
    lines: list[str] = []
    for number, line in enumerate(layout.lines):
        if number in layout.verbatim:
            lines.append(_shifted(line, within.level * STEP - within.column))
        elif not line.strip():
            lines.append("")
        elif number in layout.entries:
            blocks = layout.entries[number]
            lines.append(_entry(line, blocks))
            within = blocks[-1]
        elif line.lstrip().startswith("#"):
            lines.append(_comment(line, within, _next_block(layout, number)))
        else:
            lines.append(_shifted(line, within.level * STEP - within.column))
    return "\n".join(lines) + "\n"


def _entry(line: str, blocks: list[Block]) -> str:
    """Return the line on which one entry begins, or an item of a list whose own first entry follows the dash."""
    text = line[blocks[-1].column :]
    if blocks[-1].is_list:
        text = _DASH.sub("- ", text)
    return " " * (blocks[0].level * STEP) + "- " * (len(blocks) - 1) + text


def _comment(line: str, before: Block, behind: Block | None) -> str:
    """Return a comment at the column of the entries that it stands among: those that follow, else those above."""
    text = line.lstrip()
    column = len(line) - len(text)
    for block in (behind, before):
        if block is not None and block.column == column:
            return " " * (block.level * STEP) + text
    level = before.level + 1 if column > before.column else (behind.level if behind else 0)
    return " " * (level * STEP) + text


def _next_block(layout: Layout, number: int) -> Block | None:
    following = [line for line in layout.entries if line > number]
    return layout.entries[min(following)][0] if following else None


def _shifted(line: str, blanks: int) -> str:
    if blanks >= 0:
        return " " * blanks + line if line.strip() else line
    return line[-blanks:] if not line[:-blanks].strip() else line
