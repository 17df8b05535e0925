"""One decorator for everything that the management API can do: it validates, authorises and documents.

Used by every `routes.py` and by the composition root. A method of a `*Routes` class becomes a route:

    @operation("POST", "/models", permission=Permission.REGISTRY_WRITE, body=ModelCreate, answers={201: ModelView},
               errors=(409,), tag="models", summary="Publish a model")
    async def create_model(self, request: web.Request, body: ModelCreate) -> web.StreamResponse: ...

The order in each call: permission (ACL-4: before body and existence), conditions, query, body, the method. Body
and query reach the method as keyword arguments. Deny is the default: without a permission the class does not load.
"""

import inspect
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from importlib import import_module
from typing import Any, Literal, TypeVar

from aiohttp import hdrs, web
from msgspec import Struct
from msgspec.structs import replace
from multidict import MultiDict, MultiMapping
from pydantic import BaseModel, TypeAdapter

from gateway.api.acting import REASON_PARAMETER, act_as, acting_of
from gateway.api.etag import is_current, parse_if_match
from gateway.api.idempotency import Replayed, read_key
from gateway.api.inputs import read_json, read_query, refuse_body
from gateway.api.page import Page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL, no_valid_key
from gateway.errors import InvalidRequest, NotFound

Handler = Callable[..., Awaitable[web.StreamResponse]]
"""A method of a routes class: (request), with `body=` and `query=` when its operation declares them."""
_HandlerT = TypeVar("_HandlerT", bound=Handler)

_SAFE = ("GET", "HEAD")
_MARK = "__operation__"


class Content(Struct, frozen=True):
    """An answer that is not JSON, for `answers={200: Content("text/html")}`."""

    media_type: str


class Later(Struct, frozen=True):
    """An answer whose model is loaded when the API is described: a start pays 15 KB for each model of an answer."""

    module: str
    name: str
    paged: bool = False
    """Whether it is a page of these."""

    def load(self) -> Any:
        """Return the model."""
        kind: Any = getattr(import_module(self.module), self.name)
        return Page.__class_getitem__(kind) if self.paged else kind


class Operation(Struct, frozen=True, kw_only=True):
    """One thing the API can do, as declared. `answers` maps a status to a model, Later, Content, or None (no body)."""

    name: str
    method: str
    path: str
    permission: Permission | None
    public: bool
    body: Any
    query: type[BaseModel] | None
    answers: Mapping[int, Any]
    errors: tuple[int, ...]
    tag: str
    summary: str
    description: str
    if_match: Literal["no", "optional", "required"]
    idempotent: bool
    action: str


OPERATIONS = web.AppKey("OPERATIONS", list[Operation])
"""Every operation that was registered on the application, in order."""


def operation(  # noqa: PLR0913 - keyword-only, and each is one line of the documentation
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
    path: str,
    *,
    answers: Mapping[int, Any],
    tag: str,
    summary: str,
    permission: Permission | None = None,
    public: bool = False,
    body: Any = None,
    query: type[BaseModel] | None = None,
    errors: tuple[int, ...] = (),
    if_match: Literal["no", "optional", "required"] = "no",
    idempotent: bool = False,
    action: str | None = None,
) -> Callable[[_HandlerT], _HandlerT]:
    """Declare a method as the operation; its docstring is the description.

    `errors` lists only what the method itself raises: what every call may answer is known. `if_match` says whether the
    method honours If-Match, `idempotent` whether it honours Idempotency-Key. `action` is its name in the record of
    changes, made of the method's when left out: `delete_model` is `model.delete`.

    Raises:
        TypeError: neither a permission nor public, or the method's parameters do not fit (at import time).
    """

    def declare(handler: _HandlerT) -> _HandlerT:
        name = getattr(handler, "__name__", "")
        if (permission is None) != public:
            raise TypeError(f"{name}: an operation has a permission, or is public=True (ACL-2)")
        wanted = {"self", "request"} | ({"body"} if body is not None else set()) | ({"query"} if query else set())
        if set(inspect.signature(handler).parameters) != wanted:
            raise TypeError(f"{name}: its parameters must be {sorted(wanted)}")
        declared = Operation(
            name=name,
            method=method,
            path=path,
            permission=permission,
            public=public,
            body=body,
            query=query,
            answers=answers,
            errors=errors,
            tag=tag,
            summary=summary,
            description=inspect.getdoc(handler) or "",
            if_match=if_match,
            idempotent=idempotent,
            action=action or _action(name),
        )
        setattr(handler, _MARK, declared)
        return handler

    return declare


