"""The management API of one server, as commands ask it: each refusal becomes one `Failure` with its exit code.

Nothing heavy at the top: `wire`, which speaks HTTP, is imported when something is sent.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlencode

from gateway.cli.exit_codes import exit_code_of
from gateway.cli.failure import Failure, LostAnswer
from gateway.cli.output import JsonObject
from gateway.cli.rehearsal import Rehearsed, Request

if TYPE_CHECKING:
    import http.client

Value: TypeAlias = str | int | Sequence[str] | None
"""What a query's parameter may be; a sequence is sent as one parameter for each."""

PREFIX = "/api/v1"
PAGE_ITEMS = 200  # the most that one page gives

_LONG_S = 200  # a check that waits for a model to be loaded takes up to 180 s
_TIMEOUT_S = 30  # a management call answers within a second; this is for a machine under load
_ERROR = 400
_NO_CONTENT = 204
_NEEDS_KEY = (401, 403)  # also what a keyless caller on the server's own machine may not do

NO_KEY_HINT = (
    "export MODELPORT_KEY=mp_… with the key that the first start printed, or name a file with --token-file; "
    "lost? On the server's machine: modelport keys create --local"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer that is no refusal."""

    status: int
    body: Any
    etag: str | None
    location: str | None = None


class Api:
    """The management API of one server."""

    def __init__(
        self, server: str, key: str | None, *, key_source: str = "MODELPORT_KEY", dry_run: bool = False
    ) -> None:
        self.server = server
        self.key = key
        self._key_source = key_source
        self._dry_run = dry_run

    def get(self, path: str, **query: Value) -> Answer:
        """Read one object, or one page."""
        return self._call("GET", path, query=query)

    def items(self, path: str, **query: Value) -> Iterator[JsonObject]:
        """Read a whole list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, limit=PAGE_ITEMS, cursor=cursor).body
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def post(self, path: str, body: JsonObject | None = None, *, etag: str | None = None, **query: Value) -> Answer:
        """Make or do something. A lost answer may be asked for again: each call carries an Idempotency-Key."""
        headers = {"Idempotency-Key": os.urandom(16).hex(), **_guard(etag)}
        return self._call("POST", path, query=query, body=body or {}, headers=headers)

    def patch(self, path: str, body: JsonObject, *, etag: str | None, **query: Value) -> Answer:
        """Change what was read with this ETag."""
        return self._call("PATCH", path, query=query, body=body, headers=_guard(etag))

    def delete(self, path: str, *, etag: str | None) -> Answer:
        """Remove what was read with this ETag."""
        return self._call("DELETE", path, headers=_guard(etag))

    def once(  # noqa: PLR0913 - an HTTP request has so many parts
        self,
        method: str,
        path: str,
        body: JsonObject | None = None,
        *,
        etag: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
        harmless: bool = False,
        replayed: bool = True,
        query: Mapping[str, Value] | None = None,
    ) -> Answer:
        """Do something once: a lost answer is asked for again, one time, with the same Idempotency-Key.

        A `dry_run` is the server's own: it judges, and changes nothing. So does what is `harmless`, such as a plan.
        Where the server keeps no answers (not `replayed`), a lost one is lost.
        """
        why = {"X-Reason": " ".join(reason.split()).encode()} if reason else {}
        headers = {"Idempotency-Key": os.urandom(16).hex(), **_guard(etag), **why}
        arguments: dict[str, Any] = {
            "query": {**(query or {}), **({"dry_run": "true"} if dry_run else {})},
            "body": body,
            "headers": headers,
            "rehearse": not (dry_run or harmless),
        }
        try:
            return self._call(method, path, **arguments)
        except LostAnswer:
            if not replayed:
                raise
            return self._call(method, path, **arguments)

    def events(self, path: str, body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
        """Do something that takes a while, and yield what the server says meanwhile: each event's name and data."""
        # Inner import: see the module.
        from gateway.cli.wire import events, read, send

        url = _url(self.server, PREFIX + path, {})
        headers = {"Accept": "text/event-stream"}
        with send("POST", url, body=body, key=self.key, headers=headers, timeout_s=_LONG_S) as response:
            if response.status >= _ERROR:
                raise _refusal(response, read(response, url), url, key=self.key, source=self._key_source)
            yield from events(response, url)

    def lines(self, path: str, **query: Value) -> Iterator[str]:
        """Yield the lines of a long answer as they come."""
        # Inner import: see the module.
        from gateway.cli.wire import lines, read, send

        url = _url(self.server, PREFIX + path, query)
        with send("GET", url, key=self.key, headers={"Accept": "*/*"}, timeout_s=_LONG_S) as response:
            if response.status >= _ERROR:
                raise _refusal(response, read(response, url), url, key=self.key, source=self._key_source)
            yield from lines(response, url)

    def reload(self) -> Answer:
        """Have the server read its configuration file again."""
        return self._call("POST", "/-/reload", prefix="")

    def request(self, method: str, path: str, body: JsonObject | None) -> Request:
        """Return what a dry run shows instead of sending it."""
        return Request(method, _url(self.server, PREFIX + path, {}), body)

    def _call(  # noqa: PLR0913 - an HTTP request has so many parts
        self,
        method: str,
        path: str,
        *,
        prefix: str = PREFIX,
        query: Mapping[str, Value] | None = None,
        body: JsonObject | None = None,
        headers: Mapping[str, str | bytes] | None = None,
        rehearse: bool = True,
    ) -> Answer:
        # Inner import: see the module.
        from gateway.cli.wire import read, send, stranger

        url = _url(self.server, prefix + path, query or {})
        if self._dry_run and rehearse and method != "GET":
            raise Rehearsed(Request(method, url, body))
        with send(method, url, body=body, key=self.key, headers=headers, timeout_s=_limit_s(path)) as response:
            content = read(response, url)
        if response.status >= _ERROR:
            raise _refusal(response, content, url, key=self.key, source=self._key_source)
        if content is None and response.status != _NO_CONTENT:
            raise stranger(response, url)
        return Answer(response.status, content, response.headers.get("ETag"), response.headers.get("Location"))


def _limit_s(path: str) -> float:
    """Return how long an answer may take: endpoints are checked first, and the whole record is read."""
    checks = path.startswith(("/models", "/endpoints", "/preflight", "/audit/verify"))
    return _LONG_S if checks else _TIMEOUT_S


def segment(text: str) -> str:
    """Return the text as one segment of a path."""
    return quote(text, safe="")


def refusal_of_call(
    response: "http.client.HTTPResponse", content: Any, url: str, *, key: str | None, source: str = "MODELPORT_KEY"
) -> Failure:
    """Return the failure that a data-plane answer in OpenAI's shape means."""
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        # Inner import: see the module.
        from gateway.cli.wire import stranger

        return stranger(response, url)
    message, code = str(error.get("message")), str(error.get("code"))
    hint = _key_hint(response.status, key, source) or error.get("hint")
    return Failure(message, exit_code=exit_code_of(response.status, code), hint=hint, problem=error)


def _guard(etag: str | None) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}


