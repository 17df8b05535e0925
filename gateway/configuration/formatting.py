"""The one way to write a configuration file: `modelport config fmt`. Comments stay, meaning stays.

Settled here: order of the sections and of the settings in them, two blanks of indentation, one empty line at most. Each
step is kept only when the file still says the same and no comment is lost: what cannot be moved stays where it is.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from gateway.configuration.document import parse
from gateway.configuration.finding import ConfigurationError
from gateway.configuration.indentation import indented
from gateway.configuration.layout import Layout
from gateway.configuration.ordering import ordered

_MAX_ROUNDS = 5
"""A comment that stood in no column of its own may find its place in the second round."""


def formatted(text: str, path: Path) -> str:
    """Return the file's text in its canonical form; `path` is for the messages.

    Raises:
        ConfigurationError: it is no YAML, or a key stands in it twice.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    document = parse(text, path)
    if document.findings:
        raise ConfigurationError(document.findings)
    for _ in range(_MAX_ROUNDS):
        before = text
        for step in (ordered, indented, _spaced):
            text = _kept(step, text, path)
        if text == before:
            break
    return text


def _kept(step: Callable[[str], str], before: str, path: Path) -> str:
    """Return the text after a step, or before it when the step would have changed what the file says."""
    after = step(before)
    try:
        found = parse(after, path)
    except ConfigurationError:
        return before
    same = not found.findings and found.values == parse(before, path).values and _comments(after) == _comments(before)
    return after if same else before


def _comments(text: str) -> Counter[str]:
    return Counter(line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))


def _spaced(text: str) -> str:
    """Return the text without blanks at the ends of lines, and with one empty line where there were several."""
    layout, lines = Layout(text), []
    for number, line in enumerate(layout.lines):
        if number in layout.verbatim:
            lines.append(line)
        elif line.strip() or (lines and lines[-1].strip()):
            lines.append(line.rstrip())
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines) + "\n" if lines else ""
