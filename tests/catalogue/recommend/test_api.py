"""Recommendations over HTTP: what fits, why it stands where it does, and what is never done."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.catalogue.hub import rules as hub_rules
from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.sync.situation import Failure
from tests.app.installation import Installation
from tests.catalogue.api.conftest import Follow
from tests.catalogue.api.world import sync
from tests.catalogue.entries import entry
from tests.catalogue.recommend.test_rules import experiment, file, rule
from tests.fakes.hub import FaultyHub
from tests.fakes.upstream import Upstream

PATH = "api/v1/catalogue/recommendations"
EXPERIMENTS = "api/v1/catalogue/experiments"


def publish(hub: Hub, rules: bytes | None = None, *entries: dict[str, Any]) -> None:
    """Have the hub publish rules and entries."""
    if rules is not None:
        hub.put_file("recommend.json", rules)
    hub.put(entries)
    hub.publish()


def ids(answer: dict[str, Any]) -> list[str]:
    """Return what is recommended, best first."""
    return [one["id"] for one in answer["items"]]


async def adopt(product: Installation, upstream: Upstream, number: int = 0, name: str = "coder") -> str:
    """Make a model of an entry and return its uid."""
    made = await product.admin.make(
        "models", name=name, catalogue_id=f"acme/coder-{number}", endpoints=[{"base_url": upstream.url}]
    )
    return str(made["uid"])


async def use(product: Installation, name: str = "coder", times: int = 3) -> None:
    """Call a model, and have its usage written."""
    for _ in range(times):
        await product.anonymous.chat(name)
    await product.inside.ground.usage.drain()


async def test_filters_leave_out_what_does_not_fit_and_what_nobody_knows(follow: Follow, hub: Hub) -> None:
    """Unknown is not a match for a hard filter, and the answer says how many were left out for which reason."""
    publish(
        hub,
        None,
        entry(3, availability={"regions": ["us"], "residency": ["us"]}, endpoint=None),
        entry(4, availability=None, endpoint=None),
        entry(5, status="retired"),
        entry(6, capabilities={"tools": False}),
        entry(7, price=None),
    )
    async with follow() as product:
        await sync(product)
        found = await product.admin.show(f"{PATH}?residency=eu&needs=tools&max_price_in=0.3&task=chat")
        assert sorted(ids(found)) == ["acme/coder-0", "acme/coder-1", "acme/coder-2"]
        assert found["considered"] == 8
        left = {one["filter"]: (one["misfits"], one["unknown"]) for one in found["left_out"]}
        assert left == {"residency": (1, 1), "status": (1, 0), "needs": (1, 0), "max_price_in": (0, 1)}
        assert all(one["factors"] is None for one in found["items"])
        assert (found["suspended"], found["region"], found["state"]) == (None, None, "fresh")


async def test_the_region_is_configured_or_said_and_never_guessed(follow: Follow, hub: Hub) -> None:
    """`any` lifts the configured one; headers of proxies about places mean nothing."""
    publish(hub, None, entry(3, availability={"regions": ["us"], "residency": []}, endpoint=None))
    async with follow(region="us") as product:
        await sync(product)
        placed = product.admin.having(X_Forwarded_For="2.125.160.216", CF_IPCountry="GB")
        found = await placed.show(PATH)
        assert (found["region"], len(found["items"])) == ("us", 4)
        assert len((await placed.show(f"{PATH}?region=eu"))["items"]) == 3
        found = await placed.show(f"{PATH}?region=any")
        assert (found["region"], len(found["items"])) == (None, 4)


async def test_the_region_of_a_key_goes_before_the_configured_one(follow: Follow, hub: Hub) -> None:
    """A key says where its user is, from the moment it does; who asks for another region gets that."""
    publish(hub, None, entry(3, availability={"regions": ["us"], "residency": []}, endpoint=None))
    async with follow(region="us") as product:
        await sync(product)
        elsewhere = await product.as_role("developer", region="eu")
        found = await elsewhere.show(PATH)
        assert (found["region"], len(found["items"])) == ("eu", 3)
        assert [(one["filter"], one["misfits"]) for one in found["left_out"]] == [("region", 1)]
        assert (await elsewhere.show(f"{PATH}?region=us"))["region"] == "us"
        assert (await elsewhere.show(f"{PATH}?region=any"))["region"] is None
        assert (await (await product.as_role("developer")).show(PATH))["region"] == "us"
        me = await elsewhere.show("api/v1/me")
        assert (await product.admin.call("PATCH", f"api/v1/keys/{me['key_id']}", {"region": "us"})).status == 200
        assert (await elsewhere.show(PATH))["region"] == "us"


async def test_signed_rules_lift_and_what_is_not_understood_is_told(
    follow: Follow, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that is over or of a later program counts nothing; the answer says which is left out and why."""
    monkeypatch.setattr(hub_rules, "check", lambda *_: None)  # a later publisher knows more operators
    rules = file(
        rule("two", when={"fact": "id", "op": "is", "value": "acme/coder-2"}, because="the editors' choice"),
        rule("past", when={"fact": "id", "op": "is", "value": "acme/coder-0"}, boost=100, until="2020-01-01"),
        rule("later", when={"fact": "id", "op": "rhymes_with", "value": "x"}, boost=100),
    )
    hub.put_file("recommend.json", rules)
    publish(hub)
    async with follow() as product:
        await sync(product)
        found = await product.admin.show(f"{PATH}?explain=true")
        assert ids(found)[0] == "acme/coder-2"
        assert found["items"][0]["factors"] == [
            {"kind": "rule", "name": "two", "points": 20.0, "because": "the editors' choice"}
        ]
        assert found["rules"] == 1
        assert [one["id"] for one in found["rules_left"]] == ["later"]
        assert "rhymes_with" in found["rules_left"][0]["reason"]