def _url(server: str, path: str, query: Mapping[str, Value]) -> str:
    # Inner import: yarl takes 15 ms.
    from resolver import resolve

    url = str(resolve(path, server=server))
    pairs = {name: value for name, value in query.items() if value is not None}
    return f"{url}?{urlencode(pairs, doseq=True)}" if pairs else url


def _refusal(response: "http.client.HTTPResponse", content: Any, url: str, *, key: str | None, source: str) -> Failure:
    if not isinstance(content, dict) or "detail" not in content:
        # Inner import: see the module.
        from gateway.cli.wire import stranger

        return stranger(response, url)
    hint = _key_hint(response.status, key, source) or content.get("hint")
    detail = "; ".join(_fields(content)) or str(content["detail"])
    code = exit_code_of(response.status, str(content.get("code")))
    return Failure(detail, exit_code=code, hint=hint, problem=content)


def _key_hint(status: int, key: str | None, source: str) -> str | None:
    """Return what to do about a missing or wrong key; of a good one that lacks a right the server speaks."""
    if key is None and status in _NEEDS_KEY:
        return f"no key was sent: {NO_KEY_HINT}"
    return f"the key that was sent (from {source}) is not accepted: {NO_KEY_HINT}" if status == _NEEDS_KEY[0] else None


def _fields(problem: JsonObject) -> list[str]:
    found = problem.get("errors")
    rows = found if isinstance(found, list) else []
    return [f"{row.get('field')}: {row.get('message')}" for row in rows if isinstance(row, dict)]
