"""A whole list and deltas lead to the same; what is shown is what a plain look at the entries gives."""

import asyncio
import itertools
import tempfile
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.catalogue.canonical import canonical
from gateway.catalogue.entry import Entry, parse_entry
from gateway.catalogue.operation import Operation, Put, diff, line_of
from gateway.catalogue.store import facts
from gateway.catalogue.store.apply import Step
from gateway.catalogue.store.errors import Unfit, WrongState
from gateway.catalogue.store.search import Query
from gateway.catalogue.store.store import CatalogueStore
from tests.catalogue.entries import entry
from tests.catalogue.store.lists import Entries, apply, build, opened, source, state_of

_NEXT = source(2, {})
IDS = [f"acme/{name}-{number}" for name in ("coder", "llama", "qwen") for number in range(4)]
ENTRY = st.builds(
    entry,
    id=st.sampled_from(IDS),
    display_name=st.sampled_from(["Coder", "Llama three", "Qwen, größer"]),
    status=st.sampled_from(["active", "deprecated", "retired"]),
    schema=st.sampled_from([1, 1, 1, 2]),
    limits=st.sampled_from([{"context": 8192}, {"context": "many"}, None]),
)
LIST = st.lists(ENTRY, max_size=12).map(lambda found: {one["id"]: one for one in found})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LIST, min_size=1, max_size=4))
def test_deltas_and_snapshot_lead_to_the_same(lists: list[Entries]) -> None:
    """Any sequence of edits: state hash, what is shown and what is searched are those of a list that came whole."""
    asyncio.run(_same(lists))


async def _same(lists: list[Entries]) -> None:
    with tempfile.TemporaryDirectory() as place:
        async with opened(Path(place) / "a") as one, opened(Path(place) / "b") as other:
            await build(one, 1, lists[0])
            for serial, (before, after) in enumerate(itertools.pairwise(lists), 2):
                operations: list[Operation] = list(diff(before, after))
                if operations:
                    await apply(one, serial, after, operations)
            await build(other, 1, lists[-1])
            assert one.version is not None
            assert other.version is not None
            assert one.version.state_sha256 == other.version.state_sha256 == state_of(lists[-1])
            assert await _seen(one) == await _seen(other)


async def _seen(store: CatalogueStore) -> list[Any]:
    found: list[Any] = [await store.counts(), await store.reasons(), await store.bodies(), await store.verify()]
    pages = [await store.search(Query(text=text)) for text in ("coder", "llam", "grosser", "3")]
    return [*found, *([one.id for one in page.items] for page in pages)]


async def test_each_entry_is_found_by_what_it_is(tmp_path: Path) -> None:
    """Every filter alone and with others gives what a plain look at all entries gives, in the order of ids."""
    entries = {one["id"]: one for one in map(_different, range(120))}
    known = {id_: parse_entry(one) for id_, one in entries.items()}
    for full_text in (True, False):
        async with opened(tmp_path / str(full_text), full_text=full_text) as store:
            await build(store, 1, entries)
            for query in _queries():
                page = await store.search(query)
                expected = sorted(id_ for id_, one in known.items() if isinstance(one, Entry) and _fits(one, query))
                assert [one.id for one in page.items] == expected, query


async def test_pages_follow_each_other(tmp_path: Path) -> None:
    """Each entry once, also when the list changes in between."""
    entries = {one["id"]: one for one in map(_different, range(50))}
    async with opened(tmp_path) as store:
        await build(store, 1, entries)
        first = await store.search(Query(limit=20))
        assert first.next == first.items[-1].id
        changed = {id_: one for id_, one in entries.items() if id_ != first.next}
        new = entry(0, id=f"{first.next}-a")
        changed[new["id"]] = new
        await apply(store, 2, changed, diff(entries, changed))
        rest = await store.search(Query(limit=100, after=first.next))
        assert [one.id for one in rest.items] == [id_ for id_ in sorted(changed) if id_ > str(first.next)]
        assert rest.next is None


