"""Asking the usual ports of this machine, all at once, for what model servers answer.

Nothing beyond loopback is reached unless it is named, and then under the egress policy: link-local and metadata
addresses stay out of reach whatever is named.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct
from yarl import URL

from gateway.errors import ConfigError, ConnectFailed, EgressDenied, UpstreamFailed
from gateway.preflight.engines import PATHS, USUAL_PORTS, Answer, Engine, identify, is_modelport
from gateway.upstream.address_ranges import Kind, classify, parse_address
from gateway.upstream.egress import Egress, EgressPolicy, Session
from gateway.upstream.failures import request_failure

CONNECT_S = 1.0
"""Loopback refuses at once; a named host on the same network answers within a tenth."""
ANSWER_S = 3.0
"""A server that loads a model may be slow to answer, and is found all the same."""
MAX_BYTES = 2 * 1024 * 1024
"""Some 5,000 models; longer lists are cut off by being left out."""

LOOPBACK = ("127.0.0.1", "::1")
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "modelport-discover"}


class Found(Struct, frozen=True):
    """A model server and where it is."""

    origin: str
    engine: Engine

    @property
    def base_url(self) -> str:
        """What an endpoint takes."""
        return f"{self.origin}{self.engine.path}"


class Refused(Struct, frozen=True):
    """A named place that the egress policy forbids, and why."""

    place: str
    why: str


async def scan(hosts: Sequence[str] = (), ports: Iterable[int] = ()) -> tuple[list[Found], list[Refused]]:
    """Return the model servers that answer, and what may not be asked.

    `hosts` are names or addresses to ask instead of loopback, `ports` those to ask instead of the usual ones.

    Raises:
        ConfigError: a host is no name and no address.
    """
    wanted = tuple(dict.fromkeys(ports)) or tuple(USUAL_PORTS)
    places = [_place(host, port) for port in wanted for host in hosts or LOOPBACK]
    egress = Egress(_policy(hosts), connect_timeout_s=CONNECT_S)
    try:
        answers = await asyncio.gather(*(_ask(egress.session, place) for place in places))
    finally:
        await egress.close()
    found: dict[str, Found] = {}
    for one in answers:
        if isinstance(one, Found):
            found.setdefault(one.origin, one)
    return list(found.values()), [one for one in answers if isinstance(one, Refused)]


def _place(host: str, port: int) -> URL:
    bare = host.removeprefix("[").removesuffix("]")
    try:
        url = URL.build(scheme="http", host=bare, port=port)
    except ValueError:
        url = None
    if url is None or not set("/@?#%\\ ").isdisjoint(bare):
        raise ConfigError(f"--host {host!r} is no host", hint="write a name or an address, without a path")
    return url


def _policy(hosts: Sequence[str]) -> EgressPolicy:
    """Return a policy that allows what was named besides loopback, but nothing that no setting could allow."""
    addresses = {host: parse_address(host) for host in hosts}
    networks = [
        f"{address}/{address.max_prefixlen}"
        for address in addresses.values()
        if address is not None and classify(address)[0] is not Kind.FORBIDDEN
    ]
    names = [host for host, address in addresses.items() if address is None]
    return EgressPolicy("dev", allow_networks=networks, allow_hosts=names)


async def _ask(session: Session, place: URL) -> Found | Refused | None:
    """Return the model server at a place; None where there is none."""
    first = PATHS[0]
    try:
        answer = await _get(session, place.with_path(first))
    except EgressDenied as error:
        return Refused(f"{place.host}:{place.port}", error.hint or error.message)
    except ConnectFailed:
        return None
    except UpstreamFailed:
        answer = None
    answers = {} if answer is None else {first: answer}
    if is_modelport(answers):
        return None
    others = await asyncio.gather(*(_quiet(session, place.with_path(path)) for path in PATHS[1:]))
    answers |= {path: one for path, one in zip(PATHS[1:], others, strict=True) if one is not None}
    engine = identify(answers, port=place.port or 0)
    return None if engine is None else Found(_shown(place), engine)


async def _quiet(session: Session, url: URL) -> Answer | None:
    try:
        return await _get(session, url)
    except UpstreamFailed:
        return None


async def _get(session: Session, url: URL) -> Answer:
    """Return the answer to one GET, without a key, redirects or more than MAX_BYTES.

    Raises:
        UpstreamFailed: there is none in time.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            async with session.get(url, headers=_HEADERS, allow_redirects=False) as response:
                body = await response.content.read(MAX_BYTES + 1)
                while len(body) <= MAX_BYTES and (more := await response.content.read(MAX_BYTES)):
                    body += more
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, _json(body), headers)
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:  # TimeoutError is an OSError
        raise request_failure(error, connect_timeout_s=CONNECT_S) from error


def _json(body: bytes) -> object:
    try:
        return None if len(body) > MAX_BYTES else json.loads(body)
    except (ValueError, RecursionError):
        return None


def _shown(place: URL) -> str:
    """Return the origin as people write it."""
    name = "localhost" if place.raw_host in LOOPBACK else place.host_subcomponent
    return f"http://{name}:{place.port}"
