"""One scenario over every surface that retires a model: whatever the door, the same happens behind it (LIF-8)."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from gateway.cli.exit_codes import ExitCode
from tests.app.caller import Caller
from tests.app.conftest import Start, caller, process_settings, start, upstream
from tests.app.installation import Installation
from tests.cli.program import Shell
from tests.fakes.upstream import Upstream

__all__ = ["caller", "process_settings", "start", "upstream"]


@dataclass(frozen=True)
class Told:
    """What a surface said: whether it was done, or the code of the refusal."""

    done: bool
    code: str | None = None


class Surface(Protocol):
    """A door: deletes the model of this name with this key."""

    async def __call__(self, key: str, name: str) -> Told:
        """Knock."""
        ...


@dataclass(frozen=True)
class Management:
    """`DELETE /api/v1/models/{name}`."""

    product: Installation
    folder: Path

    async def __call__(self, key: str, name: str) -> Told:
        """Delete the model."""
        answer = await self.product.stranger.keyed(key).call("DELETE", f"api/v1/models/{name}")
        return Told(answer.status in {200, 202}, answer.code)


@dataclass(frozen=True)
class Batch:
    """`POST /api/v1/models:batchDelete` with one model."""

    product: Installation
    folder: Path

    async def __call__(self, key: str, name: str) -> Told:
        """Delete the model."""
        rows = (await self.product.admin.show(f"api/v1/models?name={name}"))["items"]
        uid = rows[0]["uid"] if rows else f"mdl_{'a' * 20}"
        answer = await self.product.stranger.keyed(key).post("api/v1/models:batchDelete", {"items": [{"uid": uid}]})
        code = answer.code
        if code == "batch_refused":
            code = answer.json["items"][0]["code"]
        return Told(answer.status in {200, 202}, code)


@dataclass(frozen=True)
class OpenAi:
    """`DELETE /v1/models/{name}`."""

    product: Installation
    folder: Path

    async def __call__(self, key: str, name: str) -> Told:
        """Delete the model."""
        answer = await self.product.stranger.keyed(key).call("DELETE", f"v1/models/{name}")
        if answer.status == 200:
            assert answer.json == {"id": name, "object": "model", "deleted": True}
        return Told(answer.status == 200, answer.code)


@dataclass(frozen=True)
class Command:
    """`modelport models delete NAME --yes`."""

    product: Installation
    folder: Path

    async def __call__(self, key: str, name: str) -> Told:
        """Delete the model."""
        shell = Shell(self.folder, {"MODELPORT_URL": self.product.admin.address, "MODELPORT_KEY": key})
        ended = await asyncio.to_thread(shell.run, "models", "delete", name, "--yes", "-o", "json")
        if ended.code == ExitCode.NOT_FOUND:  # it looks names up before it asks for anything
            return Told(done=False, code="model_not_found")
        return Told(ended.code == 0, json.loads(ended.out)["problem"]["code"] if ended.code else None)


@pytest.fixture
async def product(start: Start, upstream: Upstream) -> AsyncIterator[Installation]:
    """Give a product with models to retire, where the data plane may do so, too."""
    async with start(access={"delete_models": True}, server={"allowed_hosts": ["modelport.test"]}) as running:
        for name in ("free", "named", "kept"):
            await running.publish(name, upstream.url)
        await running.admin.make("aliases", name="another", model="named")
        kept = await running.admin.show("api/v1/models?name=kept")
        path = f"api/v1/models/{kept['items'][0]['uid']}/protection"
        assert (await running.admin.post(path, {"enabled": True})).status == 200
        yield running


async def rows_about(caller: Caller, uid: str) -> list[Any]:
    """Return the names that the record says were deleted under this uid."""
    found = await caller.show(f"api/v1/audit?target={uid}&action=model.delete&outcome=ok")
    return [one["target"]["name"] for one in found["items"]]


@pytest.mark.parametrize("door", [Management, Batch, OpenAi, Command])
async def test_every_surface_does_the_same(
    product: Installation, tmp_path: Path, door: type[Management | Batch | OpenAi | Command]
) -> None:
    """Refusals by the same codes; done once, on the record, answered to callers, and brought back by anybody."""
    surface: Surface = door(product, tmp_path)
    operator = await product.key_of("operator", team="default")
    publisher = await product.key_of("publisher", team="default")
    uid = (await product.admin.show("api/v1/models?name=free"))["items"][0]["uid"]
    assert await surface(publisher, "free") == Told(done=False, code="permission_denied")
    assert await surface(operator, "named") == Told(done=False, code="model_referenced")
    assert await surface(operator, "kept") == Told(done=False, code="deletion_protected")
    assert await surface(operator, "never-was") == Told(done=False, code="model_not_found")
    assert (await product.admin.chat("free")).status == 200
    assert await surface(operator, "free") == Told(done=True)
    called = await product.admin.chat("free")
    assert (called.status, called.code) == (404, "model_retired")
    assert called.headers["x-should-retry"] == "false"
    assert await surface(operator, "free") == Told(done=False, code="model_not_found")
    assert await rows_about(product.admin, uid) == ["free"]
    back = await product.admin.post(f"api/v1/models/{uid}/undelete", {"activate": True})
    assert (back.status, back.json["state"]) == (200, "active")
    assert (await product.admin.chat("free")).status == 200


async def test_the_data_plane_deletes_nothing_unless_it_is_switched_on(
    start: Start, upstream: Upstream, tmp_path: Path
) -> None:
    """405 as for any method that is not there; who may not delete is denied, and that is on the record."""
    async with start(data_dir=tmp_path / "off") as off:
        await off.publish("a", upstream.url)
        answer = await off.admin.call("DELETE", "v1/models/a")
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    async with start(access={"delete_models": True}) as on:
        await on.publish("a", upstream.url)
        denied = await (await on.as_role("developer")).call("DELETE", "access/models/default/v1/models/a")
        assert (denied.status, denied.code) == (403, "permission_denied")
        found = await on.admin.show("api/v1/audit?outcome=denied&action=model.delete")
        assert [one["target"]["name"] for one in found["items"]] == ["a"]
        narrow = await (await on.as_role("operator", models=["b*"])).call("DELETE", "v1/models/a")
        assert (narrow.status, narrow.code) == (404, "model_not_found")
        assert (await on.admin.chat("a")).status == 200
