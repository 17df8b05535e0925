"""Hubs to test with: generated entries, published into a folder that a test may serve."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.hub.publisher import Publisher
from gateway.storage.clock import Clock
from tests.catalogue.entries import entry


def make_hub(folder: Path, n: int = 3, *, clock: Clock | None = None) -> Hub:
    """Return a hub that has published `n` entries, `acme/coder-0` and on, as serial 1.

    `folder` is what is published: its URL with a final slash is the hub's. Keys lie in `<folder>.keys` (ed25519: seven
    take 2 ms), the working list in `<folder>.entries`; `hub.root` is what clients are given.
    """
    keys, entries = (folder.with_name(f"{folder.name}.{what}") for what in ("keys", "entries"))
    hub = Hub.init(folder, keys, clock=clock, entries=entries)
    hub.put(entry(number) for number in range(n))
    hub.publish()
    return hub


def make_publisher(
    folder: Path, name: str, entries: Iterable[Mapping[str, Any]], *, clock: Clock | None = None
) -> Publisher:
    """Return a publisher that has signed these entries; `public/` in the folder is what a hub takes."""
    made = Publisher.init(name, folder / "public", folder / "keys", clock=clock)
    made.entries.put(entries)
    made.sign()
    return made
