"""A running product between two scripted model servers, and short words for what tests of the data plane do there."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from gateway.storage.schema import usage_calls
from gateway.storage.writer import BatchWriter
from tests.app.caller import UNCHECKED, Answer, Caller, until
from tests.app.installation import Installation
from tests.fakes.journal import Record
from tests.fakes.script import Script, answer
from tests.fakes.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Model:
    """A published model; `endpoints` are the ids of its endpoints, the heaviest first."""

    name: str
    uid: str
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class House:
    """The product, and two model servers: an endpoint is known again by which of them was asked."""

    product: Installation
    near: Upstream
    far: Upstream

    @property
    def admin(self) -> Caller:
        """The administrator, from elsewhere."""
        return self.product.admin

    async def team(self) -> str:
        """Make a team and return its name."""
        return str((await self.admin.make("teams", name=word("team")))["name"])

    async def member(self, team: str = "default", **fields: Any) -> Caller:
        """Return a caller with a new key of the team that may call models."""
        return await self.product.as_role("developer", team=team, **fields)

    async def publish(
        self, *endpoints: Upstream | str | Mapping[str, Any], team: str = "default", **fields: Any
    ) -> Model:
        """Publish a model with these endpoints: a model server, an address, or the endpoint's fields."""
        body = {"name": word("model"), "team": team, "endpoints": [_endpoint(one) for one in endpoints], **fields}
        made = await self.admin.make("models", **body)
        by_weight = sorted(made["endpoints"], key=lambda one: -int(one["weight"]))
        return Model(made["name"], made["uid"], tuple(one["id"] for one in by_weight))

    async def ranked(self, *endpoints: Upstream | str | Mapping[str, Any], **fields: Any) -> Model:
        """Publish a model whose endpoints get nearly all calls in this order, as long as they can answer."""
        weighted = [{**_endpoint(one), "weight": 10**6 // 1000**at} for at, one in enumerate(endpoints)]
        return await self.publish(*weighted, **fields)

    async def take(self, team: str, model: Model, *groups: str) -> None:
        """Make the model's first endpoint the team's default one for these operations."""
        found = (await self.admin.show(f"api/v1/teams?name={team}"))["items"][0]
        defaults = dict.fromkeys(groups, model.endpoints[0])
        await self.change(f"teams/{found['id']}", default_endpoints=defaults)

    async def change(self, path: str, **fields: Any) -> None:
        """Change an object of the registry; an endpoint is not checked."""
        unchecked = UNCHECKED if path.startswith("endpoints/") else ""
        changed = await self.admin.call("PATCH", f"api/v1/{path}{unchecked}", fields)
        assert changed.status == 200, changed.text

    async def settle(self) -> None:
        """Write into the database what waits to be written."""
        for close in tuple(self.product.inside.ground.closing):
            if isinstance(writer := getattr(close, "__self__", None), BatchWriter):
                await writer.drain()

    async def rows(self, request_id: str, count: int = 1) -> list[Mapping[str, Any]]:
        """Return the usage rows of a call, oldest first, as soon as there are so many."""
        found: list[Mapping[str, Any]] = []
        query = select(usage_calls).where(usage_calls.c.request_id == request_id).order_by(usage_calls.c.id)

        async def are_there() -> bool:
            await self.settle()
            async with self.product.inside.ground.database.read() as conn:
                found[:] = [dict(row) for row in (await conn.execute(query)).mappings()]
            return len(found) >= count

        await until(are_there)
        return found


def word(prefix: str) -> str:
    """Return a name that nobody else has."""
    return f"{prefix}-{secrets.token_hex(5)}"


def mark() -> str:
    """Return a new marker: a request that carries it anywhere is found by it, and answered by its script."""
    return f"mark-{secrets.token_hex(6)}"


def told(**members: Any) -> Script:
    """Return a plain JSON answer."""
    return answer(200, json.dumps(members).encode())


def target(record: Record) -> str:
    """Return the request target that a model server saw."""
    return record.head.split(b" ", 2)[1].decode()


def header(record: Record, name: str) -> str | None:
    """Return a header that a model server saw, or None."""
    for line in record.head.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name.lower():
            return value.strip()
    return None


def form(*parts: tuple[str, str], boundary: str = "b") -> tuple[bytes, dict[str, str]]:
    """Return an upload of text parts and the header that goes with it, as `Caller.call` takes it."""
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts
    )
    return f"{body}--{boundary}--\r\n".encode(), {"Content_Type": f"multipart/form-data; boundary={boundary}"}


def chat(model: str, text: str = "hello", **fields: Any) -> dict[str, Any]:
    """Return a chat request."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


def refused(answer: Answer, status: int, code: str) -> Mapping[str, Any]:
    """Hold that a call was refused in the OpenAI shape, and return the error."""
    assert (answer.status, answer.code) == (status, code), answer.text
    error: Mapping[str, Any] = answer.json["error"]
    assert error.keys() >= {"message", "type", "param", "code"}
    assert answer.headers["x-request-id"] == error["request_id"]
    return error


def _endpoint(one: Upstream | str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(one, Upstream):
        return {"base_url": one.url}
    return {"base_url": one} if isinstance(one, str) else one


def sent(upstream: Upstream, marker: str) -> Sequence[Record]:
    """Return what the model server saw of the marker."""
    return upstream.journal.find(marker)
