"""The validator's errors in plain words. The value is not repeated: it may be a secret in the wrong place.

Also used for the declared objects, so that a file speaks with one voice.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any

from gateway.settings import SECRET_REFERENCE

_PLAIN = {
    "bool_type": "must be true or false",
    "dict_type": "must be a section with keys of its own",
    "extra_forbidden": "unknown key",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "missing": "is missing",
    "model_type": "must be a section with keys of its own",
    "path_type": "must be a path",
    "string_pattern_mismatch": "does not have the form {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "too_long": "must have at most {max_length} items",
    "too_short": "must have at least {min_length} items",
}
_QUOTED = {
    "int_type": re.compile(r"[+-]?[0-9]+"),
    "float_type": re.compile(r"[+-]?[0-9]+([.][0-9]*)?"),
    "bool_type": re.compile(r"true|false"),
}
"""Text that would have been right without its quotes."""
_UNITS = {
    "_ms": "milliseconds, without a unit",
    "_s": "seconds, without a unit",
    "_bytes": "bytes, without a unit",
    "_days": "days, without a unit",
}
_BOUNDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_LISTS = {"tuple_type", "list_type"}
NO_REFERENCE = (
    "is no reference to a secret, and a secret itself does not belong here",
    "write where it is: env:NAME, file:PATH or keyring:SERVICE/USER",
)


def worded(error: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return message and hint for one of pydantic's error dictionaries; of its `input` a number out of bounds alone."""
    kind, context = error["type"], error.get("ctx", {})
    if context.get("pattern") == SECRET_REFERENCE:
        return NO_REFERENCE
    if kind == "value_error":
        message, _, hint = str(context.get("error", error["msg"])).partition("; ")
        return message, hint or None
    if error["loc"] == ("version",):
        return "must be 1", "this program reads version 1 of the file's format"
    if "input" in error and error["input"] is None and kind != "missing":
        return "has no value", "give it one, or remove the key"
    form = _PLAIN.get(kind)
    message = form.format_map({name: _number(value) for name, value in context.items()}) if form else str(error["msg"])
    value = error.get("input")
    if kind in _BOUNDS and isinstance(value, int | float):
        message += f", not {_number(value)}"
    return message, _hint(error)


def meant(name: str, known: Collection[str]) -> str | None:
    """Return "did you mean …?" when something known is near."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else None


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known path that somebody meant who wrote another: by the whole path, else by its last word.

    Of words that are equally near the one with letters changed round is meant: `prot` is port, not root.
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.65)
    if not near:
        last = name.rpartition(".")[2]
        by_word = {one.rpartition(".")[2]: one for one in reversed(list(known))}
        words = difflib.get_close_matches(last, by_word, n=3, cutoff=0.75)
        near = [by_word[word] for word in sorted(words, key=lambda word: sorted(word) != sorted(last))]
    return near[0] if near else None


def _hint(error: Mapping[str, Any]) -> str | None:
    """Return how a value of the wrong type is written."""
    kind, text = error["type"], error.get("input")
    if isinstance(text, str) and kind in _QUOTED:
        if _QUOTED[kind].fullmatch(text):
            return "write it without quotes"
        name = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
        return next((hint for ending, hint in _UNITS.items() if name.endswith(ending)), None)
    return "write [one, two], or each item after a - on a line of its own" if kind in _LISTS else None


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
