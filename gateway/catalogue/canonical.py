"""The one form in which entries are hashed: JSON, keys sorted, no spaces, UTF-8, integers only (CAT-4). Pure."""

from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeAlias

import msgspec

Value: TypeAlias = Mapping[str, Any]

MAX_LINE: Final = 64 * 1024
"""Bytes of one entry or operation: sixty times a usual one, and a hostile line stays small in memory."""


class NotCanonical(ValueError):
    """A value that has no canonical form, or a line that is none."""


def decode(line: bytes | str, *, limit: int = MAX_LINE) -> dict[str, Any]:
    """Return the object that stands in a line of at most `limit` bytes.

    Raises:
        NotCanonical: too long, not JSON, not an object, or there is a number in it that is not an integer.
    """
    if len(line) > limit:
        raise NotCanonical(f"{len(line)} bytes where {limit} are allowed")
    try:
        value = _DECODER.decode(line)
    except msgspec.ValidationError as error:  # what the float hook said, and where
        raise NotCanonical(str(error).partition(" - at `")[0]) from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise NotCanonical(f"expected an object, got {type(value).__name__}")
    return value


def canonical(value: Value) -> bytes:
    r"""Return the canonical form.

    >>> canonical({"b": [1, "ä"], "a": None})
    b'{"a":null,"b":[1,"\xc3\xa4"]}'

    Raises:
        NotCanonical: a float, a key or value that JSON does not know, or longer than a line may be.
    """
    try:
        form = _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    if decode(form) != value:  # the encoder writes floats, bytes, sets and NaN as something else, without a word
        raise NotCanonical("it holds something else than objects, lists, texts, integers, true, false and null")
    return form


def canonical_decoded(value: Value) -> bytes:
    """Return the canonical form of what `decode` gave: that holds nothing which has none (2 us instead of 5)."""
    return _ENCODER.encode(value)


def _no_float(text: str) -> NoReturn:
    raise NotCanonical(f'{text} is no integer: amounts of money are texts, as "0.25"')


_DECODER = msgspec.json.Decoder(float_hook=_no_float)
_ENCODER = msgspec.json.Encoder(order="sorted")
