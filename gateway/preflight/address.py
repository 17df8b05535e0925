"""Stage a: whether an address is well formed and may be called, before anything is sent (REG-1 to REG-6).

`read` and `judge` are pure and need no server; the gateway adds what only it knows: names, its own address, what is
registered.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from msgspec import Struct
from yarl import URL

from gateway.errors import EgressDenied, Unprocessable
from gateway.preflight.checks import stage
from gateway.preflight.names import compare
from gateway.registry.address import check_url, cut_operation, is_own
from gateway.registry.verdict import StageView
from gateway.upstream.address_ranges import Kind, classify, parse_address

_LOCALHOST = "localhost"
_USERINFO = re.compile(r"//.*@")


class Address(Struct, frozen=True):
    """An address in its normal form; `cut` is the operation's path that stood behind it in `whole`."""

    url: URL
    whole: URL
    cut: str | None = None


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a server knows of itself and of its neighbours. `server` is the URL that the caller used."""

    server: str
    own_port: int
    own_hosts: frozenset[str]
    known_hosts: Sequence[str] = ()
    allow_insecure_http: bool = False


def read(text: str) -> Address | StageView:
    """Return the address that the text means (REG-1, REG-2), or why it is none."""
    try:
        whole = check_url(text, param="base_url")
        url, cut = cut_operation(whole)
    except Unprocessable as error:
        return stage("address", "invalid_url", detail=error.message, hint=error.hint or "")
    return Address(url, whole, cut)


def shown(text: str) -> str:
    """Return an address that may be none as it can be repeated: what stands before an @ or after a ? may be a key.

    >>> shown("http://user:password@gpu/v1?key=abc")
    'http://***@gpu/v1'
    """
    return _USERINFO.sub("//***@", text.partition("?")[0])


def judge(address: Address, policy: Callable[[URL], None], *, allow_insecure_http: bool, has_key: bool) -> StageView:
    """Return stage a as far as it needs no network: the policy's judgement of the URL, and plain http.

    `policy` raises EgressDenied. A name is taken for public only when it is looked up.
    """
    url = address.url
    try:
        policy(url)
    except EgressDenied as error:
        return stage("address", "egress_denied", hint=error.hint or "", evidence={"setting": "egress.allow_networks"})
    literal = parse_address(url.host or "")
    if literal is not None and (found := insecure(url, [str(literal)], allow=allow_insecure_http, has_key=has_key)):
        return found
    if address.cut is not None:
        return stage("address", "path_cut", cut=address.cut, url=url)
    return stage("address", "address_ok", url=url)


def insecure(url: URL, addresses: Iterable[str], *, allow: bool, has_key: bool) -> StageView | None:
    """Return the refusal of plain http to a public address, or of a key over it (REG-3); None when it is neither."""
    public = any((one := parse_address(text)) is not None and classify(one)[0] is Kind.PUBLIC for text in addresses)
    if url.scheme != "http" or not public:
        return None
    if not allow:
        return stage("address", "insecure_http", url=url)
    return stage("address", "insecure_key", url=url) if has_key else None


def own(url: URL, addresses: Iterable[str], around: Surroundings) -> StageView | None:
    """Return the refusal of this server's own address (REG-5), None for any other."""
    here = is_own(url, around.server) or is_this_process(url, addresses, around)
    return stage("address", "own_address", url=url) if here else None


def is_this_process(url: URL, addresses: Iterable[str], around: Surroundings) -> bool:
    """Whether the URL, or one of the addresses of its host, is where this process listens."""
    if url.port != around.own_port:
        return False
    return url.host in around.own_hosts or any(_is_this_machine(one, around.own_hosts) for one in addresses)


def unknown_host(url: URL, around: Surroundings) -> StageView:
    """Return the finding for a name that nobody knows, with registered hosts that are spelled alike."""
    close = compare(url.host or "", around.known_hosts)
    return stage("address", "dns", host=url.host, did_you_mean=close)


def duplicate(endpoint: str, model: str) -> StageView:
    """Return the offer of an endpoint that is there already (REG-6)."""
    found: dict[str, Any] = {"endpoint": endpoint, "model": model}
    return stage("address", "duplicate", **found, command=f"modelport call {model}", evidence=found)


def _is_this_machine(address: str, hosts: frozenset[str]) -> bool:
    if address in hosts:
        return True
    try:
        return ip_address(address).is_loopback and bool(hosts & {_LOCALHOST, "127.0.0.1", "::1"})
    except ValueError:
        return False
