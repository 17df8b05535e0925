"""How data looks on stdout: a table for people, JSON, NDJSON and YAML for programs, bare addresses for the shell.

A table on a terminal is drawn by rich; on a pipe it is plain columns, never cut, and coloured only with FORCE_COLOR.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from gateway.cli.failure import UsageFailure
from gateway.cli.talk import printable

JsonObject: TypeAlias = dict[str, Any]
Columns: TypeAlias = Mapping[str, str | Callable[[JsonObject], object]]
"""Heading to the member's name, or to a function of the row."""

_GAP = "  "
_WIDE = 10_000  # columns of a pipe that is to have colours: nothing is wrapped there


class Output(StrEnum):
    """What `-o` takes."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    """JSON, one line for each row of a list."""
    YAML = "yaml"
    URL = "url"

    @property
    def is_data(self) -> bool:
        """Whether programs read it."""
        return self in {Output.JSON, Output.NDJSON, Output.YAML}


def show_rows(rows: Sequence[JsonObject], columns: Columns, output: Output) -> None:
    """Write a list of objects."""
    if output is Output.URL:
        write_lines(_address(row) for row in rows)
    elif output is Output.TABLE:
        _write_table(list(columns), [[_cell(row, column) for column in columns.values()] for row in rows])
    else:
        show_data(list(rows), output)


def show_object(item: JsonObject, fields: Columns, output: Output) -> None:
    """Write one object; as a table it is one line per field."""
    if output is Output.URL:
        write_lines([_address(item)])
    elif output is Output.TABLE:
        _write_pairs([(name, _cell(item, column)) for name, column in fields.items()])
    else:
        show_data(item, output)


def show_data(data: object, output: Output) -> None:
    """Write data as JSON, NDJSON or YAML."""
    if output is Output.YAML:
        # Inner import: 20 ms that only this format needs.
        from ruamel.yaml import YAML

        yaml = YAML()
        yaml.width = 10_000  # columns: an address is never broken
        yaml.dump(data, sys.stdout)
        return
    indent = None if output is Output.NDJSON else 2
    rows = data if output is Output.NDJSON and isinstance(data, list) else [data]
    ascii_only = sys.stdout.encoding.lower() != "utf-8"
    write_lines(json.dumps(row, indent=indent, ensure_ascii=ascii_only) for row in rows)


def write_lines(lines: Any) -> None:
    """Write each text as one line of data."""
    for line in lines:
        sys.stdout.write(f"{line}\n")


def _address(row: JsonObject) -> str:
    url = row.get("url")
    if not isinstance(url, str):
        raise UsageFailure("-o url: there is no address in this answer", hint="use -o json")
    return url


def _cell(row: JsonObject, column: str | Callable[[JsonObject], object]) -> str:
    value = row.get(column) if isinstance(column, str) else column(row)
    if value is None or value in ([], {}, ""):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)


def _write_table(headings: list[str], rows: list[list[str]]) -> None:
    forced = bool(os.environ.get("FORCE_COLOR")) and not os.environ.get("NO_COLOR")
    if sys.stdout.isatty() or forced:
        _draw_table(headings, rows, forced=forced)
        return
    lines = [[heading.upper() for heading in headings], *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(headings))]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write(f"{_GAP.join(padded).rstrip()}\n")


def _draw_table(headings: list[str], rows: list[list[str]], *, forced: bool) -> None:
    # Inner imports: 40 ms that only a terminal needs.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading.upper(), overflow="fold")  # an address is wrapped, never cut
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _WIDE
    Console(highlight=False, force_terminal=True if forced else None, width=width).print(table)


def _write_pairs(pairs: list[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        sys.stdout.write(f"{name.ljust(width)}{_GAP}{printable(value)}\n")
