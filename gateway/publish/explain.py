"""Which sentence a failed connection is: told by what lies behind the error (PUB-9)."""

import errno
import os
from typing import Final

import aiohttp
from yarl import URL

from gateway.errors import EgressDenied, UpstreamDisconnected, UpstreamFailed
from gateway.publish.messages import PublishError

_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"})


def explain(error: UpstreamFailed, url: URL, *, connect_s: float, proposal: str) -> PublishError:
    """Return the error in words; `proposal` is the question whether another registry was meant."""
    cause, place = error.__cause__, f"{url.host_subcomponent}:{url.port}"
    if isinstance(error, EgressDenied):
        return PublishError("egress_denied", place=place, reason=error.hint or error.message)
    if isinstance(cause, aiohttp.ClientConnectorError):
        return _connect(cause, url, place, proposal)
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return PublishError("connect_timeout", host=url.host, limit=connect_s)
    if isinstance(error, UpstreamDisconnected):
        return PublishError("hung_up", place=place)
    return PublishError("no_http", place=place)


def _connect(cause: aiohttp.ClientConnectorError, url: URL, place: str, proposal: str) -> PublishError:
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return PublishError("name_unknown", host=url.host, meant=proposal)
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        detail = getattr(cause.certificate_error, "verify_message", "") or "verification failed"
        return PublishError("certificate", place=place, reason=detail.rstrip("."))
    if isinstance(cause, aiohttp.ClientConnectorSSLError):
        is_plain = getattr(cause.os_error, "reason", "") in _NO_TLS
        return PublishError("use_plain_http" if is_plain else "tls", place=place)
    number = cause.os_error.errno
    if number == errno.ECONNREFUSED or not number:
        return PublishError("refused", host=url.host, port=url.port, meant=proposal)
    return PublishError("no_route", host=url.host, reason=os.strerror(number).lower())
