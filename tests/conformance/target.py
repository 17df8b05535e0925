"""Where the tests call: a gateway's address, a key, and models behind which the scripted upstream stands."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from tests.conformance.case import Case
from tests.conformance.upstream import UpstreamControl
from tests.conformance.wire import Answer, Wire, request_bytes
from tests.fakes.script import Script


class NotOffered(Exception):
    """The target cannot be set up as the test needs it; the row is reported as not applicable."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model behind the gateway should be set up; the defaults fit any gateway."""

    base_urls: tuple[str, ...] = ()
    """Upstream addresses instead of the scripted one."""
    upstream_host: str = "127.0.0.1"
    upstream_model: str | None = None
    organization_headers: bool | None = None
    """Whether OpenAI-Organization and -Project go on; None for the gateway's default."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the model, e.g. stream_usage or idle_timeout_s."""

    @property
    def plain(self) -> bool:
        """Whether any model on the scripted upstream would do."""
        return self == ModelOptions()


class Models(Protocol):
    """Gives out model names."""

    async def name(self, options: ModelOptions) -> str:
        """Return the name of a model that is set up so.

        Raises:
            NotOffered: this gateway cannot.
        """
        ...


@dataclass(frozen=True, slots=True)
class OneModel:
    """A foreign gateway's one model."""

    model: str

    async def name(self, options: ModelOptions) -> str:
        """Return the model when it will do."""
        if not options.plain:
            raise NotOffered("needs a model with settings of its own")
        return self.model


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway under test; `path` is the base_url's path without its final slash."""

    host: str
    port: int
    path: str
    key: str
    upstream: UpstreamControl
    models: Models
    upstream_port: int
    authority: str
    """What the Host header says."""

    @classmethod
    def of(  # one argument for each thing that a caller knows
        cls, base_url: str, key: str, models: Models, upstream: UpstreamControl, upstream_port: int, host: str = ""
    ) -> Self:
        """Return the target of a base_url; `host` is what the Host header says instead of its authority."""
        parts = urlsplit(base_url)
        address, port = parts.hostname or "127.0.0.1", parts.port or 80
        authority = host or parts.netloc
        return cls(address, port, parts.path.rstrip("/"), key, upstream, models, upstream_port, authority)

    async def case(self, script: Script | None = None, **options: Any) -> Case:
        """Return a case of its own marker and model; the script answers its calls."""
        marker = f"mark-{secrets.token_hex(6)}"
        model = await self.models.name(ModelOptions(**options))
        if script is not None:
            await self.upstream.script(marker, script)
        return Case(self, marker, model)

    def headers(self, body: bytes = b"", **extra: str) -> dict[str, str]:
        """Return what a usual client sends; a name in `extra` has `_` for `-`, and an empty value leaves it out."""
        usual = {
            "Host": self.authority,
            "Authorization": f"Bearer {self.key}",
            "Accept": "application/json",
            "User-Agent": "conformance/1",
        }
        if body:
            usual |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        usual |= {name.replace("_", "-"): value for name, value in extra.items()}
        return {name: value for name, value in usual.items() if value}

    async def connect(self, *, receive_buffer: int | None = None) -> Wire:
        """Open a connection to the gateway."""
        return await Wire.open(self.host, self.port, receive_buffer=receive_buffer)

    async def raw(self, data: bytes) -> tuple[list[Answer], bool]:
        """Send bytes as they are; return the answers that came, and whether the connection was closed after them."""
        answers: list[Answer] = []
        async with await self.connect() as wire:
            wire.send_soon(data)
            try:
                while True:
                    answers.append(await wire.answer())
                    if await wire.silent_for(0.3):
                        return answers, False
            except ConnectionError:
                return answers, True

    async def call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Make one call below the base_url on a connection of its own."""
        sent = request_bytes(method, self.path + path, headers or self.headers(body), body)
        async with await self.connect() as wire:
            wire.send_soon(sent)
            return await wire.answer(bodyless=method == "HEAD")