async def test_rules_follow_the_hub_and_are_fetched_when_they_changed(
    follow: Follow, hub: Hub, hub_server: FaultyHub
) -> None:
    """They come with each look, whether or not the list is another one; taken back, they are gone here."""
    publish(hub, file(rule()))
    async with follow() as product:
        await sync(product)
        assert (await product.admin.show(PATH))["rules"] == 1
        hub_server.forget()
        await sync(product)
        assert len(hub_server.asked) == 2, "nothing new is two requests, with rules as without"
        publish(hub, file(rule(), rule("another")))
        await sync(product)
        assert (await product.admin.show(PATH))["rules"] == 2
        next(hub.entries.folder.rglob("recommend.json")).unlink()
        hub.publish()
        await sync(product)
        assert (await product.admin.show(PATH))["rules"] == 0


async def test_own_use_counts_and_is_explained_with_its_numbers(follow: Follow, hub: Hub, upstream: Upstream) -> None:
    """What the team uses goes first, and its models of the entry are named; who may not see usage sees no numbers."""
    publish(hub, file(rule("two", when={"fact": "id", "op": "is", "value": "acme/coder-2"}, boost=39)))
    async with follow() as product:
        await sync(product)
        await adopt(product, upstream)
        await use(product)
        found = await product.admin.show(f"{PATH}?explain=true")
        assert ids(found) == ["acme/coder-0", "acme/coder-2", "acme/coder-1"]
        first = found["items"][0]
        assert first["models"] == ["coder"]
        kinds = {one["kind"]: one for one in first["factors"]}
        assert kinds["use"]["points"] == 40.0
        assert "100% of the team's use (3.0 calls" in kinds["use"]["because"]
        viewer = await product.as_role("viewer", team="default")
        seen = (await viewer.show(f"{PATH}?explain=true"))["items"][0]
        assert {one["because"] for one in seen["factors"] if one["kind"] == "use"} == {"the team uses it"}


async def test_forgetting_is_of_the_own_team_on_the_record_and_at_once(
    follow: Follow, hub: Hub, upstream: Upstream
) -> None:
    """What the team did counts for nothing then; its usage is still on the books."""
    assert hub.root
    async with follow() as product:
        await sync(product)
        await adopt(product, upstream)
        await use(product)
        assert max(one["points"] for one in (await product.admin.show(PATH))["items"]) == 40.0
        viewer = await product.as_role("viewer", team="default")
        assert (await viewer.call("DELETE", PATH)).status == 403
        publisher = await product.as_role("publisher", team="default")
        assert (await publisher.call("DELETE", f"{PATH}?team=other")).status == 404
        done = await publisher.call("DELETE", PATH, X_Reason="a new beginning")
        assert (done.status, done.json["team"]) == (200, "default")
        assert {one["points"] for one in (await product.admin.show(PATH))["items"]} == {0.0}
        assert (await product.admin.show("api/v1/usage"))["total"]["requests"] == 3
        row = (await product.admin.show("api/v1/audit?action=recommendations.forget"))["items"][0]
        assert (row["target"]["name"], row["reason"], row["outcome"]) == ("default", "a new beginning", "ok")


