"""Bodies by the hundred thousand against the standard library: what is refused, what is read, what is spliced.

The reference reads slowly and plainly: it decodes everything, with every pair of every object kept in order.
"""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # documented only in its source, and stable since 3.0
from typing import Any

from gateway.access.body import CallBody, read_call, rewrite
from gateway.access.json_text import MAX_DEPTH
from gateway.errors import InvalidRequest

COUNT = 120_000
_WATCHED = ("model", "stream", "stream_options")


class Pairs(list[tuple[str, Any]]):
    """An object as its pairs, doubled names included."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be read from a body, or the codes of which one must be the refusal's."""

    model: str | None = None
    stream: bool = False
    has_include_usage: bool = False
    refused: frozenset[str] = frozenset()


def reference(body: bytes) -> Expected:
    """Return what read_call must make of `body`, by the standard library."""
    try:
        pairs = parse(body)
    except (ValueError, RecursionError):
        # A wrong type may be noticed in front of the place where the text breaks.
        return Expected(refused=frozenset({"invalid_json", "invalid_type"}))
    if not isinstance(pairs, Pairs):
        return Expected(refused=frozenset({"invalid_json"}))
    refused = {"duplicate_key" for name in _WATCHED if [key for key, _ in pairs].count(name) > 1}
    for name, value in pairs:
        refused |= _wrong(name, value)
    if depth(pairs) > MAX_DEPTH:
        refused.add("invalid_json")
    values = dict(pairs)
    if not values.get("model"):
        refused |= {"missing_field", "invalid_type"}
    if refused:
        return Expected(refused=frozenset(refused))
    options = dict(values.get("stream_options") or ())
    return Expected(values["model"], values.get("stream") is True, "include_usage" in options)


def parse(body: bytes) -> Any:
    """Return the value of `body` with objects as Pairs and numbers as their text; raise ValueError."""

    def constant(name: str) -> None:
        raise ValueError(name)

    text = body.decode()
    value = json.loads(text, object_pairs_hook=Pairs, parse_constant=constant, parse_int=Digits, parse_float=Digits)
    if text[:1] == "\ufeff":
        raise JSONDecodeError("byte order mark", text, 0)
    return value


class Digits(str):
    """A number as it was written."""

    __slots__ = ()


def depth(value: Any) -> int:
    """Return how many containers are inside each other."""
    level, here = 0, [value]
    while here := [item for item in here if isinstance(item, list)]:
        level += 1
        here = [inner for item in here for inner in (_values(item) if isinstance(item, Pairs) else item)]
    return level


def model_span(body: bytes) -> tuple[int, int]:
    """Return where the top-level model's value stands, by walking with the standard library's scanner."""
    text = body.decode("latin-1")
    decoder = json.JSONDecoder(strict=True)
    at = text.index("{") + 1
    while True:
        key, at = scanstring(text, text.index('"', at) + 1, True)  # noqa: FBT003  # a positional flag of C code
        at = _WHITE.match(text, text.index(":", at) + 1).end()  # type: ignore[union-attr]  # matches the empty text too
        value, end = decoder.raw_decode(text, at)
        if key == "model" and isinstance(value, str):
            return at, end
        at = end


def check(body: bytes) -> None:
    """Assert that read_call and rewrite agree with the reference about `body`."""
    expected = reference(body)
    call = _read(body)
    if not isinstance(call, CallBody):
        assert call in expected.refused, (body, call, expected)
        return
    assert not expected.refused, (body, call, expected)
    assert expected.model is not None
    assert _LONE.sub("\ufffd", expected.model) == call.model, (body, call)
    assert (expected.stream, expected.has_include_usage) == (call.stream, call.has_include_usage), (body, call)
    start, end = model_span(body)
    renamed = rewrite(body, call, model='new "ü" name', inject_usage=False)
    assert renamed == body[:start] + '"new \\"ü\\" name"'.encode() + body[end:], (body, renamed)
    assert rewrite(body, call, model=call.model, inject_usage=not call.can_inject_usage) is body
    if call.can_inject_usage:
        _check_injection(body, parse(rewrite(renamed, read_call(renamed), model=None, inject_usage=True)))
        _check_injection(body, parse(rewrite(body, call, model='new "ü" name', inject_usage=True)))


def run(count: int = COUNT, seed: int = 1) -> int:
    """Check `count` bodies made from `seed` and return their number; about half of them are good ones."""
    for body in bodies(random.Random(seed), count):
        check(body)
    return count


