"""OpenAI clients that follow a model to wherever it is published.

Settled here: the two classes, real subclasses of the SDK's clients, and the short forms that make them. Anybody may
use them. Without a server the classes are the SDK's and nothing else (clients.md WRP-1).

    connect("qwen3")           one model: `client.model`, and `client.base_url` is its address
    connect()                  none: each call goes where its own `model` is published
    await aconnect("qwen3")    the same for asyncio; without `await` the first call looks up
    client_kwargs("qwen3")     base_url and api_key as plain texts, for every other library

Two hooks of the SDK carry it all: `_prepare_options`, called for every attempt before its request is built, and
`_send_request`, which sees each answer. tests/resolver/test_openai_versions.py holds the SDK to that under the lowest
and the newest openai. The classes differ in `await` only; what they do stands in `hooks`, `routing` and `options`.
"""

from collections.abc import Generator, Mapping
from typing import Any, Self, Unpack, cast

import openai
from openai import AsyncOpenAI, HttpxBinaryResponseContent, OpenAI

from resolver import hooks
from resolver.lookup import explained, read_route
from resolver.options import (
    ClientOptions,
    ConnectOptions,
    CopyOptions,
    ServerAddressError,
    connected,
    constructed,
    copied,
)
from resolver.routes import Route
from resolver.routing import Routing, is_absolute

__all__ = ["AsyncModelportOpenAI", "ModelportOpenAI", "ServerAddressError", "aconnect", "client_kwargs", "connect"]


class ModelportOpenAI(OpenAI):
    """`openai.OpenAI` whose calls go where the server publishes each model.

    Every keyword of the SDK's class, and these:

    server           the modelport server; `MODELPORT_URL` by default
    api_key          the SDK's keyword, here the key for that server; `MODELPORT_KEY` by default
    model            the one model of this client; without it each call goes by its own `model`
    team             whose models; by default the key tells
    trusted_origins  origins that may have the key although the server does not list them as gateways
    origin_keys      other keys, each for the one origin that it is bound to
    route_ttl_s      seconds for which an address is remembered, 60 by default
    clock            what those seconds are read from, `time.monotonic` by default

    Raises:
        ServerAddressError: one of these is given but no server, or one of the URLs is no http(s) URL.
    """

    _routing: Routing | None
    _shown: Route | None = None

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        self._routing, settings = constructed(options)
        super().__init__(**settings)
        hooks.forget_admin_key(self, self._routing, settings)

    @property
    def model(self) -> str | None:
        """The model that this client is for, or None when each call names its own."""
        return None if self._routing is None else self._routing.model

    @property
    def base_url(self) -> Any:
        """The address of the client's model, looked up if need be; without a model, one of the server itself."""
        if self._routing is not None and self._routing.model is not None and hooks.looks_up():
            self._route(self._routing, self._routing.model)
        return super().base_url

    @base_url.setter
    def base_url(self, url: Any) -> None:
        cast("Any", OpenAI).base_url.fset(self, url)

    def copy(self, *, _extra_kwargs: Mapping[str, Any] | None = None, **options: Unpack[CopyOptions]) -> Self:
        """Return a client like this one with some options changed; it shares connections, and routes if it can."""
        routing, settings = copied(self._routing, options)
        with hooks.no_look_up():
            return super().copy(_extra_kwargs={**(_extra_kwargs or {}), "_routing": routing}, **settings)

    with_options = copy

    @property
    def auth_headers(self) -> dict[str, str]:
        """What a WebSocket is opened with: the credential that may go to its address."""
        return hooks.auth_headers(self, self._routing, super().base_url, super().auth_headers)

    def _prepare_options(self, options: Any) -> Any:
        headers = options.headers or {}  # before the SDK adds to them, which it does for a key that is a callable
        options = super()._prepare_options(options)
        if self._routing is None:
            return options
        named = not is_absolute(options.url)
        route = self._route(self._routing, self._routing.name_for(options)) if named else None
        return hooks.directed(self, self._routing, options, route, headers)

    def _send_request(self, request: Any, *, stream: bool, **kwargs: Any) -> Any:
        try:
            response = super()._send_request(request, stream=stream, **kwargs)
        except Exception:
            hooks.forget(self._routing)
            raise
        return hooks.seen(self._routing, response)

    def _make_status_error(self, err_msg: str, *, body: object, response: Any) -> openai.APIStatusError:
        message = hooks.worded(self._routing, err_msg, response)
        return super()._make_status_error(message, body=body, response=response)

    def _route(self, routing: Routing, name: str | None) -> Route:
        route = routing.routes.get(name, lambda: self._look_up(routing, name))
        return hooks.shown(self, routing, route)

    def _look_up(self, routing: Routing, name: str | None) -> Route:
        url, options = routing.lookup(name, timeout=self.timeout, default_query=self.default_query)
        try:
            answer = self.get(url, cast_to=HttpxBinaryResponseContent, options=cast("Any", options))
        except openai.APIError as error:
            raise explained(error, server=routing.server) from error.__cause__
        return read_route(answer.response, server=routing.server)


