"""Values of the command line that need no reading: texts, paths, choices, and what nobody said.

typer 0.29 has pydantic read every one, whether it was said or not: 0.15 s of CPU before a command begins. What is plain
is taken here in its place, and everything else, each refusal above all, goes the way it went. Names of typer's own are
replaced, so where they are missing nothing happens.
"""

import os
import typing
from enum import Enum
from pathlib import Path
from typing import Any, Final

import typer.core

_NOT_PLAIN: Final = object()
_NAME: Final = "build_runtime_param"
_READ: Final = getattr(typer.core, _NAME, None)


class Plain:
    """Reads the values of one argument or option, as typer's own `RuntimeParam` does."""

    def __init__(self, descriptor: Any) -> None:
        self._descriptor = descriptor

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        """Return what a command is given for a value."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        info, kind = self._descriptor.parameter_info, self._descriptor.annotation
        found = _NOT_PLAIN if info.parser is not None else _listed(value, kind) if several else plain(value, kind, info)
        if found is not _NOT_PLAIN:
            return found
        assert _READ is not None  # `take` looked
        return _READ(self._descriptor).coerce(value, param=param, ctx=ctx)


def take() -> None:
    """Have plain values taken as they are from now on."""
    if _READ is not None:
        setattr(typer.core, _NAME, Plain)


def plain(value: Any, kind: Any, info: Any) -> Any:
    """Return what a single value stands for, or `_NOT_PLAIN`."""
    if kind is str and _is_text(value):
        return value
    if kind is Path and (isinstance(value, Path) or _is_text(value)) and _is_any_path(info, value):
        return Path(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next((one for one in kind if value in (one, one.value)), _NOT_PLAIN)
    return _NOT_PLAIN


def _listed(value: Any, kind: Any) -> Any:
    is_texts = typing.get_origin(kind) is list and typing.get_args(kind) == (str,)
    return list(value) if is_texts and isinstance(value, list | tuple) and all(map(_is_text, value)) else _NOT_PLAIN


def _is_text(value: Any) -> bool:
    """Whether it is a text without the half characters that stand for bytes of another encoding."""
    return isinstance(value, str) and value.isprintable()


def _is_any_path(info: Any, path: str | Path) -> bool:
    """Whether nothing more is asked of a path than that it can be read, should it be there."""
    asks = info.exists or info.resolve_path or info.writable or info.allow_dash or info.path_type not in {None, Path}
    if asks or not (info.file_okay and info.dir_okay):
        return False
    return not os.path.lexists(path) or not info.readable or os.access(path, os.R_OK)
