"""`modelport catalogue recommend|experiments`, as people and programs see them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from gateway.cli.catalogue_recommend import _bytes
from gateway.cli.failure import UsageFailure
from tests.catalogue.recommend.test_rules import experiment, file, rule
from tests.cli.fake import Fake, running_fake
from tests.cli.program import Ended, Shell

GET = "GET /api/v1/catalogue/recommendations"
DELETE = "DELETE /api/v1/catalogue/recommendations"
EXPERIMENTS = "GET /api/v1/catalogue/experiments"


def item(**changes: Any) -> dict[str, Any]:
    """Return a recommendation."""
    return {
        "id": "acme/coder",
        "display_name": "Coder",
        "publisher": "acme",
        "license": "mit",
        "status": "active",
        "points": 18.5,
        "models": ["coder"],
        "proposed_by": None,
        "factors": [
            {"kind": "rule", "name": "eu-first", "points": 20.0, "because": "stays in the EU"},
            {"kind": "errors", "name": None, "points": -1.5, "because": "1 of 3 calls failed here"},
        ],
    } | changes


def answer(**changes: Any) -> dict[str, Any]:
    """Return what the server says."""
    return {
        "items": [item(), item(id="b/plain", points=0.0, models=[], proposed_by="order-1", factors=[])],
        "team": "default",
        "region": "eu",
        "considered": 801,
        "left_out": [{"filter": "needs", "misfits": 12, "unknown": 30}],
        "serial": 7,
        "state": "fresh",
        "age_s": 60,
        "learning": True,
        "rules": 1,
        "rules_left": [{"id": "later", "reason": "an operator"}],
        "experiments": [],
        "suspended": None,
    } | changes


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Give a server that recommends two entries."""
    async with running_fake() as running:
        running.answers[GET] = web.json_response(answer())
        yield running


async def run(shell: Shell, fake: Fake, *words: str) -> Ended:
    """Run the command."""
    return await asyncio.to_thread(shell.having(MODELPORT_URL=fake.url).run, "catalogue", *words)


async def test_a_table_for_people_and_what_stands_behind_it(shell: Shell, fake: Fake) -> None:
    """Data on stdout; how many were left out and why on stderr, with the flag's own name."""
    ended = await run(shell, fake, "recommend", "--task", "chat", "--needs", "tools, json_schema", "--ram", "16GB")
    assert ended.code == 0, ended.err
    head, first, second = ended.out.splitlines()
    assert head.split() == ["ID", "POINTS", "NAME", "LICENCE", "STATUS", "HERE", "AS", "PROPOSED", "BY"]
    assert first.split() == ["acme/coder", "18.5", "Coder", "mit", "active", "coder", "-"]
    assert second.endswith("order-1")
    assert "801 entries of list 7 (fresh) were considered for team 'default', for the region eu" in ended.err
    assert "left out by --needs: 12 do not fit, of 30 nobody knows" in ended.err
    assert "1 of the hub's rules are not understood here: later" in ended.err
    query = fake.seen[-1].query
    assert (query.getall("needs"), query["ram"], query["limit"]) == (["tools", "json_schema"], "16000000000", "10")
    assert "explain" not in query


async def test_explained_each_factor_has_its_number(shell: Shell, fake: Fake) -> None:
    """A row for each, below the sum of its entry."""
    ended = await run(shell, fake, "recommend", "--explain")
    rows = [line.split(maxsplit=2) for line in ended.out.splitlines()[1:]]
    assert [row[:2] for row in rows] == [
        ["acme/coder", "18.5"],
        ["-", "+20.0"],
        ["-", "-1.5"],
        ["b/plain", "0.0"],
    ]
    assert "1 of 3 calls failed here" in rows[2][2]
    assert "experiment order-1" in rows[3][2]
    assert fake.seen[-1].query["explain"] == "true"


async def test_programs_get_the_whole_answer(shell: Shell, fake: Fake) -> None:
    """As the server gave it."""
    ended = await run(shell, fake, "recommend", "-o", "json")
    assert json.loads(ended.out) == answer()


async def test_an_expired_list_is_said(shell: Shell, fake: Fake) -> None:
    """And nothing is recommended."""
    fake.answers[GET] = web.json_response(answer(items=[], suspended="the hub's list expired more than 7 days ago"))
    ended = await run(shell, fake, "recommend")
    assert ended.code == 0
    assert "expired more than 7 days ago" in ended.err


