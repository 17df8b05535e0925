"""What people decided about the list outlives the list's own file, which may be thrown away (section 6)."""

from pathlib import Path
from typing import Any

from gateway.catalogue.hub.hub import Hub
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import ids, shows, status, sync
from tests.catalogue.entries import entry

PINS = "api/v1/catalogue/pins"


async def test_pins_and_suppressions_outlive_the_file(follow: Follow, hub: Hub, tmp_path: Path) -> None:
    """Nothing of the file can be read any more, and all is as it was; what was taken back stays so as well."""
    async with follow() as product:
        await sync(product)
        await _pin(product, "acme/coder-0")
        await product.admin.make("catalogue/suppressions", entry_id="acme/coder-1")
        hub.put([entry(0, display_name="Changed"), entry(2, display_name="Changed")])
        hub.publish()
        await sync(product)
        for _ in range(2):
            assert await _names(product) == {"acme/coder-0": "Coder 0", "acme/coder-2": "Changed"}
            _destroy(tmp_path)
            await sync(product)
        assert list((tmp_path / "data" / "catalogue").glob("catalog.db.corrupt-*"))
        assert [one["entry_id"] for one in (await product.admin.show(PINS))["items"]] == ["acme/coder-0"]
        assert (await status(product.admin))["counts"]["pinned"] == 1
        assert (await product.admin.call("DELETE", f"{PINS}/acme/coder-0")).status == 204
        assert (await product.admin.call("DELETE", f"{PINS}/acme/coder-0")).code == "pin_not_found"
        assert (await _names(product))["acme/coder-0"] == "Changed"
        _destroy(tmp_path)
        await sync(product)
        assert (await _names(product))["acme/coder-0"] == "Changed"


async def test_an_entry_that_is_gone_stays_pinned_without_the_file(follow: Follow, hub: Hub, tmp_path: Path) -> None:
    """The form that is shown lies outside as well: no hub has it any more."""
    async with follow() as product:
        await sync(product)
        await _pin(product, "acme/coder-0")
        hub.remove("acme/coder-0", "withdrawn", None)
        hub.publish()
        await sync(product)
        _destroy(tmp_path)
        await sync(product)
        assert (await _names(product))["acme/coder-0"] == "Coder 0"
        (pin,) = (await product.admin.show(PINS))["items"]
        assert (pin["entry_id"], pin["gone"]) == ("acme/coder-0", True)


async def test_a_static_list_keeps_its_pins(start: Start, tmp_path: Path) -> None:
    """Without a hub there is no look that would bring them back: the start does."""
    own: list[dict[str, Any]] = [{"id": "own/one", "display_name": "One"}]
    settings: dict[str, Any] = {"mode": "static", "static": own}
    async with start(catalogue=settings) as product:
        key = product.key
        await _pin(product, "own/one")
    own[0]["display_name"] = "Other"
    for path in (tmp_path / "data" / "catalogue" / "static").iterdir():
        path.unlink()
    async with start(catalogue=settings) as product:
        admin = product.stranger.keyed(key)
        assert [one["entry_id"] for one in (await admin.show(PINS))["items"]] == ["own/one"]


async def test_a_held_list_that_was_accepted_is_taken_without_the_file(
    follow: Follow, hub: Hub, tmp_path: Path
) -> None:
    """Where nothing is left that could be removed, there is nothing to hold."""
    hub.put(entry(number) for number in range(60))
    hub.publish()
    async with follow() as product:
        await sync(product)
        for number in range(30):
            hub.remove(f"acme/coder-{number}", "withdrawn", None)
        serial = hub.publish()
        await sync(product)
        assert (await status(product.admin))["state"] == "held"
        _destroy(tmp_path)
        accepted = await product.admin.post("api/v1/catalogue:accept", {"serial": serial})
        assert accepted.status == 202, accepted.text
        await shows(product.admin, serial)
        assert len(await ids(product.admin)) == 30


async def _pin(product: Installation, entry_id: str) -> None:
    answer = await product.admin.post(PINS, {"entry_id": entry_id})
    assert answer.status == 201, answer.text


async def _names(product: Installation) -> dict[str, str]:
    return {
        entry_id: (await product.admin.show(f"api/v1/catalogue/models/{entry_id}"))["entry"]["display_name"]
        for entry_id in await ids(product.admin)
        if entry_id in {"acme/coder-0", "acme/coder-1", "acme/coder-2"}
    }


def _destroy(tmp_path: Path) -> None:
    path = (tmp_path / "data" / "catalogue" / "catalog.db").resolve()
    for one in (path, path.with_name(f"{path.name}-wal")):
        one.write_bytes(b"\0" * (one.stat().st_size if one.exists() else 0))
