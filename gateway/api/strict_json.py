"""Whether bytes are JSON that means one thing only: pure, used before any model validates a body.

The standard parser takes duplicate keys (last wins), NaN and NUL characters; a proxy, a log or PostgreSQL reads them
otherwise or not at all, so they are refused here with 400 (proxy_behaviour.md section 7 does it on the data plane).
"""

import json
from typing import Any, NoReturn

from gateway.errors import InvalidRequest


def check_json(raw: bytes) -> Any:
    """Return the value; raise InvalidRequest naming the place or the key when it is broken or ambiguous."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unambiguous, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise _invalid(f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise _invalid(f"the body is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}") from error
    except RecursionError as error:
        raise _invalid("the body is nested too deeply") from error
    except ValueError as error:  # an integer of more than 4300 digits
        raise _invalid("the body holds a number that is too long") from error
    if rb"\u0000" in raw and _holds_nul(value):
        raise _invalid("a string in the body holds the character NUL")
    return value


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # add() is the loop's memory
        raise _invalid(f"the body has the key {twice[:64]!r} twice in one object")
    return members


def _no_number(name: str) -> NoReturn:
    raise _invalid(f"the body holds {name}, which is no JSON number")


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_holds_nul(part) for part in value)


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="invalid_json")
