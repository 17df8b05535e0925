"""What never stands in a line of log, whoever wrote it. The last guard, not the first: callers log no keys.

Two dangers: a credential that slipped into a message or a trace (SEC-5), and a caller's bytes that forge a line or
steer a terminal (threat 23: CR, LF, ANSI).
"""

import re

MASK = "***"

_CREDENTIALS = re.compile(
    r"""
      (?P<ours>\bmp_(?:live|test)_[a-z2-7]{4})[A-Za-z0-9_-]{8,}       # our own key: the start may be shown (KEY-4)
    | (?P<scheme>\b(?:bearer|basic)\s+)[^\s"',;\\]{6,}                # an Authorization header
    | (?P<vendor>\b(?:sk-|hf_|gsk_|xai-|ghp_|glpat-))[A-Za-z0-9_-]{12,}  # the forms that upstreams' keys have
    | (?P<query>[?&](?:api[-_]?key|key|token|access_token)=)[^&\s"'\\]+
    | (?P<userinfo>://[^\s/@:"']*:)[^\s/@"']+(?=@)                     # scheme://user:password@host
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS = ("mp_", "bearer", "basic", "sk-", "hf_", "gsk_", "xai-", "ghp_", "glpat-", "key=", "token=")
"""One of these is in every credential above, but for a password in an address."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTROL_BUT_LINE_ENDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def mask(line: str) -> str:
    """Return the line with everything that looks like a credential cut to its beginning.

    >>> mask("GET with Bearer abcdef123456 failed")
    'GET with Bearer *** failed'
    """
    if line.isascii() and not _suspicious(line.lower()):  # 20 times as fast: a record may have 100 KB
        return line
    return _CREDENTIALS.sub(lambda match: f"{match[match.lastgroup or 0]}{MASK}", line)


def _suspicious(folded: str) -> bool:
    return any(sign in folded for sign in _SIGNS) or ("://" in folded and "@" in folded)


def neutral(value: str) -> str:
    r"""Return the value on one line, without anything that a terminal obeys or reorders.

    >>> print(neutral("name\nlevel=error\x1b[31m"))
    name\x0alevel=error\x1b[31m
    """
    return _CONTROL.sub(_escaped, value)


def neutral_lines(text: str) -> str:
    """The same for a trace, which keeps its lines and tabs."""
    return _CONTROL_BUT_LINE_ENDS.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - the last code of one byte