async def test_with_the_switch_off_nothing_is_learned_and_nothing_tried_out(
    follow: Follow, hub: Hub, upstream: Upstream
) -> None:
    """`catalogue.recommend: false`: facts and rules alone."""
    publish(
        hub, file(rule("two", when={"fact": "id", "op": "is", "value": "acme/coder-2"}), experiments=(everybody(),))
    )
    async with follow(recommend=False) as product:
        await sync(product)
        await adopt(product, upstream)
        await use(product)
        found = await product.admin.show(f"{PATH}?explain=true")
        assert (found["learning"], found["experiments"]) == (False, [])
        assert {factor["kind"] for one in found["items"] for factor in one["factors"]} == {"rule"}
        assert next(one for one in found["items"] if one["id"] == "acme/coder-0")["models"] == ["coder"]
        assert (await product.admin.show(EXPERIMENTS))["running"] is False


async def test_what_a_team_suppressed_is_not_recommended_and_another_team_is_not_there(
    follow: Follow, hub: Hub
) -> None:
    """LIF-5: what somebody deleted does not come back as good advice."""
    assert hub.root
    async with follow() as product:
        await sync(product)
        assert "acme/coder-1" in ids(await product.admin.show(PATH))
        body = {"entry_id": "acme/coder-1", "team": "default"}
        assert (await product.admin.post("api/v1/catalogue/suppressions", body)).status in {200, 201}
        found = await product.admin.show(PATH)
        assert "acme/coder-1" not in ids(found)
        assert {one["filter"] for one in found["left_out"]} == {"suppressed"}
        member = await product.as_role("developer", team="default")
        for caller in (member, product.admin):  # ACL-3; and a team that nobody has is none
            answer = await caller.get(f"{PATH}?team=elsewhere")
            assert (answer.status, answer.code) == (404, "team_not_found")


def everybody(**changes: Any) -> dict[str, Any]:
    """Return an experiment that everybody takes part in, with one variant that lifts one entry to the top."""
    variants = [{"name": "new", "share": 10_000, "boost": {"acme/coder-1": 100}, "propose": ["acme/coder-2"]}]
    return experiment("everybody", variants=variants, ramp=10_000) | changes


async def test_an_experiment_reorders_proposes_and_says_so(follow: Follow, hub: Hub) -> None:
    """It stands in the answer and in the explanation; hard filters go before it."""
    publish(hub, file(experiments=(everybody(),)))
    async with follow() as product:
        await sync(product)
        found = await product.admin.show(f"{PATH}?explain=true&limit=1")
        assert found["experiments"] == [{"experiment": "everybody", "variant": "new"}]
        assert [(one["id"], one["proposed_by"]) for one in found["items"]] == [
            ("acme/coder-1", None),
            ("acme/coder-2", "everybody"),
        ]
        assert found["items"][0]["factors"] == [
            {"kind": "experiment", "name": "everybody", "points": 100.0, "because": "the variant new is shown here"}
        ]
        assert (await product.admin.show(f"{PATH}?residency=mars"))["items"] == []


async def test_an_experiment_that_is_over_does_nothing(follow: Follow, hub: Hub) -> None:
    """CAT-41: by its flag or its dates; it is still listed, with what it was."""
    over: dict[str, dict[str, Any]] = {
        "killed": {"killed": True},
        "ended": {"ends_at": "2020-01-01"},
        "waiting": {"starts_at": "2099-01-01"},
    }
    publish(hub, file(experiments=tuple(everybody(id=name) | changes for name, changes in over.items())))
    async with follow() as product:
        await sync(product)
        found = await product.admin.show(PATH)
        assert found["experiments"] == []
        assert {one["points"] for one in found["items"]} == {0.0}
        listed = (await product.admin.show(EXPERIMENTS))["items"]
        assert [(one["id"], one["standing"]) for one in listed] == [(name, name) for name in over]


