"""HTTP on the wire: standard library only, and imported when something is sent, since it takes 40 ms to load.

Settled here: no redirect is followed (it would carry the key along), every wait has an end, and no proxy stands between
this machine and itself.
"""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure, LostAnswer
from gateway.cli.output import JsonObject

_MAX_BYTES = 64 * 1024 * 1024  # far beyond any page: a wrong address must not fill the memory
_REDIRECT = range(300, 400)
_ERROR = 400


def send(  # noqa: PLR0913 - an HTTP request has so many parts
    method: str,
    url: str,
    *,
    body: JsonObject | None = None,
    key: str | None = None,
    headers: Mapping[str, str | bytes] | None = None,
    timeout_s: float,
) -> http.client.HTTPResponse:
    """Send a request and return the answer's head; the body is read by the caller.

    Raises:
        Failure: nobody answers there, or the answer is a redirect.
        LostAnswer: the request went out, and its answer did not come.
    """
    all_headers: dict[str, Any] = {"Accept": "application/json", **(headers or {})}  # bytes go out as they are
    request = Request(url, method=method, headers=all_headers)  # noqa: S310 - the resolver has refused every scheme but http and https
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if key is not None:
        request.add_unredirected_header("Authorization", f"Bearer {key}")
    try:
        response: http.client.HTTPResponse = _opener(request.host).open(request, timeout=timeout_s)
    except URLError as error:
        raise _unreachable(url, error.reason) from error
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error, LostAnswer) from error
    if response.status in _REDIRECT:
        target = response.headers.get("Location", "elsewhere")
        raise Failure(
            f"{url} answers with a redirect to {target}, which is not followed",
            exit_code=ExitCode.UNREACHABLE,
            hint="give the final address with --server",
        )
    return response


def read(response: http.client.HTTPResponse, url: str) -> Any:
    """Return the answer's JSON, or None when it has none.

    Raises:
        LostAnswer: the answer broke off.
    """
    try:
        content = response.read(_MAX_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error, LostAnswer) from error
    if response.length:  # a limited read() does not tell an early end from a whole answer
        raise _unreachable(url, "the answer broke off", LostAnswer)
    try:
        return json.loads(content)
    except ValueError:
        return None


def events(response: http.client.HTTPResponse, url: str) -> Iterator[tuple[str, JsonObject]]:
    """Yield name and data of each event of an event stream as it comes.

    Raises:
        Failure: the stream broke off.
    """
    name = ""
    try:
        for line in response:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(url, error) from error


def lines(response: http.client.HTTPResponse, url: str) -> Iterator[str]:
    """Yield each line of an answer as it comes, with its end.

    Raises:
        Failure: the answer broke off.
    """
    try:
        for line in response:
            yield line.decode()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(url, error) from error


def is_loopback(host: str) -> bool:
    """Whether a host with an optional port is this machine."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def stranger(response: http.client.HTTPResponse, url: str) -> Failure:
    """Return the failure of an answer that no modelport gives."""
    return Failure(
        f"{url} answered {response.status} {response.reason}, but not as modelport does",
        exit_code=exit_code_of(response.status) if response.status >= _ERROR else ExitCode.UNREACHABLE,
        hint="check --server (or MODELPORT_URL): host, port and path prefix",
    )


def _opener(host: str) -> OpenerDirector:
    """Return what opens connections: without redirects, cookies and password files."""
    opener = OpenerDirector()
    opener.addheaders = [("User-Agent", "modelport-cli")]
    for handler in (ProxyHandler({} if is_loopback(host) else None), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    return opener


def _unreachable(url: str, reason: object, kind: type[Failure] = Failure) -> Failure:
    if isinstance(reason, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted ({reason.verify_message})"
        hint = "name the right host, or the authority's certificate with SSL_CERT_FILE"
    elif isinstance(reason, ssl.SSLError):
        why, hint = "it does not speak TLS", "does the address begin with http:// instead of https://?"
    elif isinstance(reason, TimeoutError):
        why, hint = "no answer in time", "try again, or look at the server's log"
    elif isinstance(reason, ConnectionRefusedError):
        why, hint = "nobody listens there", "start it with: modelport serve; or name another one with --server"
    else:
        why = str(getattr(reason, "strerror", None) or reason) or type(reason).__name__
        hint = "check --server (or MODELPORT_URL)"
    parts = urlsplit(url)
    return kind(f"cannot reach {parts.scheme}://{parts.netloc}: {why}", exit_code=ExitCode.UNREACHABLE, hint=hint)
