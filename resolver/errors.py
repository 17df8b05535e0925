"""Why an address was refused: one error, one code per rule of the address grammar.

Settled here: which rule each code belongs to and what its reader should do. `resolver.address` and `resolver.host`
raise it; nobody else does.

    ValueError
    └── ResolveError      code, rule, hint; its text names the value, the rule and the way out
"""

import re
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = ["REFUSALS", "Code", "Refusal", "ResolveError"]

Code: TypeAlias = Literal[
    "bad_base",
    "empty",
    "too_long",
    "control_char",
    "whitespace",
    "backslash",
    "scheme",
    "authority",
    "userinfo",
    "bad_host",
    "ambiguous_ipv4",
    "bad_port",
    "looks_like_host",
    "network_path",
    "query",
    "fragment",
    "bad_percent",
    "encoded_control",
    "dot_segment",
]


class Refusal(NamedTuple):
    """What a code stands for: its rule (R1..R6), what is wrong, and what to do."""

    rule: str
    detail: str
    hint: str


_SCHEME_OR_SLASH: Final = "add https:// or a leading /"

REFUSALS: Final = MappingProxyType[Code, Refusal](
    {
        "bad_base": Refusal("R1", "it is no server URL", "give http(s)://host[:port][/mount-prefix] and nothing else"),
        "empty": Refusal("R2", "it is empty", "give a full URL, or a path such as /access/models/team1/"),
        "too_long": Refusal("R2", "it is longer than 2048 characters", "give a shorter path"),
        "control_char": Refusal("R2", "it holds a control character", "remove the character"),
        "whitespace": Refusal("R2", "it holds a space", "write %20, or remove the space"),
        "backslash": Refusal("R2", "it holds a backslash, on which parsers disagree", "write / instead"),
        "scheme": Refusal("R3", "its scheme is neither http nor https", _SCHEME_OR_SLASH),
        "authority": Refusal("R3", "'//' and a host do not follow its scheme", "write http(s)://host[:port][/path]"),
        "userinfo": Refusal(
            "R3", "it holds a user name or password", "remove the text before '@'; send keys as headers"
        ),
        "bad_port": Refusal(
            "R3", "its port is not a number from 1 to 65535", "correct the port; write an IPv6 address in brackets"
        ),
        "bad_host": Refusal(
            "R4",
            "its host is not a canonical name or address",
            "write letters, digits, '-', '_' and single dots, or a bracketed IPv6 address without a zone",
        ),
        "ambiguous_ipv4": Refusal(
            "R4",
            "its host reads as a number form of an IPv4 address",
            "write four decimal numbers, a.b.c.d",
        ),
        "looks_like_host": Refusal("R5", "without a leading slash it looks like a host", _SCHEME_OR_SLASH),
        "network_path": Refusal(
            "R5", "two leading slashes would start another host", "write one leading slash, or the scheme as well"
        ),
        "query": Refusal("R6", "it holds a query", "remove '?' and what follows; pass parameters as default_query"),
        "fragment": Refusal("R6", "it holds a fragment", "remove '#' and what follows, or write %23"),
        "bad_percent": Refusal("R6", "a '%' is not followed by two hex digits", "write %25 for a percent sign"),
        "encoded_control": Refusal(
            "R6", "it hides a control character or backslash behind '%'", "remove the encoded character"
        ),
        "dot_segment": Refusal("R6", "a path segment is '.' or '..'", "write the path without dot segments"),
    }
)


class ResolveError(ValueError):
    """A `base_url` or a server URL that modelport does not call, by which rule, and what to do.

    `code` is one of `Code`, `rule` the rule of the address grammar (R1..R6), `hint` the way out. `value` is the text
    as shown in the message: without passwords, query values or control characters, and cut to a readable length.
    """

    def __init__(self, code: Code, value: object, detail: str | None = None, hint: str | None = None) -> None:
        # Every argument goes to `args`, so that the error survives pickling between processes.
        super().__init__(code, value, detail, hint)
        refusal = REFUSALS[code]
        self.code: Final = code
        self.rule: Final = refusal.rule
        self.detail: Final = detail or refusal.detail
        self.hint: Final = hint or refusal.hint
        self.value: Final = _shown(value)

    def __str__(self) -> str:
        what = "server URL" if self.code == "bad_base" else "base_url"
        return f"{what} {self.value} refused by {self.rule} ({self.code}): {self.detail}; {self.hint}"


_SHOWN_CHARACTERS: Final = 160  # enough for any honest address, short enough for one log line
_USERINFO = re.compile(r"(?:(?<=//)|^)[^/?#]+@")
_QUERY_VALUE = re.compile(r"(?<==)[^&#]+")


def _shown(value: object) -> str:
    """Return `value` as it may stand in a log: `repr` escapes controls and bidi marks, secrets are masked."""
    if value is None:
        return "(none)"
    if not isinstance(value, str):
        return f"of type {type(value).__name__}"
    before, mark, after = _USERINFO.sub("***@", str.__str__(value)).partition("?")
    text = before + mark + _QUERY_VALUE.sub("***", after)
    if len(text) > _SHOWN_CHARACTERS:
        text = text[:_SHOWN_CHARACTERS] + "…"
    return repr(text)
