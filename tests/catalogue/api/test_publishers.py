"""Nobody gets a model or a file from a namespace that its publisher does not vouch for."""

from pathlib import Path

from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.hub.signed_list import read_signed
from gateway.storage.clock import SystemClock
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import ids, status, sync
from tests.catalogue.entries import artifact, entry
from tests.catalogue.hubs import make_publisher
from tests.clock import ManualClock

DAY_MS = 86_400_000


async def test_what_its_publisher_does_not_vouch_for_is_of_no_use(follow: Follow, hub: Hub, tmp_path: Path) -> None:
    """It is counted and shown with the reason; a model or a download of it is refused. Signed anew, it is there."""
    clock = ManualClock()
    clock.at_ms = SystemClock().now_ms() - 31 * DAY_MS
    own = entry(0, id="zeta/mini", publisher="zeta", aliases=[], artifacts=[artifact()])
    publisher = make_publisher(tmp_path / "zeta", "zeta", [own], clock=clock)
    hub.publishers.put(read_signed(publisher.folder))
    hub.publish()
    async with follow() as product:
        await sync(product)
        assert "zeta/mini" not in await ids(product.admin)
        shown = await product.admin.show("api/v1/catalogue/models/zeta/mini")
        why = "the signature of its publisher zeta has run out"
        assert (shown["standing"], shown["reason"]) == ("quarantined", why)
        assert (await status(product.admin))["counts"]["quarantined"] == 1
        made = await product.admin.post("api/v1/models", {"name": "mini", "catalogue_id": "zeta/mini"})
        assert (made.status, made.code, why in made.text) == (422, "entry_unusable", True)
        fetched = await product.admin.post("api/v1/downloads", {"id": "zeta/mini"})
        assert (fetched.status, fetched.code, why in fetched.text) == (422, "entry_unusable", True)
        clock.at_ms = SystemClock().now_ms()
        hub.publishers.put(publisher.sign())
        hub.publish()
        await sync(product)
        assert "zeta/mini" in await ids(product.admin)
