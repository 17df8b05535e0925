"""What went wrong on the way to an upstream, said without its address (PRX-15). Pure."""

import errno
import os

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from gateway.errors import BadUpstreamResponse, ConnectFailed, EgressDenied, UpstreamDisconnected, UpstreamFailed
from gateway.upstream.policy import DENIED_MESSAGE, MARK


def request_failure(error: BaseException, *, connect_timeout_s: float) -> UpstreamFailed:
    """Return the error for a request that brought no head of an answer."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connect_failure(error)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectFailed(f"no connection to the upstream within {connect_timeout_s:g} s")
    if isinstance(error, aiohttp.InvalidURL):
        return EgressDenied(
            DENIED_MESSAGE, hint="write the host as a name or as a plain address, for example 127.0.0.1"
        )
    if isinstance(error, (aiohttp.ClientResponseError, HttpProcessingError)):
        return BadUpstreamResponse("the upstream's answer is no valid HTTP")
    return UpstreamDisconnected("the upstream closed the connection before it answered")


def body_failure(error: BaseException) -> UpstreamFailed:
    """Return the error for a body that broke off."""
    if isinstance(error, HttpProcessingError) or isinstance(error.__cause__, HttpProcessingError):
        cut = isinstance(error, aiohttp.ClientPayloadError)  # a body that is too short is reported so
        if not cut:
            return BadUpstreamResponse("the framing of the upstream's answer is broken")
    return UpstreamDisconnected("the upstream closed the connection in the middle of its answer")


def _connect_failure(error: aiohttp.ClientConnectorError) -> ConnectFailed:
    cause = error.os_error
    text = cause.strerror or str(cause)
    if cause.errno == errno.EACCES and MARK in text:
        return EgressDenied(DENIED_MESSAGE, hint=text)
    return ConnectFailed(f"cannot connect to the upstream: {_reason(error)}")


def _reason(error: aiohttp.ClientConnectorError) -> str:
    """Return the reason in words that never hold a host, an address or a port."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        detail = getattr(error.certificate_error, "verify_message", "")  # "Hostname mismatch, certificate is not ..."
        return f"its TLS certificate is not accepted ({detail.partition(',')[0] or 'verification failed'})"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "the TLS handshake failed"
    number = error.os_error.errno
    return os.strerror(number).lower() if number else "none of its addresses answers"
