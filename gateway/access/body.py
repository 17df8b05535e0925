"""What a JSON body asks for, and the same body for another model: read in passing, spliced, never re-encoded.

Every byte but the model's name (and our own wish for the usage event, USE-3) reaches the upstream as it came: digits,
escapes, key order, white space, unknown members (PRX-10, PRX-32, PRX-33). What two parsers could read differently is
refused (PRX-30, PRX-31, PRX-34). Pure; used by the data plane only.

msgspec validates 10 MB in 2 to 4 ms because it builds nothing. It lets pass, and we look at: bytes that are no UTF-8,
duplicate keys, depth. It refuses, and we let pass: lone surrogates written as escapes. A fuzzer compares both with the
standard library.
"""

import re
from typing import Any, Final, Literal

import msgspec

from gateway.access.json_text import SMALL, check_depth, check_encoding, refuse, refuse_depth, with_plain_surrogates
from gateway.access.members import is_single, value_start
from gateway.errors import InvalidRequest


class CallBody(msgspec.Struct, frozen=True, gc=False):
    """What was asked for. A msgspec Struct: one is made per call, and a frozen dataclass takes five times as long.

    `has_include_usage` says that the caller decided about the usage event, either way. `store` and the two ids are None
    where they are absent or of another type: that is for the upstream to judge.
    """

    model: str | None
    stream: bool
    stream_options: Literal["absent", "null", "object"] = "absent"
    has_include_usage: bool = False
    store: bool | None = None
    previous_response_id: str | None = None
    input_file_id: str | None = None

    @property
    def can_inject_usage(self) -> bool:
        """Whether `rewrite(…, inject_usage=True)` asks for the usage event: a stream whose caller did not decide."""
        return self.stream and not self.has_include_usage

    def refers_to(self, member: str | None) -> str | None:
        """Return the id of a stored object in `member` (Operation.refers_to), if there is one."""
        if member == "previous_response_id":
            return self.previous_response_id
        return self.input_file_id if member == "input_file_id" else None


def read_call(body: bytes, *, model: Literal["required", "optional", "none"] = "required") -> CallBody:
    """Return what the JSON object `body` asks for; `model` says whether the operation needs one.

    Raises: InvalidRequest with code invalid_json (with `line` and `column`, from 1), invalid_type, missing_field or
    duplicate_key (with `param`).
    """
    check_encoding(body)
    checked = body
    try:
        head = _HEAD.decode(body)
    except RecursionError:
        refuse_depth()
    except msgspec.DecodeError as error:
        checked = with_plain_surrogates(body)
        head = _second_look(checked, error)
    check_depth(body, (head.messages, head.input, head.tools))
    _check_unique(checked, head)
    if not head.model and (model == "required" or head.model == ""):
        _refuse_model(head.model)
    return _call(head)


def rewrite(body: bytes, call: CallBody, *, model: str | None, inject_usage: bool) -> bytes:
    """Return `body` with the model's name replaced and the usage event asked for; the same object if neither is due.

    `call` is what read_call made of this body. A name is replaced where the body has one and `model` is another.
    """
    edits: list[tuple[int, int, bytes]] = []
    if model is not None and call.model is not None and model != call.model:
        start = value_start(body, "model")
        edits.append((start, _end(_STRING, body, start), msgspec.json.encode(model)))
    if inject_usage and call.can_inject_usage:
        edits.append(_usage_edit(body, call))
    if not edits:
        return body
    view, at = memoryview(body), 0
    pieces: list[bytes | memoryview] = []
    for start, end, text in sorted(edits):
        pieces += (view[at:start], text)
        at = end
    return b"".join((*pieces, view[at:]))


def _second_look(body: bytes, error: msgspec.DecodeError) -> "_Head":
    """Decode a body that now has no lone surrogates in it, or say what is wrong and where."""
    try:
        return _HEAD.decode(body)
    except RecursionError:
        refuse_depth()
    except msgspec.ValidationError as wrong:
        error = wrong
    except msgspec.DecodeError as broken:
        text = str(broken)
        at = _BYTE.search(text)
        reason = text.removeprefix("JSON is malformed: ").partition(" (byte")[0]
        # Behind a whole value the parser has already taken the byte that it complains about.
        position = (int(at[1]) - (reason == "trailing characters")) if at else len(body)
        refuse(body, position, "it ends too early" if at is None else reason)
    member, got = _MEMBER.search(str(error)), _GOT.search(str(error))
    found = got[1] if got else "an endless number"
    if member is None:
        refuse(body, 0, f"an object is expected, not {found}")
    raise InvalidRequest(
        f"{member[1]} must be {_EXPECTED[member[1]]}, not {found}", code="invalid_type", param=member[1]
    )


