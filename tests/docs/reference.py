"""docs/reference, made from the code by `python -m tests.generated`: one function for each page."""

import asyncio
import html
import inspect
import json
import re
import tempfile
import typing
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import typer
from pydantic_core import to_jsonable_python

from gateway.cli.app import tree
from gateway.cli.exit_codes import ExitCode
from gateway.settings import Section, Settings
from resolver.errors import REFUSALS
from tests.app.caller import calling
from tests.app.installation import installed
from tests.docs.error_codes import kinds, raised
from tests.docs.error_words import WORDS
from tests.docs.pages import DOCS, ROOT

_MADE = "<!-- Made from the code by `make fmt`; changes by hand are lost. -->\n\n"
_SETTINGS = """\
Order, the later wins: default, configuration file, `MODELPORT_…` variable, flag of `modelport serve`.
[How to write the file](../how-to/configuration.md). `modelport config show` says what is in effect, and why.
"""
_COMMANDS = """\
stdout carries data, stderr talk: `-o json` and a pipe get no colours and no questions.
[Exit codes](exit-codes.md) are the same everywhere.

## Flags of every command

"""
_ERRORS = """\
Every error has a stable `code`, a sentence that says what and why, mostly a `hint`, and a request id. Calls to models
answer in OpenAI's shape, `{"error": {"message", "type", "param", "code", …}}`; the management API with problem details
(RFC 9457). A server's refusals link to the code's entry on its own copy of this page: `Link: <…>; rel="help"`.

Refusals of an address have [a table of their own](../explanation/addresses.md#refusals).
"""
_ERRORS_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>modelport: errors</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="errors.css">
</head>
<body>
<main>
<h1>Errors</h1>
<p>What each code means, and what to do. The answer that brought you here names the value at fault.</p>
{sections}
</main>
</body>
</html>
"""
_METRICS = """\
`/metrics` speaks Prometheus' text form, for a key of every team that may read the registry. Names are stable. A label
holds no more than its cap of values; the rest is counted as `other`. Beside these stand the usual `process_…` and
`python_…` series.

"""
_API = """\
A running server describes itself: `/api/docs` to read and try, `/api/openapi.json` for programs (OpenAPI 3.1; the same
as [openapi.json](../openapi.json) here). Errors of the management API are [problem details](errors.md).
"""


def settings() -> str:
    """Return the page of every setting: name, variable, default, what it does."""
    head = "# Settings\n\n" + _MADE + _SETTINGS
    plain = {name: field for name, field in Settings.model_fields.items() if not isinstance(field.default, Section)}
    parts = [head, "## At the top\n", _settings_table("", plain, Settings.member_texts())]
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, Section):
            kind = type(field.default)
            table = _settings_table(f"{name}.", kind.model_fields, kind.member_texts())
            parts += [f"## {name}\n", f"{inspect.getdoc(kind)}\n", table]
    return "\n".join(parts)


def _settings_table(prefix: str, fields: typing.Mapping[str, Any], texts: dict[str, str]) -> str:
    rows = ["| setting | default | what it does | variable |", "|---|---|---|---|"]
    for name, field in fields.items():
        default = json.dumps(to_jsonable_python(field.get_default()))
        variable = f"MODELPORT_{prefix.replace('.', '__')}{name}".upper()
        rows.append(f"| `{prefix}{name}` | `{default}` | {_cell(texts.get(name))} | `{variable}` |")
    return "\n".join(rows) + "\n"


def commands() -> str:
    """Return the page of every command: what it does, an example, its arguments and flags."""
    root = typer.main.get_command(tree())
    head = "# Commands\n\n" + _MADE + _COMMANDS
    shared = {name for one in root.params for name in one.opts}
    parts = [head + _flags(root.params, frozenset())]
    parts += [_command(words, one, shared) for words, one in _walk("modelport", root)]
    return "\n".join(parts)


def _walk(words: str, node: Any) -> Iterator[tuple[str, Any]]:
    for name, one in sorted(getattr(node, "commands", {}).items()):
        if one.hidden:
            continue
        if getattr(one, "commands", None):
            yield from _walk(f"{words} {name}", one)
        else:
            yield f"{words} {name}", one


def _command(words: str, one: Any, shared: set[str]) -> str:
    text = inspect.cleandoc(one.help or "").replace("\b\n", "").replace("\b", "")
    told, _, example = text.partition("Example:")
    arguments = [param for param in one.params if param.param_type_name == "argument"]
    shown = " ".join((param.metavar or param.name.upper()).strip("{}[]") for param in arguments)
    lines = [f"## {words}\n", " ".join(told.split()) + "\n"]
    if example.strip():
        lines.append("Example:\n\n" + "\n".join(f"    {line.strip()}" for line in example.strip().splitlines()) + "\n")
    if shown:
        lines.append(f"Arguments: `{shown}`\n")
    if flags := _flags([param for param in one.params if param not in arguments], shared):
        lines.append(flags)
    return "\n".join(lines)


def _flags(params: list[Any], but: set[str] | frozenset[str]) -> str:
    rows = []
    for param in params:
        names = [*param.opts, *param.secondary_opts]
        if getattr(param, "hidden", False) or set(param.opts) & but:
            continue
        shown = "" if param.is_flag else f" {param.metavar or param.name.rpartition('_')[2].upper()}"
        rows.append(f"| `{', '.join(names)}{shown.replace('|', ', ')}` | {_cell(param.help)} |")
    return "\n".join(["| flag | what it does |", "|---|---|", *rows]) + "\n" if rows else ""


def errors() -> str:
    """Return the page of every stable code: status, what and why, what to do."""
    found, classes = raised(), kinds()
    missing, unused = set(found) - set(WORDS), set(WORDS) - set(found)
    assert not missing | unused, f"tests/docs/error_words.py: no words for {missing}, words for nothing: {unused}"
    head = "# Errors\n\n" + _MADE + _ERRORS
    parts = [head]
    for code in sorted(found):
        statuses = sorted({classes[kind].status for kind in found[code]})
        shown = ", ".join(f"{status} {HTTPStatus(status).phrase}" for status in statuses)
        what, remedy = WORDS[code]
        parts.append(f"## {code}\n\n{shown}\n\n{what}\n\n**What to do**: {remedy}\n")
    return "\n".join(parts)


def errors_page() -> str:
    """Return the page that a server answers refusals' links with: the same words, without scripts, for the browser."""
    sections = "\n".join(
        f'<section id="{code}">\n<h2>{code}</h2>\n<p>{_html(what)}</p>\n<p>{_html(remedy)}</p>\n</section>'
        for code, (what, remedy) in sorted(WORDS.items())
    )
    return _ERRORS_PAGE.format(sections=sections)


