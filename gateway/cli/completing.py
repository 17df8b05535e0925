"""What may stand at the end of a line: commands and flags from the tree of commands, names from the server.

It never fails and never waits: whatever goes wrong, and whatever takes longer than a moment, gives nothing.
"""

import os
import re
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import islice
from typing import Any, get_args

import typer.main

from gateway.cli.contexts import load
from gateway.cli.flags import Flags
from gateway.cli.session import Session

_LIMIT_S = 1.5  # a person who pressed Tab notices a second, and gives up after two
_MOST = 400  # words: beyond this nobody reads them


def complete(line: str, *, breaks: str = "") -> None:
    """Write the words that may stand at the end of the line to stdout, and end the process.

    `breaks` are the characters at which the shell has split the last word: what is before them is not repeated.
    """
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda *_: os._exit(0))  # also out of a name lookup that hangs
        signal.setitimer(signal.ITIMER_REAL, _LIMIT_S)
    try:
        found = sorted(set(islice(candidates(line), _MOST)))
        seen = max(_last(line).rfind(sign) for sign in breaks) + 1 if breaks else 0
        text = "".join(f"{word[seen:]}\n" for word in found)
    except Exception:  # noqa: BLE001 - Tab shows no errors
        text = ""
    sys.stdout.write(text)
    sys.stdout.flush()
    os._exit(0)


def candidates(line: str) -> Iterator[str]:
    """Give what may stand at the end of the line."""
    words, last = _split(line)
    node, flags, arguments, open_option = _walk(words[1:])
    if open_option is not None:
        found = _of_value(open_option, flags, arguments)
    elif last.startswith("-") and "=" in last:
        name, _, last_value = last.partition("=")
        option = _options(node).get(name)
        yield from (f"{name}={one}" for one in _of_value(option, flags, arguments) if one.startswith(last_value))
        return
    elif last.startswith("-"):
        found = iter(name for name in _options(node) if name.startswith("--"))
    elif hasattr(node, "commands"):
        found = iter(name for name, one in node.commands.items() if not one.hidden)
    else:
        found = _of_argument(node, flags, arguments)
    yield from (one for one in found if one.startswith(last))


def _last(line: str) -> str:
    return _split(line)[1]


def _split(line: str) -> tuple[list[str], str]:
    """Return the whole words and the one that is being typed; an open quote is closed."""
    for end in ("", "'", '"'):
        try:
            words = shlex.split(line + end)
        except ValueError:
            continue
        if not line or (line[-1].isspace() and not end):
            return words, ""
        return words[:-1], words[-1] if words else ""
    return [], ""


def _walk(words: list[str]) -> tuple[Any, dict[str, str], list[str], Any]:
    """Return the command that the words name, its flags with values, its arguments, and an option without its value."""
    # Inner import: the tree of commands imports this module's caller.
    from gateway.cli.app import tree

    node: Any = typer.main.get_command(tree())
    flags: dict[str, str] = {}
    arguments: list[str] = []
    waiting = None
    for word in words:
        if waiting is not None:
            flags[waiting.name], waiting = word, None
        elif word.startswith("-") and word != "-":
            name, sign, value = word.partition("=")
            option = _options(node).get(name)
            if option is not None and not option.is_flag:
                if sign:
                    flags[option.name] = value
                else:
                    waiting = option
        elif hasattr(node, "commands"):
            node = node.commands.get(word, node)
        else:
            arguments.append(word)
    return node, flags, arguments, waiting


def _options(node: Any) -> dict[str, Any]:
    return {name: one for one in node.params if one.param_type_name == "option" for name in one.opts}


def _of_argument(node: Any, flags: dict[str, str], arguments: list[str]) -> Iterator[str]:
    own = [one for one in node.params if one.param_type_name == "argument"]
    if not own:
        return
    place = min(len(arguments), len(own) - 1)
    if len(arguments) < len(own) or own[place].nargs == -1:
        yield from _of_value(own[place], flags, arguments)


def _of_value(parameter: Any, flags: dict[str, str], arguments: list[str]) -> Iterator[str]:
    """Give the values of a flag or argument: its choices, or names by its metavar and its command."""
    if parameter is None:
        return
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        yield from (str(one.value) for one in kind)
        return
    if choices := [str(one) for one in get_args(kind) if isinstance(one, str)]:
        yield from choices
        return
    if source := _NAMES.get(re.sub(r"[^A-Za-z]", "", parameter.metavar or "").upper()):
        yield from source(_session(flags), arguments)


def _session(flags: dict[str, str]) -> Session:
    key_file = flags.get("key_file")
    return Session(
        Flags(
            server=flags.get("server"),
            context=flags.get("context"),
            key_file=None if key_file == "-" else key_file,  # stdin is the shell's
            team=flags.get("team"),
        )
    )


def _names(plural: str, *, name: str = "name", in_team: bool = False) -> Callable[[Session, list[str]], Iterator[str]]:
    def read(session: Session, _: list[str]) -> Iterator[str]:
        rows = session.api.items(f"/{plural}", team=session.team if in_team else None)
        yield from (str(row[name]) for row in rows)

    return read


def _models(session: Session, arguments: list[str]) -> Iterator[str]:
    yield from _names("models", in_team=True)(session, arguments)
    yield from _names("aliases", in_team=True)(session, arguments)


def _living(session: Session, arguments: list[str]) -> Iterator[str]:
    found = _names("models", in_team=True)(session, arguments)
    yield from (name for name in found if name not in arguments)


def _deleted(session: Session, arguments: list[str]) -> Iterator[str]:
    """Give names of deleted models, and the uid where several had one name."""
    rows = list(islice(session.api.items("/models", team=session.team, state="deleted"), _MOST))
    counted = Counter(str(row["name"]) for row in rows)
    for row in rows:
        word = str(row["name"] if counted[str(row["name"])] == 1 else row["uid"])
        if word not in arguments:
            yield word


def _contexts(_: Session, __: list[str]) -> Iterator[str]:
    yield from load().contexts


def _shells(_: Session, __: list[str]) -> Iterator[str]:
    yield from ("bash", "zsh", "fish")


_NAMES: dict[str, Callable[[Session, list[str]], Iterator[str]]] = {
    "ALIAS": _names("aliases", in_team=True),
    "CONTEXT": _contexts,
    "DELETEDUID": _deleted,
    "ENDPOINT": _names("endpoints", name="id", in_team=True),
    "GATEWAY": _names("gateways"),
    "KEY": _names("keys"),
    "MODEL": _models,
    "MODELUID": _living,
    "OPERATION": _names("operations", name="id", in_team=True),
    "SHELL": _shells,
    "TEAM": _names("teams"),
    "URLNAME": _models,
}
