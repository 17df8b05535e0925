"""HTTP from the command line to a server: standard library only, so that a command starts at once.

Settled here: no redirect is followed (it would carry the key along), every wait has an end, no proxy stands between
this machine and itself, and each refusal becomes one `Failure` with its exit code.
"""

import http.client
import json
import ssl
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure
from gateway.cli.output import JsonObject
from resolver import resolve

PREFIX = "/api/v1"
PAGE_ITEMS = 200  # the most that one page gives

_TIMEOUT_S = 30  # a management call answers within a second; this is for a machine under load
_MAX_BYTES = 64 * 1024 * 1024  # far beyond any page: a wrong address must not fill the memory
_REDIRECT = range(300, 400)
_ERROR = 400
_NEEDS_KEY = (401, 403)  # also what a keyless caller on the server's own machine may not do

NO_KEY_HINT = (
    "export MODELPORT_KEY=mp_… with the key that the first start printed, or name a file with --key-file; "
    "lost? On the server's machine: modelport keys create --local"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer that is no refusal."""

    status: int
    body: Any
    etag: str | None


class Api:
    """The management API of one server."""

    def __init__(self, server: str, key: str | None) -> None:
        self.server = server
        self.key = key

    def get(self, path: str, **query: str | int | None) -> Answer:
        """Read one object, or one page."""
        return self._call("GET", path, query=query)

    def items(self, path: str, **query: str | int | None) -> Iterator[JsonObject]:
        """Read a whole list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, limit=PAGE_ITEMS, cursor=cursor).body
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def post(
        self, path: str, body: JsonObject | None = None, *, etag: str | None = None, **query: str | int | None
    ) -> Answer:
        """Make or do something. A lost answer may be asked for again: each call carries an Idempotency-Key."""
        headers = {"Idempotency-Key": str(uuid.uuid4()), **_guard(etag)}
        return self._call("POST", path, query=query, body=body or {}, headers=headers)

    def patch(self, path: str, body: JsonObject, *, etag: str | None) -> Answer:
        """Change what was read with this ETag."""
        return self._call("PATCH", path, body=body, headers=_guard(etag))

    def delete(self, path: str, *, etag: str | None) -> Answer:
        """Remove what was read with this ETag."""
        return self._call("DELETE", path, headers=_guard(etag))

    def reload(self) -> Answer:
        """Have the server read its configuration file again."""
        return self._call("POST", "/-/reload", prefix="")

    def _call(  # noqa: PLR0913 - an HTTP request has so many parts
        self,
        method: str,
        path: str,
        *,
        prefix: str = PREFIX,
        query: dict[str, str | int | None] | None = None,
        body: JsonObject | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        url = str(resolve(prefix + path, server=self.server))
        pairs = {name: value for name, value in (query or {}).items() if value is not None}
        if pairs:
            url = f"{url}?{urlencode(pairs)}"
        with send(method, url, body=body, key=self.key, headers=headers, timeout_s=_TIMEOUT_S) as response:
            content = read(response, url)
        if response.status >= _ERROR:
            raise _refusal(response, content, url, key=self.key)
        if content is None and response.status != http.HTTPStatus.NO_CONTENT:
            raise _stranger(response, url)
        return Answer(response.status, content, response.headers.get("ETag"))


def segment(text: str) -> str:
    """Return the text as one segment of a path."""
    return quote(text, safe="")


def send(  # noqa: PLR0913 - an HTTP request has so many parts
    method: str,
    url: str,
    *,
    body: JsonObject | None = None,
    key: str | None = None,
    headers: dict[str, str] | None = None,
    timeout_s: float,
) -> http.client.HTTPResponse:
    """Send a request and return the answer's head; the body is read by the caller.

    Raises:
        Failure: nobody answers there, or the answer is a redirect.
    """
    request = Request(url, method=method, headers={"Accept": "application/json", **(headers or {})})  # noqa: S310 - the resolver has refused every scheme but http and https
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
        raise _unreachable(url, error) from error
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
        Failure: the answer broke off.
    """
    try:
        content = response.read(_MAX_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error) from error
    if response.length:  # a limited read() does not tell an early end from a whole answer
        raise _unreachable(url, "the answer broke off")
    try:
        return json.loads(content)
    except ValueError:
        return None


def refusal_of_call(response: http.client.HTTPResponse, content: Any, url: str, *, key: str | None) -> Failure:
    """Return the failure that a data-plane answer in OpenAI's shape means."""
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        return _stranger(response, url)
    message, code = str(error.get("message")), str(error.get("code"))
    hint = _key_hint(response.status, key) or error.get("hint")
    return Failure(message, exit_code=exit_code_of(response.status, code), hint=hint, problem=error)


def is_loopback(host: str) -> bool:
    """Whether a host with an optional port is this machine."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _guard(etag: str | None) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}


def _opener(host: str) -> OpenerDirector:
    """Return what opens connections: without redirects, cookies and password files."""
    opener = OpenerDirector()
    opener.addheaders = [("User-Agent", "modelport-cli")]
    for handler in (ProxyHandler({} if is_loopback(host) else None), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    return opener


def _unreachable(url: str, reason: object) -> Failure:
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
    return Failure(f"cannot reach {parts.scheme}://{parts.netloc}: {why}", exit_code=ExitCode.UNREACHABLE, hint=hint)


def _refusal(response: http.client.HTTPResponse, content: Any, url: str, *, key: str | None) -> Failure:
    if not isinstance(content, dict) or "detail" not in content:
        return _stranger(response, url)
    hint = _key_hint(response.status, key) or content.get("hint")
    detail = "; ".join(_fields(content)) or str(content["detail"])
    code = exit_code_of(response.status, str(content.get("code")))
    return Failure(detail, exit_code=code, hint=hint, problem=content)


def _key_hint(status: int, key: str | None) -> str | None:
    """Return what to do about a missing or wrong key; of a good one that lacks a right the server speaks."""
    if key is None and status in _NEEDS_KEY:
        return f"no key was sent: {NO_KEY_HINT}"
    return f"the key that was sent is not accepted: {NO_KEY_HINT}" if status == _NEEDS_KEY[0] else None


def _fields(problem: JsonObject) -> list[str]:
    found = problem.get("errors")
    rows = found if isinstance(found, list) else []
    return [f"{row.get('field')}: {row.get('message')}" for row in rows if isinstance(row, dict)]


def _stranger(response: http.client.HTTPResponse, url: str) -> Failure:
    return Failure(
        f"{url} answered {response.status} {response.reason}, but not as modelport does",
        exit_code=exit_code_of(response.status) if response.status >= _ERROR else ExitCode.UNREACHABLE,
        hint="check --server (or MODELPORT_URL): host, port and path prefix",
    )