async def test_many_new_neighbours_stay_in_order(tmp_path: Path) -> None:
    """There is room between two neighbours for the next lists' entries."""
    entries = {one["id"]: one for one in (entry(0, id="a"), entry(0, id="z"))}
    async with opened(tmp_path) as store:
        await build(store, 1, entries)
        for serial in range(2, 5):
            after = entries | {one: entry(0, id=one) for one in (f"m{serial}-{number:03}" for number in range(60))}
            await apply(store, serial, after, diff(entries, after))
            entries = after
        assert [one.id for one in (await store.search(Query(limit=1000))).items] == sorted(entries)


async def test_a_list_that_is_not_canonical_is_read_exactly(tmp_path: Path) -> None:
    """Another order of members or spaces: what counts is the value, on both sides (section 4)."""
    entries = {one["id"]: one for one in map(_different, range(5))}
    lines = [canonical(one).replace(b'","', b'" , "') for one in entries.values()]
    async with opened(tmp_path) as store:
        await store.build(source(1, entries), lambda: lines)
        found = await store.get("acme/coder-1")
        assert found is not None
        assert found.body == canonical(entries["acme/coder-1"])


async def test_a_list_that_lies_about_its_state_is_not_taken(tmp_path: Path) -> None:
    """The old one stays, and nothing is left behind."""
    entries = {one["id"]: one for one in map(_different, range(5))}
    async with opened(tmp_path) as store:
        await build(store, 1, entries)
        with pytest.raises(WrongState):
            await store.build(source(2, entries), lambda: [canonical(entry(9))])
        twice = [canonical(one) for one in entries.values()] * 2
        with pytest.raises(Unfit, match="two entries of one id"):
            await store.build(source(2, entries), lambda: twice)
        assert store.version is not None
        assert (store.version.serial, await store.verify()) == (1, 5)
        assert len(_files(tmp_path)) == 1


async def test_names_beyond_the_bits_are_found_as_well(tmp_path: Path) -> None:
    """There are 62 bits, and a hub may say what it likes."""
    entries = {f"a/{number:03}": entry(0, id=f"a/{number:03}", api=[f"api-{number}"]) for number in range(100)}
    async with opened(tmp_path) as store:
        await build(store, 1, entries)
        for number in (0, 61, 62, 99):
            page = await store.search(Query(apis=(f"api-{number}",)))
            assert [one.id for one in page.items] == [f"a/{number:03}"]
        assert (await store.search(Query(apis=("api-100",)))).items == []


async def test_a_reader_goes_on_while_a_list_is_taken(tmp_path: Path) -> None:
    """Two stores on one file, as two processes have it: each answer is of one list or of the next, never of none."""
    lists = [{one["id"]: one for one in map(_different, range(n))} for n in (30, 60)]
    async with opened(tmp_path) as writer, opened(tmp_path) as reader:
        await build(writer, 1, lists[0])
        building = asyncio.gather(*(build(writer, serial, lists[serial % 2]) for serial in range(2, 8)))
        seen = set()
        while not building.done():
            page = await reader.search(Query(limit=100))
            assert page.version is not None
            assert (page.version.serial % 2, len(page.items)) in {(1, 60), (0, 30)} or page.version.serial == 1
            seen.add(page.version.serial)
        await building
        assert await reader.poll()
        assert reader.version == writer.version


@pytest.mark.parametrize("way", ["whole list", "delta"])
async def test_a_store_that_closes_stops_what_is_taken(tmp_path: Path, way: str) -> None:
    """Soon, however long the list is; and what was there before is still there."""
    entries = {one["id"]: one for one in map(_different, range(3))}
    async with opened(tmp_path) as store:
        await build(store, 1, entries)
        begun = threading.Event()

        def endless() -> Iterator[bytes]:
            for number in itertools.count():
                begun.set()
                new = entry(number, id=f"new/{number}")
                yield canonical(new) if way == "whole list" else line_of(Put(new))

        step = Step("catalog/delta/1-2.jsonl.gz", 2, "0" * 64, endless)
        taking = store.build(source(2, entries), endless) if way == "whole list" else store.apply(_NEXT, [step])
        task = asyncio.gather(taking, return_exceptions=True)
        await asyncio.to_thread(begun.wait, 30)
        async with asyncio.timeout(30):
            await store.close()
        (stopped,) = await task
        assert isinstance(stopped, InterruptedError)
    async with opened(tmp_path) as store:
        assert store.version is not None
        assert (store.version.serial, await store.verify()) == (1, 3)


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("catalog-*.db"))


