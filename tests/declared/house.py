"""The whole product on a configuration file, in the test's own process."""

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gateway.configuration.loading import load
from gateway.declared.reload import Reloader, Status
from tests.app.caller import Caller, until
from tests.app.installation import Opened

QUIET = "log: {level: error, requests: false}\n"


@dataclass(frozen=True, slots=True)
class House:
    """A running product and its file. `admin` is a caller with the first key."""

    inside: Opened
    file: Path
    admin: Caller

    @property
    def reloader(self) -> Reloader:
        """What reads the file again."""
        return self.inside.ground.reloader

    @property
    def status(self) -> Status:
        """How the last reading went."""
        return self.reloader.status

    async def write(self, text: str) -> Status:
        """Replace the file as an editor does, and have it read."""
        save(self.file, text)
        return await self.reloader.reload("the test")

    async def seen(self, condition: Callable[[], bool], *, within_s: float = 15.0) -> None:
        """Wait until the watch has brought something about."""

        async def holds() -> bool:
            return condition()

        await until(holds, within_s=within_s)

    async def names(self) -> list[str]:
        """Return the names of the models that are published."""
        return [model["name"] for model in (await self.admin.show("api/v1/models"))["items"]]

    async def metric(self, name: str) -> float:
        """Return a number of /metrics."""
        text = (await self.admin.get("metrics")).text
        return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


def save(file: Path, text: str) -> None:
    """Write beside the file and put it in its place."""
    fresh = file.with_name(".modelport.yaml.new")
    fresh.write_text(text)
    fresh.replace(file)


@contextlib.asynccontextmanager
async def living(caller: Caller, file: Path, data_dir: Path, **flags: Any) -> AsyncIterator[House]:
    """Start the product on the file as `modelport serve` does, and stop it at the end."""
    given = {"data_dir": data_dir, "server": {"port": 0}, **flags}
    reread = partial(load, file, flags=given, environment={})
    configuration = reread()
    inside = Opened(configuration.settings, environment=os.environ, configuration=configuration, reread=reread)
    try:
        await inside.start()
        key = inside.admin_key.reveal() if inside.admin_key is not None else ""
        yield House(inside, file, caller.at(inside.address).keyed(key))
    finally:
        await inside.stop()


Living = Callable[..., contextlib.AbstractAsyncContextManager[House]]
Wait = Callable[[], Awaitable[bool]]
