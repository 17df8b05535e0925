"""Every list about the catalogue comes in pages, as all lists do."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.catalogue.hub.hub import Hub
from tests.app.caller import Caller
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import sync
from tests.catalogue.entries import entry

LISTS = {
    "differences": ["acme/coder-0", "acme/coder-1", "own/one", "own/two"],
    "quarantine": ["acme/later-0", "acme/later-1", "acme/later-2"],
    "pins": ["acme/coder-0", "acme/coder-1", "acme/coder-2"],
    "suppressions": ["acme/coder-1", "acme/coder-2", "not/here"],
}


@pytest.fixture
async def admin(follow: Follow, hub: Hub, tmp_path: Path) -> AsyncIterator[Caller]:
    """Give who may see an installation that has something in each of these lists."""
    hub.put(entry(number, id=f"acme/later-{number}", requires={"min_client": "99.0"}) for number in range(3))
    hub.publish()
    file = tmp_path / "static.json"
    own = [entry(0, license="mit"), entry(1, license="mit"), {"id": "own/two"}, {"id": "own/one"}, {"id": "own/one"}]
    file.write_text(json.dumps(own))
    async with follow(mode="hybrid", static=file) as product:
        await sync(product)
        for noun in ("pins", "suppressions"):
            for id_ in reversed(LISTS[noun]):
                made = await product.admin.post(f"api/v1/catalogue/{noun}", {"entry_id": id_})
                assert made.status == 201, made.body
        yield product.admin


@pytest.mark.parametrize("noun", LISTS)
async def test_pages_of_a_list_are_the_whole_of_it(admin: Caller, noun: str) -> None:
    """One by one in one order, nothing twice; a cursor of another list, or a limit that is none, is refused."""
    path, seen, cursor = f"api/v1/catalogue/{noun}", list[str](), ""
    whole = await admin.show(path)
    assert whole["next_cursor"] is None
    for _ in whole["items"]:
        page = await admin.show(f"{path}?limit=1&cursor={cursor}")
        assert len(page["items"]) == 1
        seen += [one.get("entry_id") or one["id"] for one in page["items"]]
        cursor = page["next_cursor"] or ""
    assert cursor == ""
    assert sorted(set(seen)) == LISTS[noun]
    assert seen == [one.get("entry_id") or one["id"] for one in whole["items"]]
    assert (await admin.get(f"{path}?cursor=bm8")).code == "invalid_cursor"
    assert (await admin.get(f"{path}?limit=0")).status == 422


async def test_the_reason_of_one_entry_is_found_however_many_there_are(admin: Caller) -> None:
    """It is looked up by the entry's id."""
    shown = await admin.show("api/v1/catalogue/models/acme/later-2")
    assert shown["standing"] == "hidden"
    assert "99.0" in shown["reason"]
