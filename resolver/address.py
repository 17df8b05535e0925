"""The address rule: how a published `base_url` becomes the URL to call.

Settled here: the grammar R1..R9 and the only join of the project. Pure, without I/O; anybody may use it, and nobody
else joins a URL. Checks run in the order of the rules and the first failure names the code:

    R1 server URL -> R2 characters -> R3 scheme, authority, port -> R4 host -> R5 leading slash -> R6 path
       -> R7 join -> R8 origin asserted again -> R9 downgrade warning
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias
from urllib.parse import quote, unquote

from yarl import URL

from resolver.errors import ResolveError
from resolver.host import canonical_host

__all__ = ["MAX_CHARACTERS", "Kind", "ResolvedURL", "WarningCode", "resolve"]

Kind: TypeAlias = Literal["gateway", "server"]
WarningCode: TypeAlias = Literal["downgrade", "missing_leading_slash"]

# Servers in common use refuse request lines above 8 KB; a quarter leaves room for what the SDKs append.
MAX_CHARACTERS: Final = 2048


@dataclass(frozen=True, slots=True)
class ResolvedURL:
    """An address that passed every rule; `str()` gives the text to call.

    `kind` is "gateway" when the published value was a full URL and "server" when it was a path on the server.
    `warnings` holds "downgrade" (https server, http gateway: send no key) and "missing_leading_slash".
    """

    url: URL
    kind: Kind
    warnings: tuple[WarningCode, ...] = ()

    @property
    def origin(self) -> URL:
        """Scheme, host and port, without a path: what a key may be bound to."""
        return self.url.origin()

    def below(self, path: str) -> str:
        """Return where `path` is called: one slash at the seam, as every OpenAI SDK joins (clients.md section 2).

        >>> resolve("/access/models/team1/", server="http://localhost:3000").below("/chat/completions")
        'http://localhost:3000/access/models/team1/chat/completions'
        """
        address = str(self.url)
        return f"{address}{'' if address.endswith('/') else '/'}{path.lstrip('/')}"

    def __str__(self) -> str:
        return str(self.url)


def resolve(base_url: str, *, server: str | URL) -> ResolvedURL:
    """Return the address to call for `base_url` as published by the server at `server`.

    A full URL is returned as it is, a path is put behind the server's own URL, mount prefix included. No slash is
    added or taken away at the end, and no byte of the path changes.

    >>> str(resolve("/access/models/team1/", server="https://models.corp.example/ai/"))
    'https://models.corp.example/ai/access/models/team1/'
    >>> str(resolve("https://gateway.example.com", server="http://localhost:3000"))
    'https://gateway.example.com'

    Raises:
        ResolveError: either text breaks one of the rules R1..R6.
    """
    base = _server(server)
    text = _plain(base_url)
    if text is None:
        raise ResolveError("empty", base_url, f"expected a text, got {type(base_url).__name__}")
    try:
        return _resolve(text, base)
    except ResolveError as error:
        # The parts raise with the part at fault; a reader looks for the whole value.
        raise ResolveError(error.code, text, error.detail, error.hint) from error.__cause__


class _Parts(NamedTuple):
    scheme: str
    netloc: str
    path: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.netloc}"


_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY_END: Final = re.compile(r"[/?#]|\Z")
_PORT: Final = re.compile(r"0*([1-9][0-9]{0,4})")  # bounded before int(), whose cost grows with the digits
_MAX_PORT: Final = 65535
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_HIDDEN: Final = re.compile(rf"{_CONTROL.pattern}|\\")
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOT_SEGMENT: Final = re.compile(r"(?:\A|/)(?:\.|%2[eE]){1,2}(?=/|\Z)")
_HOST_LIKE: Final = re.compile(r"[^/?#]*[:@.]")
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


def _resolve(text: str, base: _Parts) -> ResolvedURL:
    if not text.strip(" "):
        raise ResolveError("empty", text)
    if len(text) > MAX_CHARACTERS:
        raise ResolveError("too_long", text)
    _check_characters(text)
    if _SCHEME.match(text):
        parts = _absolute(text)
        downgrade = (base.scheme, parts.scheme) == ("https", "http")
        return _checked(parts, "gateway", ("downgrade",) if downgrade else ())
    path = _rooted(text)
    parts = base._replace(path=base.path.removesuffix("/") + _path(path))  # R7
    return _checked(parts, "server", () if path is text else ("missing_leading_slash",))


def _server(server: str | URL) -> _Parts:
    """R1: read the server's own URL."""
    text = _plain(str(server) if isinstance(server, URL) else server)
    if text is None:
        raise ResolveError("bad_base", server, f"expected a text, got {type(server).__name__}")
    if not text.strip(" "):
        raise ResolveError("bad_base", text, "it is empty")
    try:
        _check_characters(text)
        return _absolute(text)
    except ResolveError as error:
        raise ResolveError("bad_base", text, error.detail) from error


