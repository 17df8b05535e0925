"""Attacks on the way: cases 10-13 of README.md, and whatever else a network can do to an answer (CAT-30)."""

import time

import pytest

from gateway.catalogue.index import snapshot_path
from gateway.catalogue.trust.errors import HubError
from gateway.upstream.egress import EgressPolicy, guarded_session
from gateway.upstream.session_transport import SessionTransport
from tests.catalogue.trust.world import QUICK, World
from tests.fakes.hub import (
    Fault,
    Reply,
    announcing,
    cut,
    cut_head,
    drip,
    endless,
    hang,
    portal,
    said,
    shortened,
    stall,
    status,
)

CEILING_S = 15
"""Far above every deadline here, far below what a machine under load needs for nothing."""


@pytest.mark.parametrize("path", ["metadata/2.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json"])
async def test_10_endless_data(world: World, path: str) -> None:
    """Stopped at the limit while it comes: 512 KB for a root, 16 KiB for a timestamp, the signed length otherwise."""
    world.hub.fail(path, endless)
    error = await world.refused("oversize")
    assert error.state == "stale"
    assert world.hub.sent < 10_000_000
    world.hub.heal()
    await world.refresh()


async def test_10_endless_data_as_a_target(world: World) -> None:
    """The same for the list itself."""
    world.hub.fail("targets/*", endless)
    assert (await _fetch_fails(world)).kind == "oversize"


async def test_10_too_much_is_refused_when_it_is_announced(world: World) -> None:
    """No byte of it is waited for."""
    world.hub.fail("metadata/timestamp.json", announcing(10**12))
    await world.refused("oversize")


@pytest.mark.parametrize("path", ["metadata/2.root.json", "metadata/timestamp.json", "targets/*"])
@pytest.mark.parametrize("fault", [hang, stall(10)])
async def test_11_hang(world: World, path: str, fault: Fault) -> None:
    """A total deadline of a fraction of a second is kept; python-tuf's own fetcher waits for minutes."""
    world.hub.fail(path, fault)
    began = time.monotonic()
    error = await _fails(world, path)
    assert (error.kind, error.state) == ("slow", "stale")
    assert time.monotonic() - began < CEILING_S


@pytest.mark.parametrize("path", ["metadata/*", "targets/*"])
async def test_12_drip(world: World, path: str) -> None:
    """20 B/s are never silent for long; the total counts, and not the gap between two bytes."""
    world.hub.fail(path, drip(20))
    began = time.monotonic()
    assert (await _fails(world, path)).kind == "slow"
    assert time.monotonic() - began < CEILING_S


@pytest.mark.parametrize("path", ["metadata/timestamp.json", "metadata/1.targets.json", "targets/*"])
async def test_13_body_cut_short(world: World, path: str) -> None:
    """The connection ends before the body does."""
    world.hub.fail(path, cut(20))
    error = await _fails(world, path)
    assert (error.kind, error.state) == ("truncated", "stale")
    world.hub.heal()
    await world.refresh()


@pytest.mark.parametrize("path", ["metadata/1.targets.json", "targets/*"])
async def test_a_file_that_is_cut_where_it_lies(world: World, path: str) -> None:
    """A whole answer with half a file: shorter than was signed, which is no forgery."""
    world.hub.fail(path, shortened(20))
    assert (await _fails(world, path)).kind == "truncated"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(world: World, code: int) -> None:
    """Not even to the hub itself: where it leads was not configured."""
    world.hub.fail("metadata/timestamp.json", status(code, Location=str(world.hub.url / "elsewhere.json")))
    assert "redirects are not followed" in (await world.refused("unreachable")).message
    assert "elsewhere.json" not in world.hub.asked


@pytest.mark.parametrize("code", [201, 203, 206])
@pytest.mark.parametrize("path", ["metadata/timestamp.json", "targets/*"])
async def test_only_200_is_the_file(world: World, code: int, path: str) -> None:
    """203 was changed by a proxy, 206 is a part: even when the bytes are right."""
    world.hub.fail(path, status(code))
    error = await _fails(world, path)
    assert error.kind == "unreachable"
    assert str(code) in error.message


@pytest.mark.parametrize(
    ("code", "told", "wait_s"),
    [
        (500, "", None),
        (502, "", None),
        (429, "120", 120),
        (503, "7200", 7200),
        (503, "99999999", 86_400),
        (503, "-1", None),
    ],
)
async def test_a_hub_that_is_down_says_when_to_come_back(
    world: World, code: int, told: str, wait_s: float | None
) -> None:
    """`Retry-After` is handed on, a day of it at most."""
    world.hub.fail("*", status(code, **({"Retry_After": told} if told else {})))
    error = await world.refused("unreachable")
    assert (error.state, error.retry_after_s) == ("stale", wait_s)


async def test_a_retry_after_may_be_a_date(world: World) -> None:
    """RFC 9110, section 10.2.3."""
    world.hub.fail("*", status(503, Retry_After="Fri, 31 Dec 2060 23:59:59 GMT"))
    assert (await world.refused("unreachable")).retry_after_s == 86_400


@pytest.mark.parametrize("path", ["metadata/1.snapshot.json", "metadata/1.catalog.json", "targets/*"])
async def test_a_torn_publish_is_tried_again_in_a_minute(world: World, path: str) -> None:
    """A versioned file that is announced and not there: the publisher is not done, or copies in the wrong order."""
    world.hub.fail(path, status(404), times=1)
    error = await _fails(world, path)
    assert (error.kind, error.state, error.retry_after_s) == ("torn", "stale", 60)
    await world.refresh()


