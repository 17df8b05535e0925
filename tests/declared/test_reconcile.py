"""What a file declares is brought about whole or not at all, and once: on both databases."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.api.managed import FILE
from gateway.configuration.finding import ConfigurationError
from gateway.declared.batch import AUTHOR
from gateway.declared.held import read_held
from gateway.declared.model import Declared
from gateway.declared.plan import make_plan
from gateway.declared.reconcile import Reconciler
from gateway.declared.steps import Hands
from gateway.lifecycle.withdrawal import Withdrawal
from gateway.registry.inputs import AliasCreate, TeamCreate, TeamPatch
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.snapshot import Credential
from gateway.storage.connection import AsyncConnection
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
    team = service.registry.snapshot.team("research")
    assert team is not None, "its model can still be restored"
    assert (team.models, team.gateway, team.base_url) == ((), None, "/access/models/research/")


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


async def test_a_fault_at_any_statement_leaves_nothing_changed(
    reconciler: Reconciler,
    service: RegistryService,
    database: Database,
    withdrawal: Withdrawal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Models, endpoints and aliases are written together after their steps: each of these statements may fail too."""
    await reconciler.apply(declared(SMALL))
    rows, before, snapshot = await contents(database), await revision(database), service.registry.snapshot
    statements, whole = Statements(monkeypatch), 1000
    for fault in range(1, whole):
        try:
            async with service.together(by=FILE) as together:
                held = await read_held(together.change.conn)
                hands = Hands(together, held, withdrawal)
                statements.fail_at(fault)
                for step in make_plan(_other(), held).steps:
                    await hands.carry_out(step)
                await hands.finish(())
                whole, statements.fault = statements.seen, statements.seen + 1
        except ZeroDivisionError:
            statements.fail_at(0)
            assert service.registry.snapshot is snapshot
        if fault > whole:
            break
    assert fault > 20
    assert (await contents(database), await revision(database)) == (rows, before)


async def test_what_is_settled_is_not_read_again(
    reconciler: Reconciler, service: RegistryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reload that changes settings alone asks for the counters; a change of the registry has all read."""
    await reconciler.apply(declared(SMALL))
    statements = Statements(monkeypatch)
    await reconciler.apply(declared(SMALL))
    assert statements.seen == 1
    await service.teams.create(AUTHOR, TeamCreate(name="another"))
    statements.fail_at(0)
    assert (await reconciler.apply(declared(SMALL))).changes == ()
    assert statements.seen > 5
    statements.fail_at(0)
    assert (await reconciler.apply(declared("# moved\n" + SMALL))).changes == ()
    assert statements.seen > 5


async def test_ten_times_as_many_models_need_no_more_statements(
    reconciler: Reconciler, service: RegistryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of hundreds of models is no slow start: made, changed, moved, removed and restored, table by table."""
    statements, counts = Statements(monkeypatch), []
    for number in (20, 200):
        made, other, gone = _many(number), _many(number, "other"), "models: {}\n"
        for text in (made, other, "# moved\n" + other, gone, other, gone):
            statements.fail_at(0)
            await reconciler.apply(declared(text))
            counts.append(statements.seen)
            assert len(service.registry.snapshot.names("default")) == (2 * number if "model-" in text else 0)
    few, many = counts[:6], counts[6:]
    # A table is written and read in parts of 200 to 500 rows: some more for 400 models with their endpoints.
    assert all(more - less <= 10 for less, more in zip(few, many, strict=True)), counts
    assert max(many) < 80, counts


async def test_what_a_team_or_alias_still_names_is_not_deleted(
    reconciler: Reconciler, service: RegistryService, database: Database
) -> None:
    """The API's alias of a declared model, and a team's default at a declared endpoint, forbid to take them out."""
    await reconciler.apply(declared(SMALL))
    await service.aliases.create(AUTHOR, AliasCreate(name="mine", model="qwen3", team="default"))
    rows = await contents(database)
    with pytest.raises(
        ConfigurationError, match=r"models: no longer declared here, but model 'qwen3' .* by alias 'mine'"
    ):
        await reconciler.apply(declared("models: {}\n"))
    assert await contents(database) == rows
    team = service.registry.snapshot.teams["default"].id
    model = service.registry.snapshot.find("default", "qwen3")
    assert model is not None
    endpoint = model.endpoints[0].id
    wanted = TeamPatch(default_endpoints={"files": endpoint})
    await service.teams.patch(AUTHOR, team, wanted)
    with pytest.raises(ConfigurationError, match=r"endpoints: no longer declared here, but endpoint .* by .*files"):
        await reconciler.apply(declared("models: {qwen3: {}}\n"))


async def test_an_address_with_its_operation_is_cut_once(reconciler: Reconciler, database: Database) -> None:
    """What is kept is the address above the operation; the next start finds nothing to change."""
    text = "models: {a: {endpoints: [{base_url: 'http://10.0.0.1:8000/v1/chat/completions'}]}}\n"
    assert len((await reconciler.apply(declared(text))).changes) == 2
    rows = await contents(database)
    assert [row[2] for row in rows["endpoints"]] == ["http://10.0.0.1:8000/v1"]
    assert (await reconciler.apply(declared(text))).changes == ()
    own = text.replace("10.0.0.1:8000/v1/chat/completions", "localhost:3000/access/models")
    with pytest.raises(ConfigurationError, match="this server's own data plane"):
        await reconciler.apply(declared(own))


class Statements:
    """Counts the statements of every connection; the one with the chosen number fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen = 0
        self.fault = 0
        whole = AsyncConnection.execute

        async def execute(conn: AsyncConnection, *call: Any, **options: Any) -> Any:
            self.seen += 1
            found = await whole(conn, *call, **options)
            if self.seen == self.fault:
                raise ZeroDivisionError
            return found

        monkeypatch.setattr(AsyncConnection, "execute", execute)

    def fail_at(self, number: int) -> None:
        """Count from 0 again; 0 for no fault."""
        self.seen, self.fault = 0, number


def _many(number: int, description: str = "") -> str:
    models = "".join(
        f"  model-{number}-{one}: {{description: '{description}', endpoints: [{{base_url: 'http://10.0.0.9/v{one}'}}]}}\n"
        for one in range(number)
    )
    aliases = "".join(f"  alias-{one}: model-{number}-{one}\n" for one in range(number))
    return f"models:\n{models}aliases:\n{aliases}"


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
