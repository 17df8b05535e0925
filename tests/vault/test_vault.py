"""The vault over both databases: store, use, replace, move to a new root key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import select, update

from gateway.errors import ConfigError, Unavailable
from gateway.settings import SecretSettings, Settings
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.schema import secrets
from gateway.vault.secret import Secret
from gateway.vault.setup import KEK_FILE, make_vault
from gateway.vault.vault import Vault

CANARY = "sk-canary-0123456789abcdef"
OLD, NEW = "11" * 32, "22" * 32


@dataclass(frozen=True)
class Credential:
    """What the registry would hand over."""

    kind: Literal["env", "file", "stored"]
    ref: str


def vault_of(database: Database, data_dir: Path, environment: Mapping[str, str] | None = None) -> Vault:
    """Return a vault; with a variable KEK its root keys come from there."""
    environment = environment or {}
    secret_settings = SecretSettings(kek="env:KEK" if "KEK" in environment else None)
    settings = Settings.model_construct(data_dir=data_dir, secrets=secret_settings)
    return make_vault(settings, database, environment=environment, clock=SystemClock())


async def put(vault: Vault, database: Database, owner: str, value: str = CANARY) -> str:
    """Store a value in a transaction of its own."""
    async with database.write() as conn:
        return await vault.put(conn, "endpoint", owner, Secret(value))


async def test_a_stored_secret_comes_back_to_its_owner(database: Database, tmp_path: Path) -> None:
    """Stored by one process, used by another one with the same root key."""
    stored = await put(vault_of(database, tmp_path), database, "ep_1")
    other_process = vault_of(database, tmp_path)
    assert (await other_process.resolve(Credential("stored", stored), owner="ep_1")).reveal() == CANARY


async def test_the_database_holds_no_trace_of_the_value(database: Database, tmp_path: Path) -> None:
    """SEC-1, SEC-4: rows show the hint alone."""
    stored = await put(vault_of(database, tmp_path), database, "ep_1")
    async with database.read() as conn:
        row = (await conn.execute(select(secrets))).one()
        shown = await vault_of(database, tmp_path).describe(conn, [stored, "sec_unknown"])
    assert CANARY.encode() not in b"".join(value for value in row if isinstance(value, bytes))
    assert (row.hint, shown[stored].hint, len(shown)) == ("…cdef", "…cdef", 1)


async def test_a_secret_never_serves_another_endpoint(database: Database, tmp_path: Path) -> None:
    """SEC-1, EGR-7: neither an endpoint that points at a foreign secret nor a row that was moved opens it."""
    stored = await put(vault_of(database, tmp_path), database, "ep_1")
    with pytest.raises(Unavailable, match="cannot be read"):
        await vault_of(database, tmp_path).resolve(Credential("stored", stored), owner="ep_2")
    async with database.write() as conn:
        await conn.execute(update(secrets).values(owner_id="ep_2"))
    with pytest.raises(Unavailable, match="cannot be read"):
        await vault_of(database, tmp_path).resolve(Credential("stored", stored), owner="ep_2")


async def test_a_replaced_secret_gets_a_new_id(database: Database, tmp_path: Path) -> None:
    """What is remembered under an id never grows old, so every process uses the new value with the new reference."""
    vault = vault_of(database, tmp_path)
    first = await put(vault, database, "ep_1", "first-value-000000")
    await vault.resolve(Credential("stored", first), owner="ep_1")
    async with database.write() as conn:
        second = await vault.put(conn, "endpoint", "ep_1", Secret("second-value-00000"))
        await vault.drop(conn, first)
    assert second != first
    assert (await vault.resolve(Credential("stored", second), owner="ep_1")).reveal() == "second-value-00000"
    async with database.read() as conn:
        rows = (await conn.execute(select(secrets.c.field, secrets.c.version))).all()
    assert [tuple(row) for row in rows] == [("credential", 2)]


async def test_a_used_secret_needs_no_database(database: Database, tmp_path: Path) -> None:
    """CMP-6: the database may be away; calls go on with what was used before."""
    vault = vault_of(database, tmp_path)
    credential = Credential("stored", await put(vault, database, "ep_1"))
    await asyncio.gather(*(vault.resolve(credential, owner="ep_1") for _ in range(20)))
    await database.close()
    assert (await vault.resolve(credential, owner="ep_1")).reveal() == CANARY


async def test_a_caller_learns_nothing_of_a_missing_credential(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason stands in the log, once, and not in the answer."""
    vault = vault_of(database, tmp_path)
    for _ in range(3):
        with pytest.raises(Unavailable) as refused:
            await vault.resolve(Credential("env", "UPSTREAM_KEY"), owner="ep_1")
        assert "UPSTREAM_KEY" not in f"{refused.value.message}{refused.value.hint}"
    assert refused.value.code == "credential_unavailable"
    assert caplog.text.count("UPSTREAM_KEY is not set") == 1


async def test_references_are_checked_when_they_are_set(database: Database, tmp_path: Path) -> None:
    """SEC-3: an operator hears at once what is missing."""
    vault = vault_of(database, tmp_path, {"UPSTREAM_KEY": CANARY})
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "upstream").write_text(CANARY)
    assert vault.check_reference("env:UPSTREAM_KEY") == "env:UPSTREAM_KEY"
    assert vault.check_reference("file:upstream") == "file:upstream"
    for missing in ("env:OTHER_KEY", "file:other", f"file:{tmp_path}/{KEK_FILE}", CANARY):
        with pytest.raises(ConfigError):
            vault.check_reference(missing)


async def test_rewrapping_brings_every_secret_under_the_new_root_key(database: Database, tmp_path: Path) -> None:
    """SEC-2: the new key in front, rewrap, then the old one may go."""
    stored = [await put(vault_of(database, tmp_path, {"KEK": OLD}), database, f"ep_{n}") for n in range(5)]
    both = vault_of(database, tmp_path, {"KEK": f"{NEW} {OLD}"})
    assert (await both.rewrap(), await both.rewrap()) == (5, 0)
    new = vault_of(database, tmp_path, {"KEK": NEW})
    assert (await new.resolve(Credential("stored", stored[3]), owner="ep_3")).reveal() == CANARY
    assert list((await new.root_keys_in_use()).values()) == [5]


async def test_a_lost_root_key_is_named_and_does_not_stop_the_others(database: Database, tmp_path: Path) -> None:
    """Rewrap moves what it can and says how many it cannot."""
    await put(vault_of(database, tmp_path, {"KEK": "33" * 32}), database, "ep_lost")
    await put(vault_of(database, tmp_path, {"KEK": OLD}), database, "ep_1")
    both = vault_of(database, tmp_path, {"KEK": f"{NEW} {OLD}"})
    with pytest.raises(ConfigError, match="1 of 2 secrets"):
        await both.rewrap()
    assert sorted((await both.root_keys_in_use()).values()) == [1, 1]


async def test_the_root_key_is_made_with_the_first_stored_secret(database: Database, tmp_path: Path) -> None:
    """A server that stores no secret makes no key and imports no cryptography."""
    vault = vault_of(database, tmp_path, {"UPSTREAM_KEY": CANARY})
    await vault.resolve(Credential("env", "UPSTREAM_KEY"), owner="ep_1")
    assert not (tmp_path / KEK_FILE).exists()
    await put(vault, database, "ep_1")
    assert (tmp_path / KEK_FILE).exists()
