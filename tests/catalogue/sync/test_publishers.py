"""Who follows a hub believes a publisher's namespace from that publisher's own key, and from nobody else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.catalogue.canonical import canonical
from gateway.catalogue.hub.publisher import Publisher
from gateway.catalogue.hub.repository import Repository
from gateway.catalogue.hub.signed_list import SignedList, read_signed
from gateway.catalogue.namespace import role_of
from tests.catalogue.entries import entry
from tests.catalogue.hubs import make_publisher
from tests.catalogue.sync.machine import DAY_S, Machine, machine, many

ZETA = ["zeta/model-0", "zeta/model-1"]


def own(number: int, **changes: object) -> dict[str, object]:
    """Return an entry of the publisher zeta."""
    return entry(number, id=f"zeta/model-{number}", publisher="zeta", aliases=[], **changes)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[tuple[Machine, Publisher]]:
    """Give a machine that has taken a hub's list of a hundred entries, and two of zeta that zeta has signed."""
    async with machine(tmp_path) as made:
        publisher = make_publisher(tmp_path / "zeta", "zeta", [own(0), own(1)], clock=made.clock)
        made.hub.put(many(100, start=10))
        publish(made, publisher)
        assert (await made.look()).kind == "taken"
        yield made, publisher


def publish(made: Machine, publisher: Publisher | None = None) -> None:
    """Have the hub take what the publisher has signed, and publish it."""
    if publisher is not None:
        made.hub.publishers.put(read_signed(publisher.folder))
    made.hub.publish()


async def theirs(made: Machine) -> list[str]:
    """Return what is shown of zeta's namespace."""
    return [id_ for id_ in await made.shown() if id_.startswith("zeta/")]


def forge(made: Machine, **changes: object) -> None:
    """Have the hub's own keys publish another form of a publisher's entry: whoever stole all of them can do that."""
    signed = made.hub.publishers.read()
    plan = made.hub._plan(made.hub._open(), signed)
    forms = plan.forms | {"zeta/model-0": canonical(own(0, **changes))}
    made.hub.publishers.read = lambda: {  # type: ignore[method-assign]
        name: _with_forms(one, {id_: form for id_, form in forms.items() if id_.startswith(f"{name}/")})
        for name, one in signed.items()
    }
    made.hub.publish()
    del made.hub.publishers.read


def _with_forms(one: SignedList, forms: dict[str, bytes]) -> SignedList:
    return replace(one, forms=forms)


async def test_a_publishers_list_comes_whole_and_by_deltas(world: tuple[Machine, Publisher]) -> None:
    """Nothing further is fetched but a small file of metadata for each publisher that signed anew."""
    made, publisher = world
    assert await theirs(made) == ZETA
    publisher.entries.put([own(2)])
    publisher.sign()
    publish(made, publisher)
    made.served.forget()
    outcome = await made.look()
    assert (outcome.kind, outcome.change.added if outcome.change else 0) == ("taken", 1)
    assert await theirs(made) == [*ZETA, "zeta/model-2"]
    assert not [path for path in made.served.asked if "publisher/" in path]
    assert len([path for path in made.served.asked if f".{role_of('zeta')}.json" in path]) == 1
    made.served.forget()
    await made.look()
    assert len(made.served.asked) == 2


