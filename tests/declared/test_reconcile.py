"""What a file declares is brought about whole or not at all, and once: on both databases."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.configuration.finding import ConfigurationError
from gateway.declared.model import Declared
from gateway.declared.reconcile import Reconciler
from gateway.declared.steps import Hands
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.snapshot import Credential
from gateway.storage.engine import Database
from gateway.storage.schema import metadata
from gateway.storage.versions import REGISTRY_VERSION, read_version
from tests.declared.files import SMALL, declared

_QUIET = {"meta", "registry_changes"}


async def contents(database: Database) -> dict[str, list[Any]]:
    """Return every row of every table but the counters."""
    async with database.read() as conn:
        return {
            table.name: sorted(map(tuple, await conn.execute(select(table))), key=str)
            for table in metadata.sorted_tables
            if table.name not in _QUIET
        }


async def revision(database: Database) -> int:
    """Return the registry's revision."""
    async with database.read() as conn:
        return await read_version(conn, REGISTRY_VERSION)


async def test_everything_is_made_in_one_revision_and_served_at_once(
    reconciler: Reconciler, service: RegistryService, database: Database
) -> None:
    """Teams, gateways, models, endpoints and aliases come together: nobody ever sees a part."""
    before = await revision(database)
    outcome = await reconciler.apply(declared(SMALL))
    assert await revision(database) == before + 1
    assert outcome.changes == (
        "+ gateway eu",
        "+ team research",
        "+ model qwen3",
        "+ model research/llama",
        "+ endpoint qwen3",
        "+ endpoint qwen3",
        "+ endpoint research/llama",
        "+ alias fast",
    )
    snapshot = service.registry.snapshot
    fast, llama = snapshot.find("default", "fast"), snapshot.find("research", "llama")
    assert fast is not None
    assert llama is not None
    credentials = {str(one.base_url): one.credential for one in fast.endpoints}
    assert credentials == {
        "http://10.0.0.1:8000/v1": Credential("env", "VLLM_KEY", "http://10.0.0.1:8000"),
        "http://10.0.0.2:8000/v1": None,
    }
    assert llama.base_url == "/access/models/research/"


async def test_a_second_start_changes_nothing(reconciler: Reconciler, database: Database) -> None:
    """No revision, no ETag, no row: restarts are no changes."""
    await reconciler.apply(declared(SMALL))
    before, rows = await revision(database), await contents(database)
    assert (await reconciler.apply(declared(SMALL))).changes == ()
    assert (await revision(database), await contents(database)) == (before, rows)


async def test_lines_that_move_change_the_place_alone(reconciler: Reconciler, database: Database) -> None:
    """A comment above everything moves each declaration by a line; nobody reads anything anew."""
    await reconciler.apply(declared(SMALL))
    before, rows = await revision(database), await contents(database)
    assert (await reconciler.apply(declared("# hello\n" + SMALL))).changes == ()
    assert await revision(database) == before
    after = await contents(database)
    assert after != rows
    places = {name: [row[-1] for row in kept] for name, kept in after.items() if name == "models"}
    assert sorted(places["models"]) == ["modelport.yaml:15", "modelport.yaml:8"]
    assert {name: [row[:-1] for row in kept] for name, kept in after.items()} == {
        name: [row[:-1] for row in kept] for name, kept in rows.items()
    }


async def test_what_left_the_file_is_deleted(reconciler: Reconciler, service: RegistryService) -> None:
    """In the order that references ask for: the alias, the models, then team and gateway."""
    await reconciler.apply(declared(SMALL))
    outcome = await reconciler.apply(declared("version: 1\nmodels: {}\n"))
    assert outcome.changes == (
        "- alias fast",
        "- model research/llama",
        "- model qwen3",
        "- team research",
        "- gateway eu",
    )
    assert service.registry.snapshot.names("default") == ()
    assert not service.registry.snapshot.has_team("research")


async def test_a_fault_at_any_step_leaves_nothing_changed(
    reconciler: Reconciler, service: RegistryService, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails, the rows, the revision and what is served stay as they were."""
    await reconciler.apply(declared(SMALL))
    rows, before, snapshot = await contents(database), await revision(database), service.registry.snapshot
    whole = Hands.carry_out
    done, fault = 0, [0]

    async def failing(self: Hands, step: Any) -> None:
        nonlocal done
        done += 1
        await whole(self, step)
        if done == fault[0]:
            raise RuntimeError("the machine fails here")

    monkeypatch.setattr(Hands, "carry_out", failing)
    for fault[0] in range(1, 12):
        done = 0
        with pytest.raises(RuntimeError, match="fails here"):
            await reconciler.apply(_other())
        assert (await contents(database), await revision(database)) == (rows, before)
        assert service.registry.snapshot is snapshot
    fault[0] = 0
    assert len((await reconciler.apply(_other())).changes) == 11


def _other() -> Declared:
    """Eleven changes of every kind against SMALL."""
    return declared(
        """\
        teams:
          lab: {}
        gateways:
          us: {url: "https://us.example.com", is_default: true}
        models:
          qwen3:
            description: the new one
            endpoints: [{base_url: "http://10.0.0.1:8000/v1", upstream_model: Qwen/Qwen3-8B}]
          lab/llama: {}
        aliases:
          quick: qwen3
        """
    )


async def test_a_refusal_names_the_line(reconciler: Reconciler, database: Database) -> None:
    """What a service refuses is told at the declaration, and nothing is changed."""
    rows = await contents(database)
    with pytest.raises(ConfigurationError) as refused:
        await reconciler.apply(declared("models:\n  qwen3:\n    endpoints: [{base_url: 'http://169.254.1.1/v1'}]\n"))
    assert "modelport.yaml:3: models.qwen3.endpoints.0.base_url: the egress policy" in str(refused.value)
    assert await contents(database) == rows
