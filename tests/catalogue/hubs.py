"""Hubs to test with: generated entries, published into a folder that a test may serve."""

from pathlib import Path

from gateway.catalogue.hub.hub import Hub
from gateway.storage.clock import Clock
from tests.catalogue.entries import entry


def make_hub(folder: Path, n: int = 3, *, clock: Clock | None = None) -> Hub:
    """Return a hub that has published `n` entries, `acme/coder-0` and on, as serial 1.

    `folder` is what is published; keys lie in `<folder>.keys` and the working list in `<folder>.entries`. Its URL is the
    folder's with a final slash, `hub.root` the root that clients are given. Keys are ed25519: seven take 2 ms.
    """
    keys, entries = (folder.with_name(f"{folder.name}.{what}") for what in ("keys", "entries"))
    hub = Hub.init(folder, keys, clock=clock, entries=entries)
    hub.put(entry(number) for number in range(n))
    hub.publish()
    return hub