@pytest.mark.parametrize("fresh", [False, True], ids=["a delta", "the whole list"])
async def test_what_the_hub_says_in_a_publishers_place_is_not_shown(
    world: tuple[Machine, Publisher], *, fresh: bool
) -> None:
    """Also where every key of the hub signs it: the namespace is in quarantine with the reason, the others stand."""
    made, publisher = world
    if fresh:
        made.hub.put(many(100, start=10, license="mit"))
    forge(made, endpoint={"base_url": "https://thief.example/v1", "auth": "bearer"})
    made.served.forget()
    assert (await made.look()).kind == "taken"
    assert any("/delta/" in path for path in made.served.asked) != fresh
    assert await theirs(made) == []
    assert len(await made.shown()) == 103
    why = {one.id: one.reason for one in await made.store.reasons()}
    assert why == dict.fromkeys(ZETA, "zeta/ is not the list that its publisher zeta has signed")
    found = await made.store.get("zeta/model-0")
    assert found is not None
    assert found.standing == "quarantined"
    assert [one for one in await made.store.changes_since(2) if one.id.startswith("zeta/")] == []
    publish(made, publisher)
    await made.look()
    assert await theirs(made) == ZETA
    assert await made.store.reasons() == []
    assert await made.store.verify() == 105


async def test_an_entry_that_is_left_out_or_added_shows(world: tuple[Machine, Publisher]) -> None:
    """The publisher's word is about its whole namespace, not about single entries."""
    made, _ = world
    signed = made.hub.publishers.read()
    made.hub.publishers.read = lambda: {  # type: ignore[method-assign]
        "zeta": _with_forms(signed["zeta"], {ZETA[0]: signed["zeta"].forms[ZETA[0]]})
    }
    made.hub.publish()
    await made.look()
    assert await theirs(made) == []


async def test_a_revoked_publishers_list_goes(world: tuple[Machine, Publisher]) -> None:
    """With the next look; what the hub says in that namespace afterwards is the hub's own word again."""
    made, _ = world
    made.hub.publishers.remove("zeta")
    publish(made)
    await made.look()
    assert await theirs(made) == []
    assert await made.store.get("zeta/model-0") is None
    made.publish(own(9))
    await made.look()
    assert await theirs(made) == ["zeta/model-9"]


async def test_a_signature_that_has_run_out_vouches_for_nothing(world: tuple[Machine, Publisher]) -> None:
    """Its namespace is in quarantine from then on, without a new list; signed anew it is back, without one as well."""
    made, publisher = world
    before = made.store.version
    for _ in range(4):  # the hub goes on signing
        made.clock.advance(8 * DAY_S)
        made.hub.publish()
    assert (await made.look()).kind == "current"
    assert await theirs(made) == []
    assert {one.reason for one in await made.store.reasons()} == {"the signature of its publisher zeta has run out"}
    assert made.state == "fresh"
    assert made.store.version != before  # and so is the ETag of lists
    publisher.sign()
    publish(made, publisher)
    assert (await made.look()).kind == "current"
    assert await theirs(made) == ZETA


async def test_a_pinned_entry_stays_as_its_publisher_signed_it(world: tuple[Machine, Publisher]) -> None:
    """A pin is an operator's word; taken away, the entry is out of sight with the others."""
    made, publisher = world
    await made.store.pin("zeta/model-0", by="me")
    forge(made, display_name="forged")
    await made.look()
    found = await made.store.get("zeta/model-0")
    assert found is not None
    assert (found.standing, json.loads(found.body)["display_name"]) == ("shown", "Coder 0")
    assert await theirs(made) == ["zeta/model-0"]
    await made.store.unpin("zeta/model-0")
    assert await theirs(made) == []
    publish(made, publisher)
    await made.look()
    assert await theirs(made) == ZETA


async def test_metadata_that_the_web_server_changed_end_the_look(world: tuple[Machine, Publisher]) -> None:
    """That is no word of the publisher: nothing new is believed, and what is here stays."""
    made, publisher = world
    publisher.entries.put([own(2)])
    publisher.sign()
    publish(made, publisher)
    signed = Repository.open(made.hub.folder, made.hub.keys)
    place = signed.versioned(role_of("zeta"), signed.snapshot.meta[f"{role_of('zeta')}.json"].version)
    content = place.read_bytes()
    place.write_bytes(content.replace(b"zeta", b"beta", 1))
    assert (await made.look()).kind == "failed"
    assert made.state == "untrusted"
    assert await theirs(made) == ZETA
