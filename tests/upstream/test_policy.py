"""The policy's verdicts, without a socket."""

import errno
import json
from pathlib import Path

import pytest
from yarl import URL

from gateway.errors import ConfigError, EgressDenied
from gateway.upstream.address_ranges import Kind, classify, parse_address
from gateway.upstream.policy import EgressPolicy, Profile

VECTORS = Path(__file__).parents[1] / "vectors"
ADDRESSES = json.loads((VECTORS / "egress_addresses.json").read_text())["rows"]
EVERYWHERE = ("0.0.0.0/0", "::/0")


@pytest.mark.parametrize("row", ADDRESSES, ids=lambda row: row["address"])
def test_an_address_is_of_its_kind(row: dict[str, str]) -> None:
    """Addresses that carry another one are judged by it (EGR-3)."""
    address = parse_address(row["address"])
    assert address is not None
    assert classify(address)[0] == row["kind"], row["why"]


@pytest.mark.parametrize(
    ("profile", "free"), [("dev", {Kind.PUBLIC, Kind.LOOPBACK}), ("server", {Kind.PUBLIC})], ids=["dev", "server"]
)
def test_a_profile_lets_its_kinds_pass_and_no_other(profile: Profile, free: set[Kind]) -> None:
    """EGR-1: dev is public and loopback, server is public."""
    policy = EgressPolicy(profile)
    passed = {row["kind"] for row in ADDRESSES if policy.refusal(row["address"], 443) is None}
    refused = {row["kind"] for row in ADDRESSES if policy.refusal(row["address"], 443) is not None}
    assert (passed, passed & refused) == (free, set())


@pytest.mark.parametrize("row", [r for r in ADDRESSES if r["kind"] == "forbidden"], ids=lambda row: row["address"])
def test_what_is_forbidden_stays_forbidden_whatever_is_listed(row: dict[str, str]) -> None:
    """EGR-2: no network, no host name and no profile allows a metadata address."""
    policy = EgressPolicy("dev", EVERYWHERE, ["metadata.corp.example"])
    assert "no setting does" in (policy.refusal(row["address"], 80, host="metadata.corp.example") or "")


@pytest.mark.parametrize("row", [r for r in ADDRESSES if r["kind"] == "private"], ids=lambda row: row["address"])
def test_the_hint_of_a_refusal_is_the_line_that_allows_it(row: dict[str, str]) -> None:
    """EGR-1: what the refusal prints can be pasted, and then the address passes on that port only."""
    text = EgressPolicy("server").refusal(row["address"], 8000) or ""
    name, _, value = text.partition("add egress.")[2].partition(": ")
    assert name == "allow_networks"
    allowed = EgressPolicy("server", json.loads(value))
    assert allowed.refusal(row["address"], 8000) is None
    assert allowed.refusal(row["address"], 8001) is not None


@pytest.mark.parametrize(
    ("rule", "address", "port", "passes"),
    [
        ("10.1.2.0/24", "10.1.2.255", 1, True),
        ("10.1.2.0/24", "10.1.3.0", 1, False),
        ("10.1.2.0/24:8000", "10.1.2.3", 8000, True),
        ("10.1.2.0/24:8000", "10.1.2.3", 8001, False),
        ("10.1.2.3", "10.1.2.3", 9, True),
        ("10.1.2.3:8000", "10.1.2.3", 8000, True),
        ("10.0.0.0/8:80,8000-8010", "10.9.9.9", 8010, True),
        ("10.0.0.0/8:80,8000-8010", "10.9.9.9", 8011, False),
        ("fd12::/16:443", "fd12::1", 443, True),
        ("fd12::/16:443", "fd12::1", 444, False),
        ("[fd12::1]:8000", "fd12::1", 8000, True),
        ("[fd12::/16]", "fd12::9", 8000, True),
        ("fd12::1", "fd12::1", 8000, True),
        ("10.1.2.0/24", "::ffff:10.1.2.3", 1, True),
    ],
)
def test_a_network_rule_covers_its_addresses_and_ports(rule: str, address: str, port: int, *, passes: bool) -> None:
    """The syntax is CIDR[:ports]; ports are single ones or ranges, by comma."""
    assert (EgressPolicy("server", [rule]).refusal(address, port) is None) is passes


@pytest.mark.parametrize(
    "rule", ["", "10.1.2.3/8", "10.0.0.0/8:0", "10.0.0.0/8:70000", "10.0.0.0/8:x", "example.com", "169.254.0.0/16",
             "169.254.169.254:80", "fe80::/64", "100.100.100.200"]
)  # fmt: skip
def test_a_network_rule_that_says_nothing_useful_is_refused(rule: str) -> None:
    """A line without effect would be believed to have one."""
    with pytest.raises(ConfigError, match="allow_networks"):
        EgressPolicy("dev", [rule])


@pytest.mark.parametrize(
    ("rule", "host", "port", "passes"),
    [
        ("vllm.internal", "vllm.internal", 8000, True),
        ("vllm.internal", "VLLM.internal.", 8000, True),
        ("VLLM.Internal:8000", "vllm.internal", 8000, True),
        ("vllm.internal:8000", "vllm.internal", 8001, False),
        ("vllm.internal", "evil-vllm.internal", 8000, False),
        ("vllm.internal", "a.vllm.internal", 8000, False),
        ("vllm.internal", "", 8000, False),
    ],
)
def test_a_host_rule_covers_exactly_its_name(rule: str, host: str, port: int, *, passes: bool) -> None:
    """A listed name may lie in a private network; no other name that resolves there may."""
    assert (EgressPolicy("server", (), [rule]).refusal("10.1.2.3", port, host=host) is None) is passes


@pytest.mark.parametrize("rule", ["", "10.1.2.3", "[::1]:80", "http://a", "a/b", "u@a", "a:x", "0x7f.1"])
def test_a_host_rule_that_is_no_name_is_refused(rule: str) -> None:
    """Addresses belong into allow_networks, where their kind is looked at."""
    with pytest.raises(ConfigError, match="allow_hosts"):
        EgressPolicy("dev", (), [rule])


@pytest.mark.parametrize("sockaddr", ["/run/x.sock", (), ("10.0.0.1",), ("nonsense", 80), ("1.2.3.4.5", 80)])
def test_what_cannot_be_read_is_denied(sockaddr: tuple[object, ...] | str) -> None:
    """EGR-3: unparseable is denied, and the error says EACCES."""
    with pytest.raises(PermissionError) as caught:
        EgressPolicy("dev", EVERYWHERE).check(sockaddr)
    assert caught.value.errno == errno.EACCES


@pytest.mark.parametrize(
    "url",
    ["http://10.1.2.3/", "http://127.0.0.1/", "http://localhost:8000/v1", "http://x.localhost/", "http://2130706433/",
     "ftp://example.com/", "/v1", "http://[::ffff:10.1.2.3]/"],
)  # fmt: skip
def test_a_url_whose_host_shows_it_is_denied_before_any_look_up(url: str) -> None:
    """An early, clear answer for what an administrator types; the hint says what to do."""
    with pytest.raises(EgressDenied) as caught:
        EgressPolicy("server").judge(URL(url))
    assert caught.value.hint


@pytest.mark.parametrize("url", ["https://api.example.com/v1", "http://8.8.8.8/", "http://intranet/"])
def test_a_name_or_a_public_address_is_left_for_the_connect(url: str) -> None:
    """Names are judged by what they resolve to, when they are dialled."""
    EgressPolicy("server").judge(URL(url))
