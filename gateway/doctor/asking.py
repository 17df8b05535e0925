"""One GET from this machine under the egress policy, told in words."""

import asyncio
import json

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from gateway.doctor.machine import Silence, Told
from gateway.errors import EgressDenied
from gateway.upstream.egress import Egress, EgressPolicy, Session
from gateway.upstream.failures import request_failure

CONNECT_S = 5.0
ANSWER_S = 10.0
_MAX_BYTES = 2 * 1024 * 1024
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "modelport-doctor"}


async def ask(url: URL, policy: EgressPolicy) -> Told | Silence:
    """Return what one address answers."""
    egress = Egress(policy, connect_timeout_s=CONNECT_S)
    try:
        return await get(egress.session, url)
    finally:
        await egress.close()


async def get(session: Session, url: URL) -> Told | Silence:
    """Return what an address answers to a GET without a key; no redirect is followed."""
    try:
        async with asyncio.timeout(ANSWER_S), session.get(url, headers=_HEADERS, allow_redirects=False) as response:
            body = b""
            while len(body) <= _MAX_BYTES and (more := await response.content.read(_MAX_BYTES)):
                body += more
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Told(response.status, _json(body), headers)
    except aiohttp.ConnectionTimeoutError:
        return Silence(f"no connection within {CONNECT_S:g} s", "a firewall, or a wrong host?")
    except TimeoutError:
        return Silence(f"it takes the call and does not answer within {ANSWER_S:g} s", "is it loading, or overloaded?")
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        failure = request_failure(error, connect_timeout_s=CONNECT_S)
        if isinstance(failure, EgressDenied):
            return Silence(failure.message, failure.hint)
        return Silence(failure.message.replace("the upstream", "it"), failure.hint)


def _json(body: bytes) -> object:
    try:
        return None if len(body) > _MAX_BYTES else json.loads(body)
    except (ValueError, RecursionError):
        return None