async def test_no_hub_at_all_is_not_a_torn_one(world: World) -> None:
    """A wrong address of a web server that is there."""
    world.hub.folder = world.place / "nothing"
    assert "no hub at this address" in (await world.refused("unreachable")).message


async def test_a_file_that_was_never_signed_is_not_fetched(world: World) -> None:
    """What is not in the metadata is not asked for."""
    client = world.client()
    await client.refresh()
    world.hub.forget()
    with pytest.raises(HubError, match="not among the files"):
        await client.fetch("catalog/9.jsonl.gz", world.place / "x", max_length=1000)
    assert world.hub.asked == []


async def test_more_than_the_caller_allows_is_not_fetched(world: World) -> None:
    """The signed length is looked at before the first byte."""
    client = world.client()
    await client.refresh()
    world.hub.forget()
    with pytest.raises(HubError, match="and 5 are allowed") as caught:
        await client.fetch(snapshot_path(1), world.place / "x", max_length=5)
    assert (caught.value.kind, world.hub.asked) == ("oversize", [])


@pytest.mark.parametrize("path", ["metadata/timestamp.json", "metadata/2.root.json", "metadata/1.targets.json"])
@pytest.mark.parametrize("size", [0, 1_000_000])
async def test_a_captive_portal_is_no_attack(world: World, path: str, size: int) -> None:
    """200 with a page: refused as untrusted, and told apart, so that one log line is enough at first (section 7)."""
    world.hub.fail(path, portal(size))
    error = await world.refused("captive")
    assert (error.state, error.is_alarming) == ("untrusted", False)
    world.hub.heal()
    await world.refresh()


async def test_a_network_that_wants_a_login_says_so(world: World) -> None:
    """RFC 6585: 511."""
    world.hub.fail("*", status(511))
    await world.refused("captive")


async def test_bytes_are_never_decoded(world: World) -> None:
    """A web server may call a `.gz` file gzip-encoded; what is signed are the bytes as they lie there."""
    world.hub.fail("*", _lying_about_its_coding)
    client, into = world.client(), world.place / "list.gz"
    await client.refresh()
    await client.fetch(snapshot_path(1), into, max_length=10_000)
    assert into.read_bytes() == world.repository.files[snapshot_path(1)]
    assert "accept-encoding: identity" in world.hub.heads[0].lower()


async def test_metadata_that_were_compressed_on_the_way_are_not_a_forgery(world: World) -> None:
    """A proxy that compresses although nobody asked: named for what it is."""
    compressed = world.repository.files[snapshot_path(1)]
    world.hub.fail("metadata/timestamp.json", said(compressed, Content_Encoding="gzip"))
    await world.refused("captive")


async def test_cookies_are_not_kept(world: World) -> None:
    """A hub cannot tell its readers apart."""
    world.hub.fail("*", _with_cookie)
    await world.refresh()
    await world.refresh()
    assert not any("cookie" in head.lower() for head in world.hub.heads)
    assert len(set(world.hub.heads)) == len(set(world.hub.asked)), "the same file is asked for in the same words"


async def test_nothing_is_closed_before_it_answers(world: World) -> None:
    """A connection that ends without an answer."""
    world.hub.fail("*", cut_head)
    await world.refused("unreachable")


async def test_a_private_address_is_refused_by_the_egress_policy(world: World) -> None:
    """CAT-21: a hub is reached under the policy of every upstream; the hint is the line that would allow it."""
    strict = SessionTransport(guarded_session(EgressPolicy("server"), connect_timeout_s=5))
    with pytest.raises(HubError, match=r'egress.allow_networks: \["127.0.0.1/32') as caught:
        await world.client(transport=strict).refresh()
    assert caught.value.kind == "unreachable"
    assert world.hub.connections == 0
    await strict.close()


async def test_any_bytes_as_metadata_are_a_failure_with_a_name(world: World) -> None:
    """Neither nesting, nor a huge number, nor an empty file leaves python-tuf as anything but a refusal."""
    bodies = (b"", b"{}", b"null", b"[" * 16_000, b'{"signed":' + b"9" * 10_000 + b"}", b"\xff\xfe", b'{"a":1,"a":2}')
    for body in bodies:
        world.hub.fail("metadata/timestamp.json", said(body))
        await world.refused("untrusted")
    world.hub.heal()
    await world.refresh()


async def _lying_about_its_coding(reply: Reply) -> None:
    await reply.whole(headers={"Content-Encoding": "gzip"})


async def _with_cookie(reply: Reply) -> None:
    await reply.whole(headers={"Set-Cookie": "reader=7; Path=/"})


async def _fails(world: World, path: str) -> HubError:
    """Return what a refresh, or a fetch after a good one, raises; quick deadlines."""
    if path.startswith("targets"):
        return await _fetch_fails(world)
    with pytest.raises(HubError) as caught:
        await world.refresh(QUICK)
    return caught.value


async def _fetch_fails(world: World) -> HubError:
    client, into = world.client(), world.place / "list.gz"
    await client.refresh()
    with pytest.raises(HubError) as caught:
        await client.fetch(snapshot_path(1), into, max_length=10_000, deadline_s=0.3)
    assert list(world.place.glob("list*")) == []
    return caught.value
