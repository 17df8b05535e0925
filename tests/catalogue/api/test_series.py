"""What a dashboard sees of the catalogue: age, serial, state, last error, failures, bytes (section 5)."""

from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import sync
from tests.fakes.hub import FaultyHub, cut_head


async def test_age_serial_state_error_and_bytes_are_series(follow: Follow, hub_server: FaultyHub) -> None:
    """Of a look that went well, and of one that did not."""
    async with follow() as product:

        async def read() -> dict[str, float]:
            lines = (await product.admin.get("metrics")).text.splitlines()
            found = (one.rpartition(" ") for one in lines if one.startswith("modelport_catalogue_"))
            return {name.removeprefix("modelport_catalogue_"): float(value) for name, _, value in found}

        await sync(product)
        well = await read()
        assert (well["serial"], well["failures"], well['state{error="",state="fresh"}']) == (1, 0, 1)
        assert 0 <= well["age_seconds"] < 60
        assert well["received_bytes"] > 0
        hub_server.fail("*", cut_head)
        await sync(product)
        ill = await read()
        assert (ill["serial"], ill['state{error="unreachable",state="stale"}']) == (1, 1)
        assert ill["failures"] >= 1  # the server itself may have looked as well