async def test_exposures_are_told_from_twenty_units_on_and_name_nobody(follow: Follow, hub: Hub) -> None:
    """CAT-41: counted per variant; 19 keys are nobody's business, 20 are a number."""
    publish(hub, file(experiments=(everybody(unit="key"),)))
    async with follow() as product:
        await sync(product)
        keys = [await product.as_role("viewer") for _ in range(20)]
        for one in (*keys[:19], *keys[:19]):
            await one.show(PATH)
        variant = (await product.admin.show(EXPERIMENTS))["items"][0]["variants"][0]
        assert (variant["name"], variant["units"], variant["times"]) == ("new", None, None)
        await keys[19].show(PATH)
        variant = (await product.admin.show(EXPERIMENTS))["items"][0]["variants"][0]
        assert (variant["units"], variant["times"]) == (20, 39)
        done = await product.admin.call("DELETE", PATH)
        assert done.json["exposures"] == 20
        assert (await product.admin.show(EXPERIMENTS))["items"][0]["variants"][0]["units"] is None


async def test_an_experiment_never_changes_what_a_name_resolves_to(
    follow: Follow, hub: Hub, upstream: Upstream
) -> None:
    """CAT-42: calls, addresses and lists are the same with it and without it, for every key."""
    async with Upstream() as other, follow() as product:
        await sync(product)
        await adopt(product, upstream, 0, "coder")
        await adopt(product, other, 1, "preferred")
        before = await _resolved(product)
        publish(hub, file(rule("all", boost=-100), experiments=(everybody(), everybody(id="k", unit="key"))))
        await sync(product)
        found = await product.admin.show(PATH)
        assert len(found["experiments"]) == 2
        assert ids(found)[0] == "acme/coder-1"
        for number in range(10):
            caller = await product.as_role("developer")
            assert (await caller.chat("coder", str(number))).status == 200
        assert await _resolved(product) == before
        assert len(upstream.journal.records) == 10
        assert len(other.journal.records) == 0


async def _resolved(product: Installation) -> Any:
    views = (await product.admin.show("api/v1/models"))["items"]
    return [
        {name: one[name] for name in ("name", "url", "base_url", "endpoints", "etag", "state")} for one in views
    ] + [(await product.anonymous.show("v1/models"))["data"]]


@pytest.fixture
def connections() -> Iterator[list[str]]:
    """Give the addresses that this process connects to, as the interpreter itself reports them."""
    seen: list[str] = []
    watching = [True]

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if watching and event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
            seen.append(f"{event} {args[1] if event != 'socket.getaddrinfo' else args[:2]}")

    sys.addaudithook(watch)  # for the rest of the process, so it is switched off and not away
    yield seen
    watching.clear()


async def test_nothing_phones_home(follow: Follow, hub: Hub, connections: list[str]) -> None:
    """Asking, explaining, taking part and forgetting make no connection but the caller's own."""
    publish(hub, file(rule(), experiments=(everybody(),)))
    async with follow() as product:
        await sync(product)
        own = product.anonymous.address.rsplit(":", 1)[1].rstrip("/")
        connections.clear()
        await product.admin.show(f"{PATH}?explain=true")
        await product.admin.show(EXPERIMENTS)
        assert (await product.admin.call("DELETE", PATH)).status == 200
        elsewhere = [one for one in connections if own not in one]
        assert connections, "the hook sees the caller's own"
        assert elsewhere == []


@pytest.mark.parametrize(("days", "advises"), [(6, True), (8, False)])
async def test_a_list_that_expired_long_ago_recommends_nothing_and_says_so(
    follow: Follow, hub: Hub, upstream: Upstream, days: int, advises: bool
) -> None:
    """Section 7: after 7 days; calls go on, and so does everything else."""
    assert hub.root
    async with follow() as product:
        await sync(product)
        await adopt(product, upstream)
        opened = await product.inside.ground.catalogue.opened()
        assert opened.sync is not None
        now_ms = product.inside.ground.clock.now_ms()
        since_ms = now_ms - days * 86_400_000
        opened.sync.memory.change(failure=Failure("expired", "expired", "the timestamp is too old", now_ms, since_ms))
        found = await product.admin.show(PATH)
        assert (len(found["items"]), found["state"]) == (3 if advises else 0, "expired")
        assert (found["suspended"] is None) is advises
        assert advises or "expired more than 7 days ago" in found["suspended"]
        assert (await product.anonymous.chat("coder")).status == 200
