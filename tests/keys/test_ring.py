"""Whose key a text is: good keys pass, everything else hears the same."""

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.api.permissions import Permission, Role
from gateway.errors import GatewayError, RateLimited, Unauthenticated
from gateway.keys import hashing, ring
from gateway.keys.backoff import FAILURES
from gateway.keys.format import mint
from gateway.keys.hashing import HashedSecret
from gateway.keys.model import KeyInput, KeyPatch, RotateQuery
from gateway.keys.store import find, note_uses
from gateway.storage.engine import Database
from gateway.storage.schema import keys
from tests.keys.installation import OTHER_PEPPER, PEER, PEPPER, Installation

NOT_TEXTS = [
    "",
    " ",
    "mp_",
    "mp_live_",
    "Bearer x",
    "' OR '1'='1",
    "\udcff" * 71,
    "é" * 71,
    "x" * 8000,
    "mp_live_" + "\0" * 63,
]


async def bad_keys(process: Installation) -> dict[str, str]:
    """Return a presented text for every reason to refuse one."""
    good, _ = await process.key()
    revoked, who = await process.key()
    await process.service.revoke(who.key_id or "", None)
    expired, _ = await process.key(expires_in_days=1)
    elsewhere, _ = await process.key(cidrs=(f"{PEER}/32",))
    process.clock.later(days=2)
    wrong_secret = mint("live", good[8:18]).text.reveal()
    return {
        "unknown": mint("live").text.reveal(),
        "wrong secret": wrong_secret,
        "malformed": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "test for live": good.replace("mp_live", "mp_test"),
        "revoked": revoked,
        "expired": expired,
        "network": elsewhere,
        **{f"no key {number}": text for number, text in enumerate(NOT_TEXTS)},
    }


def refusal(process: Installation, presented: str, peer: str | None = "198.51.100.1") -> GatewayError:
    """Present a key and return the refusal."""
    with pytest.raises(GatewayError) as refused:
        process.verify(presented, peer=peer)
    return refused.value


async def test_a_good_key_gives_its_principal(database: Database) -> None:
    """Role, permissions, team and models of the row."""
    process = await Installation.start(database)
    _, who = await process.key(name="batch", role=Role.VIEWER, team="team1", models=("qwen*",))
    assert (who.name, who.role, who.team, who.models) == ("batch", Role.VIEWER, "team1", ("qwen*",))
    assert who.may(Permission.REGISTRY_READ)
    assert not who.may(Permission.INFER)


async def test_every_bad_key_hears_the_same(database: Database) -> None:
    """KEY-10, PRX-29: one body for unknown, revoked, expired, malformed and foreign; nothing is echoed."""
    process = await Installation.start(database)
    refusals = [refusal(process, presented) for presented in (await bad_keys(process)).values()]
    assert {type(one) for one in refusals} == {Unauthenticated}
    assert len({(one.message, one.hint, one.code, tuple(one.headers.items())) for one in refusals}) == 1
    assert refusals[0].headers == {"WWW-Authenticate": "Bearer"}
    assert not re.search(r"mp_live|OR", refusals[0].message)


