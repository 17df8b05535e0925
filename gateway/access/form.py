"""Where in the bytes of a multipart form is the model's value? Found while the bytes pass, without keeping them.

The bytes are never changed here. What two parsers could read differently is refused, so that the name which is checked
is the name which the upstream reads: a second model part, a bare LF in front of a boundary, names in odd spellings,
anything around the form (RFC 2046 5.1, RFC 7578). Pure; used by multipart.py only.
"""

import re
from collections.abc import Callable
from typing import Final, NoReturn

from gateway.errors import InvalidRequest, UnsupportedMedia


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a Content-Type of a form names.

    Raises: UnsupportedMedia when it is no multipart/form-data, InvalidRequest without exactly one good boundary.

    >>> boundary_of('multipart/form-data; boundary="a b"')
    b'a b'
    """
    kind, _, rest = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        raise UnsupportedMedia(
            f"a form is expected here, not {kind.strip()[:100]!r}", hint="send multipart/form-data, as the SDKs do"
        )
    found = _BOUNDARY.findall(f";{rest}")
    boundary = str(found[0]).strip('"') if len(found) == 1 else ""
    if not _GOOD_BOUNDARY.fullmatch(boundary):
        _refuse("its Content-Type must name exactly one boundary")
    return boundary.encode()


class FormScanner:
    """Reads a form in pieces of any size; `model` and `span` are set as soon as the model's part has ended."""

    __slots__ = ("_base", "_buffer", "_content_at", "_delimiter", "_searched", "_step", "ended", "model", "span")

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\n--" + boundary
        self._buffer = bytearray()
        self._base = 0  # offset of the buffer's first byte in the form
        self._searched = 0  # offset in the buffer from where a delimiter may begin
        self._content_at = 0  # offset in the form where the current part's content begins
        self._step: Callable[[FormScanner], bool] = FormScanner._start  # unbound: no cycle for the collector
        self.model: str | None = None
        self.span: tuple[int, int] | None = None
        """Offsets of the value in the form."""
        self.ended = False
        """Whether the closing boundary came."""

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes of the form.

        Raises: InvalidRequest with code invalid_multipart, invalid_type or duplicate_key.
        """
        self._buffer += chunk
        while self._step(self):
            pass

    def finish(self) -> None:
        """Raise InvalidRequest unless the form has come to its end."""
        if not self.ended:
            _refuse("it ends before its closing boundary")

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._base += count
        self._searched = 0

    def _start(self) -> bool:
        """The first boundary stands at the very beginning; an empty line in front of it is forgiven."""
        if self._buffer[:2] == b"\r\n" and len(self._buffer) > 2:  # noqa: PLR2004  # the length of CRLF
            self._drop(2)
        first = self._delimiter[1:]
        if len(self._buffer) < len(first):
            if not (first.startswith(self._buffer) or b"\r\n".startswith(self._buffer)):
                _refuse("it does not begin with its boundary")
            return False
        if not self._buffer.startswith(first):
            _refuse("it does not begin with its boundary")
        return self._behind_boundary(len(first))

    def _behind_boundary(self, at: int) -> bool:
        """After a boundary comes a line's end or, once, the closing `--`."""
        self._drop(at)
        self._step = FormScanner._after_boundary
        return True

    def _after_boundary(self) -> bool:
        line = _LINE_END.match(self._buffer)
        if line is not None:
            self._drop(line.end() - 2)  # the CRLF stays: headers are looked for behind it
            self._step = FormScanner._headers
            return True
        if self._buffer.startswith(b"--"):
            self._drop(2)
            self.ended = True
            self._step = FormScanner._epilogue
            return True
        if len(self._buffer) > _LONGEST_PADDING or not _LINE_END_BEGUN.fullmatch(self._buffer):
            _refuse("something follows a boundary on its line")
        return False

    def _headers(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _LONGEST_HEADERS:
                _refuse(f"the headers of a part are longer than {_LONGEST_HEADERS} bytes")
            return False
        block = bytes(self._buffer[2:end])
        self._drop(end + 2)  # the empty line's CRLF stays: a boundary right behind it would leave no content
        self._content_at = self._base + 2
        is_model = _is_model(block)
        if is_model and self.span is not None:
            raise InvalidRequest(
                "the form has more than one part named model",
                code="duplicate_key",
                param="model",
                hint="send each field once",
            )
        self._step = FormScanner._value if is_model else FormScanner._content
        return True

    def _content(self) -> bool:
        """Some other part: only its end is of interest."""
        at = self._find_delimiter()
        if at is None:
            kept = min(len(self._buffer), len(self._delimiter))
            self._drop(len(self._buffer) - kept)
            return False
        return self._behind_boundary(at + len(self._delimiter))

    def _value(self) -> bool:
        at = self._find_delimiter()
        if (len(self._buffer) if at is None else at) > _LONGEST_NAME:
            raise InvalidRequest("the model's name is too long", code="invalid_type", param="model")
        if at is None:
            return False
        value = bytes(self._buffer[self._content_at - self._base : at - 1])
        self.model, self.span = _name(value), (self._content_at, self._content_at + len(value))
        return self._behind_boundary(at + len(self._delimiter))

    def _find_delimiter(self) -> int | None:
        """Return where the next delimiter's LF stands, its CR in front of it; None if there is none yet."""
        at = self._buffer.find(self._delimiter, self._searched)
        if at < 0:
            self._searched = max(0, len(self._buffer) - len(self._delimiter) + 1)
            return None
        if self._buffer[at - 1 : at] != b"\r":
            _refuse("a boundary stands behind a bare LF")
        if self._base + at - 1 < self._content_at:
            _refuse("a part has no content, not even an empty line")
        return at

    def _epilogue(self) -> bool:
        if self._buffer.strip(b"\r\n"):
            _refuse("something follows its closing boundary")
        self._drop(len(self._buffer))
        return False


def _is_model(block: bytes) -> bool:
    """Whether the part with these headers is the field `model`."""
    dispositions, plain = 0, True
    name = b""
    for line in block.split(b"\r\n"):
        header = _HEADER.fullmatch(line)
        if header is None:
            _refuse("a part has a malformed header")
        kind, value = header[1].lower(), header[2]
        if kind == b"content-disposition":
            dispositions += 1
            name, is_file = _field(value)
            plain = plain and not is_file
        elif kind in _PLAIN:
            plain = plain and _PLAIN[kind].fullmatch(value) is not None
    if dispositions != 1:
        _refuse("a part has not exactly one Content-Disposition")
    if name == b"model" and not plain:
        raise InvalidRequest("the part named model must be plain text", code="invalid_type", param="model")
    return name == b"model"


def _field(value: bytes) -> tuple[bytes, bool]:
    """Return the field's name and whether it is a file.

    A name is refused in any spelling that some parser reads differently: twice, continued, extended, escaped.
    """
    if _DISPOSITION.fullmatch(value) is None:
        _refuse("a part has a malformed Content-Disposition")
    parameters = [(key.lower(), text) for key, text in _PARAMETER.findall(value)]
    names = [text for key, text in parameters if key == b"name"]
    if len(names) != 1 or b"\\" in names[0] or any(key.startswith(b"name*") for key, _ in parameters):
        _refuse("a part must have exactly one plain name")
    return names[0].strip(b'"'), any(key.startswith(b"filename") for key, _ in parameters)


def _name(value: bytes) -> str:
    try:
        name = value.decode()
    except UnicodeDecodeError:
        name = ""
    if not name:
        raise InvalidRequest("model must be a name in UTF-8", code="invalid_type", param="model")
    return name


def _refuse(reason: str) -> NoReturn:
    raise InvalidRequest(f"the form cannot be read: {reason}", code="invalid_multipart")


_LONGEST_HEADERS: Final = 16384  # bytes per part; browsers and SDKs need some 200
_LONGEST_NAME: Final = 1024  # bytes
_LONGEST_PADDING: Final = 64  # bytes of blanks behind a boundary; nobody sends any
_LINE_END: Final = re.compile(rb"[ \t]*\r\n")
_LINE_END_BEGUN: Final = re.compile(rb"[ \t]*\r?|-")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\x00]*)")
_PARAM: Final = rb"""[ \t]*;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s";,\\]+)"""
_PARAMETER: Final = re.compile(_PARAM)
_DISPOSITION: Final = re.compile(
    rb"(?i:form-data)(?:" + _PARAM.replace(b"([", b"(?:[").replace(b'("', b'(?:"') + rb")*[ \t;]*"
)
_PLAIN: Final = {
    b"content-type": re.compile(rb"(?i:text/plain(?:[ \t]*;[ \t]*charset=\"?(?:utf-8|us-ascii)\"?)?)[ \t]*"),
    b"content-transfer-encoding": re.compile(rb"(?i:7bit|8bit|binary)[ \t]*"),
}
"""Headers that could make others read the value differently, and the values that cannot."""
_BOUNDARY: Final = re.compile(r""";[ \t]*(?i:boundary)[ \t]*=[ \t]*("[^"]*"|[^\s";,]*)""")
_GOOD_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