def _check_unique(body: bytes, head: "_Head") -> None:
    """Refuse a doubled model, stream or stream_options in any spelling: others may take the other one (PRX-31).

    The body passed the first decoding: every `model` in it is text, every `stream` a boolean or null, so that nothing
    large is built. A stream_options may be anything: in a large body it is looked for without the parser.
    """
    seen: list[type[_Counted]] = []

    def count(kind: type[_Counted], _value: Any) -> _Counted:
        if kind in seen:
            _refuse_duplicate(kind.member)
        seen.append(kind)
        return kind()

    if head.stream_options and len(body) <= SMALL:
        try:
            msgspec.json.decode(body, type=_AllKeys, dec_hook=count)
        except msgspec.ValidationError:  # a number without end among the options
            seen.clear()
        else:
            return
    msgspec.json.decode(body, type=_Keys, dec_hook=count)
    if head.stream_options and not is_single(body, "stream_options"):
        _refuse_duplicate("stream_options")


def _refuse_duplicate(member: str) -> None:
    raise InvalidRequest(
        f"{member} stands in the body more than once", code="duplicate_key", param=member, hint="send each member once"
    )


def _refuse_model(model: object) -> None:
    if model == "":
        raise InvalidRequest("model must not be empty", code="invalid_type", param="model")
    raise InvalidRequest(
        "model is missing", code="missing_field", param="model", hint="GET /v1/models lists the names that may be used"
    )


def _call(head: "_Head") -> CallBody:
    options: Literal["absent", "null", "object"] = "absent"
    has_include_usage = False
    if head.stream_options:
        options, has_include_usage = _options(head.stream_options)
    return CallBody(
        head.model or None,
        head.stream is True,
        options,
        has_include_usage,
        _STORE.get(bytes(head.store)) if head.store else None,
        _id(head.previous_response_id) if head.previous_response_id else None,
        _id(head.input_file_id) if head.input_file_id else None,
    )


def _options(raw: msgspec.Raw) -> tuple[Literal["null", "object"], bool]:
    try:
        options = _OPTIONS.decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidRequest(
            "stream_options must be an object or null", code="invalid_type", param="stream_options"
        ) from error
    return ("null", False) if options is None else ("object", bool(options.include_usage))


def _id(raw: msgspec.Raw) -> str | None:
    if len(raw) > _LONGEST_ID:
        return None
    try:
        return _TEXT.decode(raw)
    except msgspec.DecodeError:
        return None


def _usage_edit(body: bytes, call: CallBody) -> tuple[int, int, bytes]:
    if call.stream_options == "absent":
        at = body.index(b"{") + 1  # `stream` stands there too, so a comma is due
        return at, at, b'"stream_options":{"include_usage":true},'
    start = value_start(body, "stream_options")
    if call.stream_options == "null":
        return start, start + 4, b'{"include_usage":true}'
    comma = b"" if _EMPTY.match(body, start) else b","
    return start + 1, start + 1, b'"include_usage":true' + comma


def _end(pattern: re.Pattern[bytes], body: bytes, start: int) -> int:
    found = pattern.match(body, start)
    assert found is not None
    return found.end()


class _Head(msgspec.Struct, gc=False):
    """The members that matter. Raw ones are validated, neither built nor copied; empty means absent."""

    model: str | None = None
    stream: bool | None = None
    stream_options: msgspec.Raw = msgspec.Raw()
    store: msgspec.Raw = msgspec.Raw()
    previous_response_id: msgspec.Raw = msgspec.Raw()
    input_file_id: msgspec.Raw = msgspec.Raw()
    messages: msgspec.Raw = msgspec.Raw()
    input: msgspec.Raw = msgspec.Raw()
    tools: msgspec.Raw = msgspec.Raw()


class _Options(msgspec.Struct, gc=False):
    include_usage: msgspec.Raw = msgspec.Raw()


class _Counted:
    """A type that msgspec does not know: its hook is called for each member of it, doubled ones included."""

    __slots__ = ()
    member: str


class _Model(_Counted):
    __slots__ = ()
    member = "model"


class _Stream(_Counted):
    __slots__ = ()
    member = "stream"


class _StreamOptions(_Counted):
    __slots__ = ()
    member = "stream_options"


class _Keys(msgspec.Struct, gc=False):
    """Not `_Model | None`: for a null the hook would not be called."""

    model: _Model = _Model()
    stream: _Stream = _Stream()


class _AllKeys(_Keys, gc=False):
    stream_options: _StreamOptions = _StreamOptions()


_HEAD: Final = msgspec.json.Decoder(_Head)
_OPTIONS: Final = msgspec.json.Decoder(_Options | None)
_TEXT: Final = msgspec.json.Decoder(str)
_STORE: Final = {b"true": True, b"false": False}
_LONGEST_ID: Final = 1024  # bytes
_EXPECTED: Final = {"model": "a string", "stream": "true, false or null"}
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_MEMBER: Final = re.compile(r"`\$\.(\w+)")
_GOT: Final = re.compile(r"got `(\w+)`")
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_EMPTY: Final = re.compile(rb"\{[ \t\r\n]*\}")