async def test_every_bad_key_costs_the_same_work(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """KEY-2, KEY-10: the same calls for every reason, a dummy HMAC for an unknown key included."""
    process = await Installation.start(database)
    calls: list[str] = []

    def counted(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            calls.append(name)
            return original(*arguments)

        return call

    for module, name in ((ring, "digest"), (hmac, "compare_digest"), (ring, "is_whole")):
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    presented = await bad_keys(process)
    worked = {}
    for reason, text in presented.items():
        calls.clear()
        refusal(process, text)
        worked[reason] = tuple(calls)
    assert set(worked.values()) == {("digest", "compare_digest", "is_whole")}


async def test_reasons_are_counted_for_the_operator(database: Database) -> None:
    """What a caller must not learn, the metrics say."""
    process = await Installation.start(database)
    for presented in (await bad_keys(process)).values():
        refusal(process, presented)
    unknown = 2 + len(NOT_TEXTS)
    assert process.refusals == {"unknown": unknown, "malformed": 2, "revoked": 1, "expired": 1, "network": 1}


async def test_only_the_hash_is_kept(database: Database) -> None:
    """KEY-2: HMAC-SHA256(pepper, secret); a dump holds no key, and another pepper verifies none."""
    process = await Installation.start(database)
    text, _ = await process.key()
    async with database.read() as conn:
        row = (await conn.execute(select(keys))).one()
    assert row.hash == hmac.digest(PEPPER.value, text[19:62].encode(), "sha256")
    assert text[19:62] not in str(tuple(row))
    other = await Installation.start(database, peppers=(replace(OTHER_PEPPER, id=PEPPER.id),))
    assert isinstance(refusal(other, text), Unauthenticated)


async def test_a_missing_pepper_is_reported(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """KEY-3: keys of a pepper that is not configured are refused, and the log says how many."""
    text, _ = await (await Installation.start(database)).key()
    other = await Installation.start(database, peppers=(OTHER_PEPPER,))
    assert isinstance(refusal(other, text), Unauthenticated)
    assert "1 of 1 keys were made with a pepper that is not configured here" in caplog.text


async def test_a_pepper_is_rotated_without_reissue(database: Database) -> None:
    """KEY-3: old keys verify under the old pepper, move to the new one with their first use, then the old may go."""
    text, _ = await (await Installation.start(database)).key()
    both = await Installation.start(database, peppers=(OTHER_PEPPER, PEPPER))
    both.verify(text)
    async with database.write() as conn:
        await note_uses(conn, both.uses)
    new = await Installation.start(database, peppers=(OTHER_PEPPER,))
    assert new.verify(text).name == "a key"


async def test_a_renewed_hash_never_overwrites_a_rotation(database: Database) -> None:
    """A use that was noted before a rotation and written after it changes the time alone."""
    process = await Installation.start(database)
    text, who = await process.key()
    both = await Installation.start(database, peppers=(OTHER_PEPPER, PEPPER))
    both.verify(text)
    _, minted = await process.service.rotate(who.key_id or "", RotateQuery(), None)
    async with database.write() as conn:
        await note_uses(conn, both.uses)
        record = await find(conn, who.key_id or "")
    assert record is not None
    assert record.hashed == HashedSecret(PEPPER.id, hashing.digest(PEPPER.value, minted.secret.reveal()))


async def test_the_old_secret_goes_on_for_a_day(database: Database) -> None:
    """KEY-5: after a rotation both work for 24 hours, then the new one alone."""
    process = await Installation.start(database)
    old, who = await process.key()
    _, minted = await process.service.rotate(who.key_id or "", RotateQuery(), None)
    assert process.verify(old) == process.verify(minted.text.reveal())
    process.clock.later(days=1)
    assert isinstance(refusal(process, old), Unauthenticated)
    assert process.verify(minted.text.reveal()).key_id == who.key_id


@pytest.mark.parametrize(
    ("cidr", "peer", "admitted"),
    [
        ("192.0.2.0/24", "192.0.2.7", True),
        ("192.0.2.0/24", "::ffff:192.0.2.7", True),
        ("192.0.2.0/24", "192.0.3.7", False),
        ("2001:db8::/32", "2001:db8::1", True),
        ("fe80::/10", "fe80::1%eth0", True),
        ("2001:db8::/32", "192.0.2.7", False),
        ("0.0.0.0/0", None, False),
        ("0.0.0.0/0", "", False),
        ("0.0.0.0/0", "not an address", False),
    ],
)
async def test_a_key_of_some_networks_works_there_alone(
    database: Database, cidr: str, peer: str | None, *, admitted: bool
) -> None:
    """KEY-6: CIDR scope; an unknown address is outside."""
    process = await Installation.start(database)
    _, minted = await process.service.create(_input(cidrs=(cidr,)), None)
    if admitted:
        assert process.verify(minted.text.reveal(), peer=peer).name == "a key"
    else:
        assert isinstance(refusal(process, minted.text.reveal(), peer), Unauthenticated)


async def test_many_failures_hear_429_and_good_keys_pass(database: Database) -> None:
    """KEY-10: back-off by address; nobody can lock out his neighbours."""
    process = await Installation.start(database)
    good, who = await process.key()
    refusals = [refusal(process, "mp_live_wrong", PEER) for _ in range(FAILURES + 1)]
    assert {type(one) for one in refusals[:-1]} == {Unauthenticated}
    assert isinstance(refusals[-1], RateLimited)
    assert refusals[-1].headers["Retry-After"] == "60"
    assert process.verify(good) == who


async def test_uses_are_noted_once_a_minute(database: Database) -> None:
    """KEY-5: at most one write per key and minute, off the request's way."""
    process = await Installation.start(database)
    text, _ = await process.key()
    for _ in range(100):
        process.verify(text)
    process.clock.later(seconds=60)
    process.verify(text)
    assert [use.at_ms for use in process.uses] == [process.clock.now - 60_000, process.clock.now]
    async with database.write() as conn:
        await note_uses(conn, [process.uses[1], process.uses[0]])
        written = (await conn.execute(select(keys.c.last_used_at, keys.c.rev))).one()
    assert tuple(written) == (process.clock.now, 1)


async def test_another_process_sees_a_revocation_at_its_next_poll(database: Database) -> None:
    """KEY-5: revoke within five seconds everywhere, at once here; a poll without news reads one row."""
    here = await Installation.start(database)
    text, who = await here.key()
    there = await Installation.start(database, clock=here.clock)
    assert not await there.ring.poll()
    await here.service.revoke(who.key_id or "", None)
    assert isinstance(refusal(here, text), Unauthenticated)
    assert there.verify(text) == who
    assert await there.ring.poll()
    assert isinstance(refusal(there, text), Unauthenticated)


async def test_keys_are_known_while_the_database_is_away(database: Database) -> None:
    """CMP-6: a database that is down refuses nobody."""
    process = await Installation.start(database)
    text, who = await process.key()
    await database.close()
    assert process.verify(text) == who


async def test_a_row_with_another_keys_hash_is_another_key(database: Database) -> None:
    """Whoever can write rows but has no pepper cannot make a key: hashes belong to secrets, ids to texts."""
    process = await Installation.start(database)
    text, _ = await process.key()
    async with database.write() as conn:
        await conn.execute(update(keys).values(hash=b"\0" * 32))
    await process.ring.reload()
    assert isinstance(refusal(process, text), Unauthenticated)


async def test_verifying_takes_microseconds(database: Database) -> None:
    """The hot path: no database, no logging; the bound is far above what it takes, to hold on a busy machine."""
    process = await Installation.start(database)
    text, _ = await process.key()
    began = perf_counter()
    for _ in range(1000):
        process.ring.verify(text, peer=PEER, now_ms=process.clock.now)
    assert perf_counter() - began < 0.5  # seconds for 1,000


def _input(**fields: object) -> KeyInput:
    return KeyInput.model_validate({"name": "a key", **fields})


async def test_only_what_changed_is_read_anew(database: Database) -> None:
    """Thousands of keys, one of which is changed: the others stay the very objects that they were."""
    process = await Installation.start(database)
    texts = [(await process.key(name=f"key {number}"))[0] for number in range(5)]
    before = [process.verify(text) for text in texts]
    await process.service.change(str(before[2].key_id), KeyPatch(models=("qwen3",)), None)
    after = [process.verify(text) for text in texts]
    assert [one is other for one, other in zip(before, after, strict=True)] == [True, True, False, True, True]
    assert after[2].models == ("qwen3",)
    await process.service.delete(str(before[0].key_id), None)
    assert len(process.ring) == 4
