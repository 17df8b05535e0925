"""Addresses as an attacker or a tired person writes them, and what must hold for every one of them.

The property tests and the fuzz target share both.
"""

from urllib.parse import quote, urlsplit

import httpx2
from hypothesis import strategies as st
from yarl import URL

from resolver import ResolvedURL, ResolveError, resolve
from resolver.address import MAX_CHARACTERS
from resolver.errors import REFUSALS

# Every delimiter, every look-alike, every spelling that some parser reads differently.
PIECES = (
    *("http://", "HTTPS://", "https:", "http:/", "ftp://", "javascript:", "//", "/", "\\", "/..", "/.", "..", "."),
    *("@", ":", ";", "?", "#", "%", "&", "=", "%2e", "%2E", "%2f", "%5c", "%5C", "%00", "%0a", "%7F", "%25", "%zz"),
    *("%C2%85", "%E2%80%AE", "%FF", "evil.test", "gw.example", "localhost", "corp.example", "run.gw.example@evil.test"),
    *("127.0.0.1", "127.1", "0x7f", "0177", "2130706433", "[::1]", "[::ffff:1.2.3.4]", "[fe80::1%25eth0]", "[", "]"),
    *(
        ":80",
        ":443",
        ":8000",
        ":0",
        ":65536",
        ":+1",
        "\uff11",
        "\u3002",
        "\uff0e",
        "\u2100",
        "\u2044",
        "\u00fc",
        "\u00df",
    ),
    *("xn--", "my_svc", "-", "v1", "V1", "models", "meta-llama%2FLlama", "~", "\u202e", "\u200e", "\u0085", "\t", "\n"),
    *(" ", "\u00a0", "\ufeff", "\ud800", "\x00", "\x7f", "\U0001f600", "a" * 70, "a" * 2040),
)
HOST_PIECES = (
    *(
        "gw",
        "GW",
        "example",
        "corp",
        "my_svc",
        "a-b",
        "xn--bcher-kva",
        "b\u00fccher",
        "fa\u00df",
        "\u4f8b\u3048",
        "127",
    ),
    *(
        "0",
        "1",
        "0x7f",
        "256",
        "",
        "%2e",
        "a" * 63,
        "a" * 64,
        "\uff47",
        "\u00ad",
        "g\u3002w",
        "<",
        "localhost",
        "[::1]",
    ),
)
GOOD_SERVERS = (
    "https://corp.example",
    "https://corp.example/ai/",
    "http://localhost:3000",
    "http://[::1]:3000/a//b%2Fc",
    "https://b\u00fccher.example:8443/\u00fc/",
)

texts = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=7).map("".join)
full_urls = st.builds(
    lambda scheme, host, port, path: f"{scheme}://{host}{port}{path}",
    st.sampled_from(["http", "https", "HTTP"]),
    st.lists(st.sampled_from(HOST_PIECES), min_size=1, max_size=4).map(".".join),
    st.just("") | st.integers(0, 70000).map(":{}".format),
    st.just("") | texts.map("/{}".format),
)
paths = texts.map("/{}".format)
values = texts | full_urls | paths
servers = st.sampled_from(GOOD_SERVERS) | st.sampled_from(GOOD_SERVERS) | full_urls | texts


def check(value: str, server: str) -> ResolvedURL | None:
    """Resolve, and assert what holds for any two texts; return the result, or None when it was refused."""
    try:
        resolved = resolve(value, server=server)
    except ResolveError as error:
        refused = error
    else:
        return _checked(resolved, value, server)
    assert refused.code in REFUSALS
    assert str(refused).isprintable()
    return None


def _checked(resolved: ResolvedURL, value: str, server: str) -> ResolvedURL:
    text = str(resolved)
    assert text.isascii()
    assert len(text) <= MAX_CHARACTERS
    assert not set(text) & set(" \\?#")
    expected = origin(str(resolve("/", server=value if resolved.kind == "gateway" else server)))
    # R8 once more, by three parsers: the standard library's, yarl's rewriting one, and the one inside the SDK.
    assert origin(text) == expected == origin(str(URL(text))) == origin(str(httpx2.URL(text)))
    assert str(resolved.origin) == expected
    assert str(resolve(text, server=server)) == text, "resolving an address again changes nothing"
    if resolved.kind == "server":
        mount = str(resolve("/", server=server)).removesuffix("/")
        assert text == mount + quote("/" + value.removeprefix("/"), safe=_ASCII), "path bytes are kept"
    return resolved


def origin(url: str) -> str:
    """Return scheme, host and port of a URL as the standard library reads them."""
    parts = urlsplit(url)
    assert parts.username is None
    assert parts.password is None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, default} else "")


_ASCII = "".join(map(chr, range(0x21, 0x7F)))
