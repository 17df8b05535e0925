"""Which origin may have which credential."""

import pytest

from resolver import ResolveError
from resolver.trust import KeyPolicy, find_origin, origin_of

SERVER = "https://corp.example/ai/"


def policy(server: str = SERVER, **options: dict[str, str]) -> KeyPolicy:
    """Return a policy that trusts two partners, one of them over http."""
    trusted = ["https://partner.example:443/v1", "http://partner.example"]
    return KeyPolicy.of(server, trusted_origins=trusted, origin_keys=options.get("keys", {}))


@pytest.mark.parametrize(
    ("origin", "key"),
    [
        ("https://corp.example", "mp"),
        ("https://partner.example", "mp"),
        ("https://gw.example", "mp"),
        ("http://corp.example", None),
        ("http://partner.example", None),
        ("http://gw.example", None),
        ("https://corp.example:8443", None),
        ("https://evil.test", None),
        (None, None),
    ],
)
def test_an_https_server_never_sends_its_key_over_http(origin: str | None, key: str | None) -> None:
    """RES-2: listed, trusted or the server's own twin: never from https to http, and never to another port."""
    gateways = frozenset({"https://gw.example", "http://gw.example"})
    assert policy().key_for(origin, key="mp", gateways=gateways) == key


def test_an_http_server_may_trust_http_origins() -> None:
    """On a laptop everything is http."""
    local = policy("http://localhost:3000")
    assert local.key_for("http://localhost:3000", key="mp") == "mp"
    assert local.key_for("http://partner.example", key="mp") == "mp"
    assert local.key_for("http://localhost:3001", key="mp") is None


def test_a_key_of_its_own_goes_to_its_origin_and_does_not_make_it_trusted() -> None:
    """The caller named scheme, host and port with that key; other headers stay withheld."""
    with_key = policy(keys={"HTTPS://API.Example/v1": "sk-api", "http://localhost:8000": "sk-local"})
    assert with_key.key_for("https://api.example", key="mp") == "sk-api"
    assert with_key.key_for("http://localhost:8000", key="mp") == "sk-local"
    assert not with_key.trusts("https://api.example")


@pytest.mark.parametrize("origin", ["gw.example", "/v1", "https://u:p@gw.example", ""])
def test_an_origin_that_is_no_url_is_refused(origin: str) -> None:
    """A typing error must not silently trust nobody."""
    with pytest.raises(ResolveError):
        origin_of(origin)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://gw.example/v1?x=1#y", "https://gw.example"),
        ("wss://GW.example:443/v1/realtime?model=m", "https://gw.example"),
        ("ws://localhost:3000/v1", "http://localhost:3000"),
        ("https://gw.example?x=https://corp.example", "https://gw.example"),
        ("https://corp.example\\@evil.test/", None),
        ("https://corp.example@evil.test/", None),
        ("https://corp.example\t.evil.test/", None),
        ("ftp://corp.example/", None),
        ("/v1", None),
    ],
)
def test_the_origin_of_a_request_is_found_or_nobodys(url: str, origin: str | None) -> None:
    """Where two parsers could disagree, no key is sent at all."""
    assert find_origin(url) == origin