def _plain(value: object) -> str | None:
    """Return the characters of a text as an exact `str`: a subclass may overrule how it shows, not what it holds."""
    return str.__str__(value) if isinstance(value, str) else None


def _check_characters(text: str) -> None:
    """R2: refuse what parsers drop, trim or read in two ways."""
    if found := _CONTROL.search(text):
        raise ResolveError("control_char", text, f"it holds the control character U+{ord(found[0]):04X}")
    if _SURROGATE.search(text):
        raise ResolveError("control_char", text, "it holds half a surrogate pair, which has no UTF-8")
    if " " in text:
        raise ResolveError("whitespace", text)
    if "\\" in text:
        raise ResolveError("backslash", text)


def _absolute(text: str) -> _Parts:
    """R3 and R4, then R6 for what follows the authority."""
    scheme, _, rest = text.partition(":")
    scheme = scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise ResolveError("scheme", text)
    if not rest.startswith("//"):
        raise ResolveError("authority", text)
    end = _AUTHORITY_END.search(rest, 2)
    assert end is not None  # \Z always matches
    netloc = _netloc(rest[2 : end.start()], scheme)
    return _Parts(scheme, netloc, _path(rest[end.start() :]))


def _netloc(authority: str, scheme: str) -> str:
    userinfo, at, address = authority.rpartition("@")
    if not address or address.startswith(":"):
        raise ResolveError("authority", authority)
    if at:
        raise ResolveError("userinfo", userinfo)
    host, port = _host_and_port(address)
    number = None if port is None else _port(port)
    name = canonical_host(host)
    return name if number in {None, _DEFAULT_PORTS[scheme]} else f"{name}:{number}"


def _host_and_port(address: str) -> tuple[str, str | None]:
    """Split at the first colon behind the brackets: a bare IPv6 address then fails by its "port"."""
    literal, bracket, rest = address.rpartition("]")
    if "[" in rest:
        return address, None  # a bracket that nobody closes: R4 refuses it
    host, colon, port = rest.partition(":")
    return literal + bracket + host, port if colon else None


def _port(text: str) -> int:
    digits = _PORT.fullmatch(text)
    if digits is None or int(digits[1]) > _MAX_PORT:
        raise ResolveError("bad_port", text)
    return int(digits[1])


def _rooted(text: str) -> str:
    """R5: return the path with its leading slash; the very same object when it has one."""
    if text.startswith("//"):
        raise ResolveError("network_path", text)
    if text.startswith("/"):
        return text
    if _HOST_LIKE.match(text):
        raise ResolveError("looks_like_host", text)
    return "/" + text


def _path(path: str) -> str:
    """R6: return the path with its non-ASCII characters percent-encoded and every other byte as it was."""
    if "?" in path:
        raise ResolveError("query", path)
    if "#" in path:
        raise ResolveError("fragment", path)
    if _BAD_PERCENT.search(path):
        raise ResolveError("bad_percent", path)
    # Decoded once, as many back ends do before they split. R2 took the plain ones, so what is found was encoded.
    if _HIDDEN.search(unquote(path)):
        raise ResolveError("encoded_control", path)
    if _DOT_SEGMENT.search(path):
        raise ResolveError("dot_segment", path)
    return quote(path, safe=_ASCII)


def _checked(parts: _Parts, kind: Kind, warnings: tuple[WarningCode, ...]) -> ResolvedURL:
    """R8: parse the result as its callers will, and see that it still points where it should."""
    text = parts.origin + parts.path
    if len(text) > MAX_CHARACTERS:
        raise ResolveError("too_long", text, f"the resolved URL is longer than {MAX_CHARACTERS} characters")
    if URL(text).origin() != URL(parts.origin).origin():
        msg = f"bug in the resolver: {text!r} leaves the origin {parts.origin!r}"
        raise AssertionError(msg)  # never by `assert`: this line also holds under -O
    # encoded=True: yarl would rewrite %7E, %2e and non-triplets; every byte was judged above (addresses.md section 4).
    return ResolvedURL(URL(text, encoded=True), kind, warnings)