def bodies(rng: random.Random, count: int) -> Iterator[bytes]:
    """Yield `count` bodies: made by grammar, then half of them damaged."""
    for number in range(count):
        body = _object(rng, 0).encode("utf-8", "surrogatepass")
        yield _damage(rng, body) if number % 2 else body


def _read(body: bytes) -> CallBody | str:
    """Return the call, or the code of its refusal."""
    try:
        return read_call(body)
    except InvalidRequest as error:
        return error.code


def _wrong(name: str, value: Any) -> set[str]:
    types: dict[str, tuple[type, ...]] = {"model": (str,), "stream": (bool,), "stream_options": (Pairs,)}
    fits = value is None or name not in types or (isinstance(value, types[name]) and not isinstance(value, Digits))
    return set() if fits else {"invalid_type"}


def _values(pairs: Pairs) -> list[Any]:
    return [value for _, value in pairs]


def _check_injection(body: bytes, injected: Pairs) -> None:
    """The event is asked for, and nothing else but the model has changed."""
    options = dict(injected)["stream_options"]
    assert options[0] == ("include_usage", True), (body, injected)
    before = dict(parse(body)).get("stream_options") or []
    assert options[1:] == before, (body, injected)

    def rest(pairs: Pairs) -> list[tuple[str, Any]]:
        return [pair for pair in pairs if pair[0] not in {"stream_options", "model"}]

    assert rest(injected) == rest(parse(body)), (body, injected)
    assert dict(injected)["model"] == 'new "ü" name', (body, injected)


_WHITE = re.compile("[ \t\r\n]*")
_LONE = re.compile("[\ud800-\udfff]")
_NAMES = (
    "model",
    "stream",
    "stream_options",
    "include_usage",
    "messages",
    "a",
    "Model",
    "x\\",
    'q"model',
    "模",
    "\ud83d",
)
_TEXTS = ("", "gpt", "model", '"model"', "[{", "}]", "\\", "ü😀", "\ud800", "\x7f", "tab\tnew\n", "\u2028", "model\\")
_SCALARS = ("0", "-0", "1E5", "0.10", "18446744073709551617", "1e999", "true", "false", "null", "-1.5e-3")
_JUNK = (
    b"NaN",
    b"Infinity",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b'"',
    b"\\",
    b"[",
    b"{",
    b"}",
    b",",
    b":",
    b"\x00",
    b"01",
)


def _object(rng: random.Random, level: int) -> str:
    members = [f"{_key(rng)}{_space(rng)}:{_space(rng)}{_value(rng, level)}" for _ in range(rng.randrange(5))]
    if level == 0:
        model = rng.choice((*_TEXTS, "gpt", "gpt", "gpt"))
        members.insert(rng.randrange(len(members) + 1), f"{_spelled(rng, 'model')}:{_spelled(rng, model)}")
        if rng.random() < 0.5:
            members.insert(rng.randrange(len(members) + 1), '"stream":true')
    return "{" + _space(rng) + ("," + _space(rng)).join(members) + _space(rng) + "}"


def _value(rng: random.Random, level: int) -> str:
    kind = rng.randrange(8 if level < 4 else 5)
    if kind < 2:
        return rng.choice(_SCALARS)
    if kind < 5:
        return _spelled(rng, rng.choice(_TEXTS))
    if kind < 7:
        return _object(rng, level + 1)
    if rng.random() < 0.02:
        deep = rng.choice((MAX_DEPTH - 4, MAX_DEPTH, 700, 1500))
        return "[" * deep + "]" * deep
    return "[" + ",".join(_value(rng, level + 1) for _ in range(rng.randrange(4))) + "]"


def _key(rng: random.Random) -> str:
    return _spelled(rng, rng.choice(_NAMES[4:] if rng.random() < 0.8 else _NAMES))


def _spelled(rng: random.Random, text: str) -> str:
    """Return `text` as JSON, now and then with needless escapes."""
    if rng.random() < 0.15:
        return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else json.dumps(c)[1:-1] for c in text) + '"'
    return json.dumps(text, ensure_ascii=rng.random() < 0.5 or bool(re.search("[\ud800-\udfff]", text)))


def _space(rng: random.Random) -> str:
    return rng.choice(("", "", "", " ", "\n", "\t\r\n"))


def _damage(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body) + 1)
    kind = rng.randrange(4)
    if kind == 0:
        return body[:at]
    if kind == 1:
        return body[:at] + rng.choice(_JUNK) + body[at:]
    if kind == 2:
        return body[:at] + body[at + 1 :]
    return body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :]
