"""A POST that is sent again takes effect once: the first answer is kept for 24 hours and given again.

Used by routes and services. The row is written in the transaction of the change itself (lifecycle.md section 5, steps 2
and 9), so that either both are there or neither. Refusals are not kept: a corrected call may run under the same key.

    once = once_of(request, lambda state: answer(view(state), status=201))      # routes.py
    return once.render(await service.create(..., once=once))

    async with database.write() as conn:                                        # service.py
        await once.begin(conn, now_ms=...)      # raises Replayed: operation.py answers what was kept
        ...
        await once.end(conn, state, now_ms=...)
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Generic, Self, TypeVar

from aiohttp import web
from msgspec import Struct
from sqlalchemy import delete, func, insert, select

from gateway.api.inputs import RAW_BODY
from gateway.api.principal import PRINCIPAL
from gateway.errors import Conflict, InvalidRequest, Unprocessable
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import idempotency

T = TypeVar("T")

_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,255}")
_RETENTION_MS = 24 * 3600 * 1000
_KEPT_HEADERS = ("Content-Type", "Cache-Control", "ETag", "Location", "Retry-After")


class Intent(Struct, frozen=True):
    """Who means to do what, once: the fingerprint tells a repeated call from another one under the same key."""

    actor: str
    key: str
    fingerprint: str


class StoredAnswer(Struct, frozen=True):
    """An answer as it is kept. `body` is None when it held a secret, which is never written down (KEY-4)."""

    status: int
    body: bytes | None
    headers: Mapping[str, str]

    @classmethod
    def of(cls, response: web.Response, *, secret: bool = False) -> Self:
        """Return what is kept of the response."""
        body = response.body if isinstance(response.body, bytes) else b""
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        return cls(response.status, None if secret else body, headers)

    def response(self) -> web.Response:
        """Return the answer again, marked as such.

        Raises:
            Conflict: it held a secret.
        """
        if self.body is None:
            raise Conflict(
                "this call was carried out before, and its answer held a secret that is shown only once",
                code="answer_not_repeated",
                hint="rotate the secret, or delete what was made and call with a new Idempotency-Key",
                location=self.headers.get("Location"),
            )
        return web.Response(
            body=self.body, status=self.status, headers={**self.headers, "Idempotency-Replayed": "true"}
        )


class Replayed(Exception):
    """The call was carried out before; `answer` is what it was told."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__("replayed")
        self.answer = answer


class Once(Struct, Generic[T], frozen=True):
    """One call of a route, for the service that carries it out; without an Idempotency-Key it does nothing."""

    intent: Intent | None
    render: Callable[[T], web.Response]
    secret: bool = False

    async def begin(self, conn: AsyncConnection, *, now_ms: int) -> None:
        """Begin the change; raise Replayed when it was made before."""
        if self.intent is not None and (found := await find_replay(conn, self.intent, now_ms=now_ms)):
            raise Replayed(found)

    async def end(self, conn: AsyncConnection, result: T, *, now_ms: int) -> None:
        """Keep the answer together with the change, as the transaction's last statement."""
        if self.intent is not None:
            answer = StoredAnswer.of(self.render(result), secret=self.secret)
            await store_answer(conn, self.intent, answer, now_ms=now_ms)


def once_of(request: web.Request, render: Callable[[T], web.Response], *, secret: bool = False) -> Once[T]:
    """Return the request's `Once`; `secret` says that the answer shows something that must not be kept.

    Raises:
        InvalidRequest: the Idempotency-Key is malformed.
    """
    return Once(read_intent(request), render, secret)


def read_intent(request: web.Request) -> Intent | None:
    """Return what the Idempotency-Key stands for, None without one; raise InvalidRequest when it is malformed."""
    key = read_key(request)
    if key is None:
        return None
    principal = request[PRINCIPAL]
    digest = hashlib.sha256()
    parts = (request.method, request.rel_url.raw_path, request.rel_url.raw_query_string)
    for part in (*(part.encode() for part in parts), request.get(RAW_BODY, b"")):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Intent(principal.key_id or f"name:{principal.name}", key, digest.hexdigest())


def read_key(request: web.Request) -> str | None:
    """Return the Idempotency-Key, None without one; raise InvalidRequest when it is malformed."""
    keys = request.headers.getall(_HEADER, [])
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise InvalidRequest(
            f"{_HEADER} must be one word of 1 to 255 visible ASCII characters", param=_HEADER, hint="send a UUID"
        )
    return keys[0]


async def find_replay(conn: AsyncConnection, intent: Intent, *, now_ms: int) -> StoredAnswer | None:
    """Return the kept answer, None when the call is new; call it first in the transaction.

    Raises:
        Unprocessable: another call was made under this key.
        Conflict: the same call is being carried out by another process (on SQLite it waits for its end instead).
    """
    if conn.dialect.name == "postgresql" and not await _claim(conn, intent):
        raise Conflict(
            "the first call with this Idempotency-Key is still running",
            code="operation_in_progress",
            headers={"Retry-After": "1"},
        )
    kept = idempotency.c
    mine = (kept.actor == intent.actor, kept.key == intent.key, kept.created_at >= now_ms - _RETENTION_MS)
    row = (await conn.execute(select(idempotency).where(*mine))).first()
    if row is None:
        return None
    if row.fingerprint != intent.fingerprint:
        raise Unprocessable(
            f"{_HEADER} {intent.key!r} was used for another call",
            code="idempotency_mismatch",
            param=_HEADER,
            hint="a new call needs a new key; a repeated one must be the same to the byte",
        )
    return StoredAnswer(row.status, row.body, json.loads(row.headers))


async def store_answer(conn: AsyncConnection, intent: Intent, answer: StoredAnswer, *, now_ms: int) -> None:
    """Keep the answer, and forget those that are older than 24 hours."""
    await conn.execute(delete(idempotency).where(idempotency.c.created_at < now_ms - _RETENTION_MS))
    await conn.execute(
        insert(idempotency).values(
            actor=intent.actor,
            key=intent.key,
            fingerprint=intent.fingerprint,
            status=answer.status,
            body=answer.body,
            headers=json.dumps(dict(answer.headers)),
            created_at=now_ms,
        )
    )


async def _claim(conn: AsyncConnection, intent: Intent) -> bool:
    """Take PostgreSQL's advisory lock of this key until the transaction ends; False when somebody has it."""
    digest = hashlib.sha256(f"{intent.actor}\0{intent.key}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    return bool((await conn.execute(select(func.pg_try_advisory_xact_lock(number)))).scalar_one())