def _different(number: int) -> dict[str, Any]:
    return entry(
        number,
        publisher=f"pub{number % 7}",
        family=("coder", "llama", "qwen")[number % 3],
        license=("mit", "apache-2.0", None)[number % 3],
        kind=("model", "offering")[number % 2],
        status=("active", "preview", "deprecated", "retired")[number % 4],
        open_weights=(True, False, None)[number % 3],
        capabilities={"tools": number % 2 == 0, "stream": True, "reasoning": None},
        modalities={"in": ["text", "image"][: 1 + number % 2], "out": ["text"]} if number % 5 else None,
        api=["openai.chat"] if number % 4 else ["openai.embeddings"],
        limits={"context": 1000 * number} if number % 6 else None,
        price={"currency": "USD", "unit": "1M_tokens", "in": f"0.{number:03}", "out": "1"} if number % 3 else None,
        availability={"regions": ["eu", "us"][: number % 3], "not_in": ["us"][: number % 2], "residency": ["eu"]},
        endpoint={"region": ["us", "asia"][: number % 3]},
    )


def _queries() -> list[Query]:
    return [
        Query(limit=200),
        Query(limit=200, publisher="pub3"),
        Query(limit=200, family="qwen", license="mit"),
        Query(limit=200, kind="model", status=("active", "retired")),
        Query(limit=200, open_weights=False),
        Query(limit=200, capabilities=("tools", "stream")),
        Query(limit=200, capabilities=("reasoning",)),
        Query(limit=200, modalities_in=("image",), modalities_out=("text",)),
        Query(limit=200, apis=("openai.embeddings",)),
        Query(limit=200, regions=("us",)),
        Query(limit=200, regions=("eu", "us"), residency=("eu",)),
        Query(limit=200, regions=("nowhere",)),
        Query(limit=200, min_context=50_000, max_price_in=Decimal("0.100")),
        Query(limit=200, max_price_out=Decimal("0.5")),
        Query(limit=200, text="coder", family="llama"),
        Query(limit=200, text="CODER 11", capabilities=("tools",)),
        Query(limit=200, after="acme/coder-50", publisher="pub1"),
        Query(limit=200, text="nothing"),
    ]


def _fits(one: Entry, query: Query) -> bool:  # noqa: PLR0911 - a plain look, filter by filter
    words = " ".join((one.id, str(one.display_name), *one.tags, *one.aliases)).lower()
    pieces = words.replace("/", " ").replace("-", " ").split()
    if not all(any(piece.startswith(word) for piece in pieces) for word in query.text.lower().split()):
        return False
    for name in ("publisher", "family", "license", "kind", "open_weights"):
        if getattr(query, name) is not None and getattr(query, name) != getattr(one, name):
            return False
    if query.status and one.status not in query.status:
        return False
    have = facts.pairs_of(one)
    asked = (
        ("capability", query.capabilities),
        ("in", query.modalities_in),
        ("out", query.modalities_out),
        ("api", query.apis),
        ("region", query.regions),
        ("residency", query.residency),
    )
    if not all((kind, name) in have for kind, names in asked for name in names):
        return False
    context = None if one.limits is None else one.limits.context
    if query.min_context is not None and (context is None or context < query.min_context):
        return False
    for limit, price in ((query.max_price_in, "into"), (query.max_price_out, "out")):
        amount = None if one.price is None else getattr(one.price, price)
        if limit is not None and (amount is None or Decimal(amount) > limit):
            return False
    return query.after is None or one.id > query.after
