"""Several processes of the product on one database, each `python -m gateway serve`, and callers of them."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final, Self

import aiohttp

from tests.app.caller import Answer, Caller
from tests.conformance.modelport import HOST_NAME, Modelport, running_modelport
from tests.fakes.scenarios import DONE, ONE, STOP
from tests.fakes.script import Script, answer, event_stream
from tests.fakes.upstream import Upstream

LIMIT_S: Final = 30.0
"""A condition that has not come true by then never will."""
IMPATIENT_S: Final = 3.0
"""So that a test of a killed process takes seconds. Where nobody is killed the product's own 15 s stand: on a loaded
machine three seconds of silence are no death."""


class Fleet:
    """Starts processes, ends them, and knows the administrator's key, which the first of them prints."""

    def __init__(self, folder: Path, database_url: str, caller: Caller) -> None:
        self._folder = folder
        self._url = database_url
        self.dead_after_s = 15.0
        self._caller = caller
        self._key = ""
        self._stack = contextlib.ExitStack()

    async def start(self) -> "Process":
        """Start one more, and return it when it answers."""
        settings = {"database": {"url": self._url}, "operations": {"dead_after_s": self.dead_after_s}}
        enter = running_modelport(self._folder, settings, admin_key=self._key)
        running = await asyncio.to_thread(self._stack.enter_context, enter)
        self._key = running.admin_key
        caller = self._caller.at(f"{running.origin}/").having(Host=HOST_NAME).keyed(self._key)
        return Process(running, caller)

    def close(self) -> None:
        """End those that still run."""
        self._stack.close()


class Process:
    """One of them. `admin` calls it; `running` is None for one that somebody else has started."""

    def __init__(self, running: Modelport | None, admin: Caller) -> None:
        self._running = running
        self.admin = admin

    @classmethod
    def at(cls, admin: Caller) -> Self:
        """Return the process that this administrator calls."""
        return cls(None, admin)

    @property
    def running(self) -> Modelport:
        """The process itself."""
        assert self._running is not None
        return self._running

    async def kill(self) -> None:
        """End it as a crash does: nothing is given back."""
        self.running.process.kill()
        await asyncio.to_thread(self.running.process.wait, LIMIT_S)

    async def id(self) -> str:
        """Return its id among the processes."""
        found = (await self.admin.show("api/v1/workers"))["items"]
        return str(next(one["id"] for one in found if one["pid"] == self.running.process.pid))

    async def delete(self, name: str, **query: str) -> Answer:
        """Ask it to delete a model of the team default."""
        given = "".join(f"&{key}={value}" for key, value in query.items())
        return await self.admin.call("DELETE", f"api/v1/models/{name}?team=default{given}")

    async def operation(self, operation_id: str) -> Any:
        """Return what it says of an operation."""
        return await self.admin.show(f"api/v1/operations/{operation_id}")

    async def until(self, operation_id: str, holds: Callable[[Any], bool]) -> Any:
        """Return the operation when the condition holds for it."""
        seen: list[Any] = []

        async def look() -> bool:
            seen[:] = [await self.operation(operation_id)]
            return holds(seen[0])

        await until(look, told=lambda: seen)
        return seen[0]

    async def is_refused(self, model: str) -> bool:
        """Whether a new call to the model is told that it was retired."""
        refused = await self.admin.chat(model)
        assert (refused.status, refused.code) in {(200, None), (404, "model_retired")}, refused.text
        return refused.status == 404


class Stream:
    """A streamed call, read as it comes; `marker` names its script at the upstream."""

    def __init__(self, upstream: Upstream, script: Script) -> None:
        self.upstream = upstream
        self.marker = f"mark-{secrets.token_hex(6)}"
        self.body = bytearray()
        upstream.scripts[self.marker] = script

    @contextlib.asynccontextmanager
    async def on(self, process: Process, model: str) -> AsyncIterator["Stream"]:
        """Begin it and read its first event."""
        sent = {"model": model, "stream": True, "messages": [{"role": "user", "content": self.marker}]}
        headers = {**process.admin.headers, "Content-Type": "application/json"}
        url = f"{process.admin.address}v1/chat/completions"
        async with process.admin.session.post(url, data=json.dumps(sent), headers=headers) as self._answer:
            assert self._answer.status == 200, await self._answer.read()
            async with asyncio.timeout(LIMIT_S):
                while not self.body.startswith(ONE):
                    self.body += await self._answer.content.readany()
            yield self

    def go_on(self) -> None:
        """Let the upstream send the rest."""
        self.upstream.open_gate(self.marker)

    async def rest(self) -> bytes:
        """Return the whole answer when it has ended, whichever way."""
        async with asyncio.timeout(LIMIT_S):
            with contextlib.suppress(aiohttp.ClientError, OSError):  # a stream that is broken off ends so
                async for piece in self._answer.content.iter_any():
                    self.body += piece
        return bytes(self.body)


WHOLE: Final = ONE + STOP + DONE


def held_stream(upstream: Upstream) -> Stream:
    """Return a stream whose rest comes when the test says so."""
    return Stream(upstream, event_stream().events(ONE).gate().events(STOP, DONE).end())


def silent_stream(upstream: Upstream) -> Stream:
    """Return a stream that says one thing and then nothing."""
    return Stream(upstream, event_stream().events(ONE).silence())


def held_answer(upstream: Upstream) -> str:
    """Have a plain answer held back by the upstream for ever, and return its marker."""
    marker = f"mark-{secrets.token_hex(6)}"
    held = answer(200, b"{}")
    upstream.scripts[marker] = Script(steps=(*Script().gate().steps, *held.steps))
    return marker


async def until(
    condition: Callable[[], Awaitable[bool]], *, told: Callable[[], object] = lambda: "", every_s: float = 0.05
) -> None:
    """Return when the condition holds; what another process does sends no event, so this asks again and again."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not await condition():  # noqa: ASYNC110 - as the docstring says
                await asyncio.sleep(every_s)
    except TimeoutError:
        raise AssertionError(f"it did not come true within {LIMIT_S} s; at last: {told()}") from None


@contextlib.contextmanager
def running_fleet(folder: Path, database_url: str, caller: Caller) -> Iterator[Fleet]:
    """Give the way to start processes on the database; all are ended."""
    with contextlib.closing(Fleet(folder, database_url, caller)) as fleet:
        yield fleet
