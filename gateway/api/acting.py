"""In whose name something is done: for whatever a change leaves on the record (lifecycle.md section 10).

`operation.py` says it for each call of the API, commands and background work for themselves; services read it with
`acting()`. It goes along with a task, so nothing has to be handed through.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Literal

from aiohttp import hdrs, web
from msgspec import Struct

from gateway.api.principal import PRINCIPAL, REQUEST_ID
from gateway.api.request import PEER
from gateway.errors import InvalidRequest

ActorType = Literal["key", "local", "file", "system", "cli"]
Via = Literal["api", "cli", "console", "file", "system"]

REASON_HEADER = "X-Reason"
REASON_PARAMETER = "reason"
MAX_REASON = 500
"""Characters: a sentence or two, or the number of a ticket."""
_CLI_AGENT = "modelport-cli"


class Acting(Struct, frozen=True):
    """Who acts, from where, and why.

    `id` names a key, or file and line of a declaration; `via` is the way that was taken, as the caller says of itself.
    """

    type: ActorType
    id: str | None = None
    name: str = ""
    team: str | None = None
    via: Via = "system"
    peer: str | None = None
    request_id: str | None = None
    idempotency_key: str | None = None
    reason: str | None = None
    operation_id: str | None = None


SYSTEM = Acting("system", name="modelport")
"""The server itself: what it does at its start and in the background."""

_ACTING: ContextVar[Acting] = ContextVar("acting", default=SYSTEM)


def acting() -> Acting:
    """Return who acts; the server itself where nobody said otherwise."""
    return _ACTING.get()


@contextlib.contextmanager
def act_as(who: Acting) -> Iterator[None]:
    """Do what is inside in somebody's name."""
    token = _ACTING.set(who)
    try:
        yield
    finally:
        _ACTING.reset(token)


def acting_of(request: web.Request, *, strict: bool = True) -> Acting:
    """Return who sent a request, with what it says of itself.

    Raises:
        InvalidRequest: the reason is no line of text, and `strict` asks for one.
    """
    headers, principal = request.headers, request.get(PRINCIPAL)
    key_id = None if principal is None else principal.key_id
    return Acting(
        type="local" if key_id is None else "key",
        id=key_id,
        name="" if principal is None else principal.name,
        team=None if principal is None else principal.team,
        via="cli" if headers.get(hdrs.USER_AGENT, "").startswith(_CLI_AGENT) else "api",
        peer=request.get(PEER),
        request_id=request.get(REQUEST_ID),
        idempotency_key=headers.get("Idempotency-Key") if strict else None,
        reason=_reason(request, strict=strict),
    )


def _reason(request: web.Request, *, strict: bool) -> str | None:
    given = [*request.headers.getall(REASON_HEADER, []), *request.rel_url.query.getall(REASON_PARAMETER, [])]
    if not given:
        return None
    if len(given) > 1 and strict:
        raise InvalidRequest(
            f"the reason is given {len(given)} times",
            param=REASON_HEADER,
            hint=f"send the header {REASON_HEADER} or the parameter {REASON_PARAMETER}, once",
        )
    text = given[0].strip()
    if not 1 <= len(text) <= MAX_REASON or not text.isprintable():
        if not strict:
            return None
        raise InvalidRequest(
            f"the reason must be one line of 1 to {MAX_REASON} characters",
            param=REASON_HEADER,
            hint="write why in a sentence, in UTF-8",
        )
    return text