def _html(text: str) -> str:
    """Turn the little Markdown of the words into HTML: code, and links into plain text."""
    plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(plain, quote=False))


def exit_codes() -> str:
    """Return the page of the numbers that commands end with."""
    source = inspect.getsource(ExitCode)
    texts = dict(re.findall(r'^    (\w+) = \d+\n    """(.+?)"""', source, re.MULTILINE | re.DOTALL))
    meanings = {one: texts.get(one.name) or f"{one.name.replace('_', ' ').capitalize()}." for one in ExitCode}
    rows = [f"| {one.value} | {_cell(meaning)} |" for one, meaning in meanings.items()]
    head = "# Exit codes\n\n" + _MADE + "The same for every command; they never change their meaning.\n\n"
    return head + "\n".join(["| exit | meaning |", "|---|---|", *rows]) + "\n"


def metrics() -> str:
    """Return the page of the series on `/metrics` that are ours."""
    rows = ["| series | kind | labels | what it counts |", "|---|---|---|---|"]
    for name, kind, labels, text in asyncio.run(_series()):
        shown = f"{name}_total" if kind == "counter" else name
        rows.append(f"| `{shown}` | {kind} | {', '.join(f'`{one}`' for one in labels)} | {_cell(text)} |")
    head = "# Metrics\n\n" + _MADE + _METRICS
    return head + "\n".join(rows) + "\n"


async def _series() -> list[tuple[str, str, tuple[str, ...], str]]:
    with tempfile.TemporaryDirectory() as folder:
        async with calling() as caller, installed(caller, Path(folder), {}, {}) as product:
            frozen = list(product.inside.ground.metrics._freeze())
    return sorted((one.name, one.type, tuple(getattr(one, "_labelnames", ())), one.documentation) for one in frozen)


def api(description: str) -> str:
    """Return the page of every operation, by tag, from the text of openapi.json."""
    described = json.loads(description)
    by_tag: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            if method in {"get", "post", "put", "patch", "delete", "head"}:
                row = f"| `{method.upper()} {path}` | {_cell(one.get('summary'))} |"
                by_tag.setdefault((one.get("tags") or ["calls"])[0], []).append(row)
    head = "# API\n\n" + _MADE + _API
    tables = [
        f"## {tag}\n\n| request | what it does |\n|---|---|\n" + "\n".join(rows) + "\n" for tag, rows in by_tag.items()
    ]
    return "\n".join([head, *tables])


def refusals() -> str:
    """Return the page of the address rule with its table of refusals made anew; the rest of it is written by hand."""
    file = DOCS / "explanation" / "addresses.md"
    rows = ["| code | rule | what is wrong | what to do |", "|---|---|---|---|"]
    rows += [f"| `{code}` | {one.rule} | {_cell(one.detail)} | {_cell(one.hint)} |" for code, one in REFUSALS.items()]
    text = file.read_text()
    begin, end = text.index("| code | rule |"), text.index("\n\n", text.index("| code | rule |"))
    return text[:begin] + "\n".join(rows) + text[end:]


def figures() -> str:
    """Return the page about speed with the first table of the measurements in it; the rest is written by hand."""
    text = (DOCS / "explanation" / "performance.md").read_text()
    results = (ROOT / "tests" / "bench" / "RESULTS.md").read_text()
    table = "\n".join(re.findall(r"(?:^\|.*\n)+", results, re.MULTILINE)[0].splitlines())
    before, mark, after = text.partition("<!-- figures: tests/bench/RESULTS.md -->\n\n")
    assert mark
    return before + mark + table + "\n\n" + after[after.index("The machine, what") :]


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


PAGES = {
    DOCS / "reference" / "settings.md": settings,
    DOCS / "reference" / "commands.md": commands,
    DOCS / "reference" / "errors.md": errors,
    ROOT / "gateway" / "api" / "static" / "errors.html": errors_page,
    DOCS / "reference" / "exit-codes.md": exit_codes,
    DOCS / "reference" / "metrics.md": metrics,
    DOCS / "explanation" / "addresses.md": refusals,
    DOCS / "explanation" / "performance.md": figures,
}