async def test_forgetting_asks_first_and_can_be_rehearsed(shell: Shell, fake: Fake) -> None:
    """Off a terminal it wants --yes; a dry run sends nothing."""
    fake.answers[DELETE] = web.json_response({"team": "default", "at": "2026-11-21T10:00:00.000Z", "exposures": 0})
    assert (await run(shell, fake, "recommend", "--forget")).code == 2
    rehearsed = await run(shell, fake, "recommend", "--forget", "--dry-run", "--team", "a")
    assert rehearsed.code == 0
    assert rehearsed.out.startswith("DELETE ")
    assert rehearsed.out.strip().endswith("/catalogue/recommendations?team=a")
    assert fake.seen == []
    done = await run(shell, fake, "recommend", "--forget", "--yes")
    assert done.code == 0, done.err
    assert "forgotten: what team 'default' did before 2026-11-21T10:00:00.000Z" in done.err
    assert fake.paths() == [DELETE]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--ram", "much"), "--ram 'much' is no size"),
        (("--max-price-in", "cheap"), "--max-price-in 'cheap' is no amount"),
        (("--max-price-out", "-1"), "--max-price-out '-1' is no amount"),
    ],
)
async def test_what_cannot_be_meant_is_said_before_anybody_is_asked(
    shell: Shell, fake: Fake, words: tuple[str, ...], says: str
) -> None:
    """With exit code 2 and how to write it."""
    ended = await run(shell, fake, "recommend", *words)
    assert (ended.code, fake.seen) == (2, [])
    assert says in ended.err
    assert "Hint: write" in ended.err


def test_sizes_are_read_as_people_write_them() -> None:
    """Powers of ten and of two, and plain bytes."""
    sizes = {"16GB": 16 * 10**9, "1.5 GiB": 3 * 2**29, "8000000000": 8 * 10**9, "2tb": 2 * 10**12}
    assert {text: _bytes(text) for text in sizes} == sizes
    with pytest.raises(UsageFailure):
        _bytes("1.25GB of RAM")


async def test_experiments_are_listed_variant_by_variant(shell: Shell, fake: Fake) -> None:
    """Counts are there from 20 units on; what is not understood is named."""
    variants = [
        {"name": "control", "share": 50.0, "units": None, "times": None},
        {"name": "new", "share": 50.0, "units": 25, "times": 40},
    ]
    experiment = {
        "id": "order-1",
        "about": "",
        "standing": "running",
        "unit": "team",
        "ramp": 10.0,
        "namespace": None,
        "starts_at": None,
        "ends_at": "2027-01-01",
        "variants": variants,
    }
    left = [{"id": "x", "reason": "its slots are empty"}]
    fake.answers[EXPERIMENTS] = web.json_response({"items": [experiment], "running": False, "left": left})
    ended = await run(shell, fake, "experiments")
    assert ended.code == 0, ended.err
    _, control, new = (line.split() for line in ended.out.splitlines())
    assert control == ["order-1", "running", "team", "10.0", "2027-01-01", "control", "50.0", "-", "-"]
    assert new[-3:] == ["50.0", "25", "40"]
    assert "catalogue.recommend is off" in ended.err
    assert "not understood: x: its slots are empty" in ended.err


def test_a_hubs_rules_are_judged_taken_and_published(shell: Shell) -> None:
    """What clients would leave out is refused with the reason; a running experiment only grows."""
    shell.run("catalogue", "init", "hub")
    rules = shell.folder / "recommend.json"

    def put(raw: bytes, *more: str) -> Ended:
        rules.write_bytes(raw)
        return shell.run("catalogue", "rules", "recommend.json", "--hub", "hub", *more)

    refused = put(file(rule("bad", when={"fact": "id", "op": "rhymes_with", "value": "x"})))
    assert refused.code == 2
    assert "recommend.json: bad: the operator 'rhymes_with' is not known here" in refused.err
    good = file(rule(), experiments=(experiment(),))
    assert put(good, "--dry-run").code == 0
    assert not list((shell.folder / "hub" / "entries").rglob("recommend.json"))
    taken = put(good)
    assert dict(line.split(maxsplit=1) for line in taken.out.splitlines()) == {
        "rules": "1",
        "experiments": "1",
        "running": "order-1",
    }
    assert "Try: modelport catalogue publish --hub hub" in taken.err
    assert shell.run("catalogue", "publish", "--hub", "hub").code == 0
    public = shell.folder / "hub" / "public"
    assert len(list(public.rglob("*.recommend.json"))) == 1
    before = (public / "metadata" / "timestamp.json").read_bytes()
    assert put(file(experiments=(experiment(ramp=1),))).code == 0
    narrowed = shell.run("catalogue", "publish", "--hub", "hub")
    assert narrowed.code == 2
    assert "order-1: its ramp was 1000 and would be 1" in narrowed.err
    assert (public / "metadata" / "timestamp.json").read_bytes() == before
    missing = shell.run("catalogue", "rules", "nowhere.json", "--hub", "hub")
    assert (missing.code, "No such file" in missing.err) == (2, True)
