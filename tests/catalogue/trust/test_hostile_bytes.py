"""Whatever a hub sends, a refresh ends in a kind of failure or in what was signed; never in another exception."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tuf.api.metadata import Metadata

from gateway.catalogue.trust.errors import HubError
from tests.catalogue.trust.world import World
from tests.fakes.hub import said

FILES = ("timestamp.json", "1.snapshot.json", "1.targets.json", "1.catalog.json", "2.root.json")
KINDS = {"untrusted", "truncated", "oversize", "captive"}


@pytest.mark.parametrize("name", FILES)
async def test_changed_bytes_are_refused(world: World, name: str) -> None:
    """Bytes turned over, cut, doubled and filled in, and values of every type where another one belongs."""
    world.repository.sign_root()  # so that there is a second root to be changed
    await world.refresh()
    good = (world.repository.folder / "metadata" / name).read_bytes()
    for changed in _changed(good, random.Random(name)):
        world.hub.fail(f"metadata/{name}", said(changed))
        world.lose_cache()  # what was understood once is not asked for again
        kind = await _outcome(world)
        assert kind in KINDS or (kind is None and _means(changed) == _means(good)), changed
    world.hub.heal()
    assert (await world.refresh()).index.serial == 1


async def _outcome(world: World) -> str | None:
    """Return the kind of the failure, None where there was none."""
    try:
        await world.refresh()
    except HubError as error:
        return error.kind
    return None


def _means(document: bytes) -> Any:
    """Return what was understood, which is what signatures are checked for: `spec_version: null` is the usual one."""
    return Metadata.from_bytes(document).signed


def _changed(good: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(3):
        at = chance.randrange(len(good))
        yield good[:at] + bytes([good[at] ^ (1 << chance.randrange(7))]) + good[at + 1 :]
        yield good[:at]
        yield good[:at] + good[at // 2 :]
    document = json.loads(good)
    values: list[Any] = [None, -1, 1e300, "", [], {}, "9" * 5000, True]
    for value in values:
        for key in chance.sample(sorted(document["signed"]), 2):
            yield _dumped(document | {"signed": document["signed"] | {key: value}})
        yield _dumped(document | {"signatures": value})


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