def _action(name: str) -> str:
    verb, _, noun = name.partition("_")
    return f"{noun}.{verb}" if noun else name


def register(app: web.Application, *routes: object, prefix: str = "/api/v1") -> None:
    """Add a route for each operation of the objects, and note it in `app[OPERATIONS]`; GET brings HEAD along."""
    if OPERATIONS not in app:
        app[OPERATIONS] = []
    known = {one.name for one in app[OPERATIONS]}
    for owner in routes:
        for declared, handler in _operations_of(owner):
            if declared.name in known:
                raise ValueError(f"two operations are called {declared.name}")
            known.add(declared.name)
            here = replace(declared, path=prefix + declared.path)
            resource, route = app.router.add_resource(here.path, name=here.name), _route(here, handler)
            for method in _SAFE if here.method == hdrs.METH_GET else (here.method,):
                resource.add_route(method, route)
            app[OPERATIONS].append(here)


def answer(
    model: BaseModel, *, status: int = 200, etag: str | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return the model as a JSON answer. With an ETag a client may keep it and ask again, without it must not."""
    caching = (
        {hdrs.CACHE_CONTROL: "no-store"} if etag is None else {hdrs.CACHE_CONTROL: "private, no-cache", hdrs.ETAG: etag}
    )
    body = model.model_dump_json(by_alias=True).encode()
    return web.Response(
        body=body, status=status, content_type="application/json", headers=caching | dict(headers or {})
    )


def _operations_of(owner: object) -> Iterator[tuple[Operation, Handler]]:
    names = {name: None for kind in reversed(type(owner).__mro__) for name in vars(kind)}
    for name in names:
        declared = getattr(getattr(type(owner), name, None), _MARK, None)
        if isinstance(declared, Operation):
            yield declared, getattr(owner, name)


def _route(declared: Operation, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    adapter = cache(lambda: TypeAdapter(declared.body))  # made at the first call, like the models' own

    async def handle(request: web.Request) -> web.StreamResponse:
        _authorise(request, declared.permission)
        _check_target(request)
        _check_condition(request, declared)
        who = acting_of(request)
        inputs: dict[str, object] = {}
        query = read_query(_without_reason(request, declared), declared.query)
        if declared.query is not None:
            inputs["query"] = query
        if declared.body is not None:
            inputs["body"] = await read_json(request, adapter())
        elif declared.method not in _SAFE:
            await refuse_body(request)
        try:
            with act_as(who):
                return _unless_current(request, await handler(request, **inputs))
        except Replayed as replayed:
            return replayed.answer.response()

    return handle


def _authorise(request: web.Request, permission: Permission | None) -> None:
    if permission is None:
        return
    principal = request.get(PRINCIPAL)
    if principal is None:
        raise no_valid_key()
    principal.require(permission)


def _check_target(request: web.Request) -> None:
    """Refuse a NUL in the path: no name holds one, and PostgreSQL answers it with an error of its own."""
    if any("\0" in value for value in request.match_info.values()):
        raise NotFound("nothing has the character NUL in its name")


def _check_condition(request: web.Request, declared: Operation) -> None:
    """Refuse a guard that is malformed, or that nobody looks at: a dropped If-Match is a lost update."""
    if declared.idempotent:
        read_key(request)
    if declared.if_match != "no":
        parse_if_match(request, required=declared.if_match == "required")
    elif declared.method not in _SAFE and hdrs.IF_MATCH in request.headers:
        raise InvalidRequest("this operation does not look at If-Match", param="If-Match", hint="leave If-Match out")


def _without_reason(request: web.Request, declared: Operation) -> MultiMapping[str]:
    """Return the query without the reason, which every change may be given and `acting_of` reads."""
    query = request.query
    if declared.method in _SAFE or REASON_PARAMETER not in query or REASON_PARAMETER in _fields(declared.query):
        return query
    return MultiDict((name, value) for name, value in query.items() if name != REASON_PARAMETER)


def _fields(model: type[BaseModel] | None) -> Collection[str]:
    return () if model is None else model.model_fields


def _unless_current(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Answer 304 where the caller's copy is still the current one."""
    etag = response.headers.get(hdrs.ETAG)
    lines = request.headers.getall(hdrs.IF_NONE_MATCH, [])
    if etag is None or request.method not in _SAFE or response.status != HTTPStatus.OK or not is_current(lines, etag):
        return response
    kept = {name: response.headers[name] for name in (hdrs.ETAG, hdrs.CACHE_CONTROL) if name in response.headers}
    return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=kept)