class AsyncModelportOpenAI(AsyncOpenAI):
    """`openai.AsyncOpenAI` whose calls go where the server publishes each model.

    Its keywords are those of `ModelportOpenAI`. Awaiting the client itself looks up its model and gives the client
    back, so that `base_url` is known; reading `base_url` cannot wait, and names the server until then.
    """

    _routing: Routing | None
    _shown: Route | None = None

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        self._routing, settings = constructed(options)
        super().__init__(**settings)
        hooks.forget_admin_key(self, self._routing, settings)

    def __await__(self) -> Generator[Any, None, Self]:
        return self._ready().__await__()

    @property
    def model(self) -> str | None:
        """The model that this client is for, or None when each call names its own."""
        return None if self._routing is None else self._routing.model

    @property
    def base_url(self) -> Any:
        """The address of the client's model as far as it is known; until then, and without one, the server's own."""
        if self._routing is not None and (route := self._routing.routes.peek(self._routing.model)) is not None:
            hooks.shown(self, self._routing, route)
        return super().base_url

    @base_url.setter
    def base_url(self, url: Any) -> None:
        cast("Any", AsyncOpenAI).base_url.fset(self, url)

    def copy(self, *, _extra_kwargs: Mapping[str, Any] | None = None, **options: Unpack[CopyOptions]) -> Self:
        """Return a client like this one with some options changed; it shares connections, and routes if it can."""
        routing, settings = copied(self._routing, options)
        return super().copy(_extra_kwargs={**(_extra_kwargs or {}), "_routing": routing}, **settings)

    with_options = copy

    @property
    def auth_headers(self) -> dict[str, str]:
        """What a WebSocket is opened with: the credential that may go to its address."""
        return hooks.auth_headers(self, self._routing, super().base_url, super().auth_headers)

    async def _prepare_options(self, options: Any) -> Any:
        headers = options.headers or {}  # before the SDK adds to them, which it does for a key that is a callable
        options = await super()._prepare_options(options)
        if self._routing is None:
            return options
        named = not is_absolute(options.url)
        route = await self._route(self._routing, self._routing.name_for(options)) if named else None
        return hooks.directed(self, self._routing, options, route, headers)

    async def _send_request(self, request: Any, *, stream: bool, **kwargs: Any) -> Any:
        try:
            response = await super()._send_request(request, stream=stream, **kwargs)
        except Exception:
            hooks.forget(self._routing)
            raise
        return hooks.seen(self._routing, response)

    def _make_status_error(self, err_msg: str, *, body: object, response: Any) -> openai.APIStatusError:
        message = hooks.worded(self._routing, err_msg, response)
        return super()._make_status_error(message, body=body, response=response)

    async def _ready(self) -> Self:
        if self._routing is not None and self._routing.model is not None:
            await self._route(self._routing, self._routing.model)
        return self

    async def _route(self, routing: Routing, name: str | None) -> Route:
        route = await routing.routes.aget(name, lambda: self._look_up(routing, name))
        return hooks.shown(self, routing, route)

    async def _look_up(self, routing: Routing, name: str | None) -> Route:
        url, options = routing.lookup(name, timeout=self.timeout, default_query=self.default_query)
        try:
            answer = await self.get(url, cast_to=HttpxBinaryResponseContent, options=cast("Any", options))
        except openai.APIError as error:
            raise explained(error, server=routing.server) from error.__cause__
        return read_route(answer.response, server=routing.server)


def connect(model: str | None = None, *, key: Any = None, **options: Unpack[ConnectOptions]) -> ModelportOpenAI:
    """Return a client for `model`, or for whatever model each call names, of the modelport server at `server`.

    `options` are the keywords of `ModelportOpenAI`, and `key` is its `api_key`: a text, or a callable that gives one.
    Nothing is asked of the server before the first call, or before `base_url` is read.

    Raises:
        ServerAddressError: `server` is no http(s) URL, or is not given while `MODELPORT_URL` is not set.
    """
    return ModelportOpenAI(**connected(model, key, options))


def aconnect(model: str | None = None, *, key: Any = None, **options: Unpack[ConnectOptions]) -> AsyncModelportOpenAI:
    """Return a client for asyncio, made like that of `connect`. Awaiting it looks up its model at once."""
    return AsyncModelportOpenAI(**connected(model, key, options))


def client_kwargs(model: str | None = None, *, key: Any = None, **options: Unpack[ConnectOptions]) -> dict[str, str]:
    """Return `base_url` and `api_key` of a model as plain texts, for a library that makes its own OpenAI client.

    The address is looked up here and now: such a client cannot follow a model that moves. Where the model's address
    may not have your key (RES-2), `api_key` is a placeholder.

        kwargs = client_kwargs("qwen3", server="http://localhost:3000", key=key)
        ChatOpenAI(model="qwen3", **kwargs)                                    # langchain
        OpenAIChatModel("qwen3", provider=OpenAIProvider(**kwargs))            # pydantic-ai
        InferenceClient(**kwargs)                                              # huggingface_hub
        OpenAILike(model="qwen3", is_chat_model=True,                          # llama-index has another word for it
                   api_base=kwargs["base_url"], api_key=kwargs["api_key"])
        instructor.from_openai(connect("qwen3", server=server, key=key))       # takes the client itself
    """
    client = connect(model, key=key, **options)
    routing = client._routing  # noqa: SLF001 - of the class above
    assert routing is not None  # connect() insists on a server
    try:
        return hooks.kwargs(client, routing, client._route(routing, routing.model))  # noqa: SLF001 - as above
    finally:
        if options.get("http_client") is None:  # the caller's own stays open
            client.close()
