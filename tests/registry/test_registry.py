"""The newest snapshot: swapped before an answer goes out, noticed by other processes, whole under concurrency."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Table

from gateway.api.etag import IfMatch, format_etag
from gateway.errors import Conflict, GatewayError, PreconditionFailed, Unavailable
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.service import LifecycleService
from gateway.registry.inputs import AliasCreate, EndpointFields, EndpointPatch, ModelCreate, ModelPatch
from gateway.registry.record import AliasRecord, DefaultRecord, EndpointRecord, GatewayRecord, ModelRecord, TeamRecord
from gateway.registry.registry import LOOK_EVERY_S, Registry
from gateway.registry.service import RegistryService
from gateway.registry.snapshot import EndpointRoute
from gateway.storage import schema
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from tests.registry.api import ADMIN, ORIGIN

UPSTREAM = "http://10.0.0.1:8000/v1"


def new_model(name: str = "a", **fields: object) -> ModelCreate:
    """Return a model with one endpoint."""
    return ModelCreate.model_validate({"name": name, "endpoints": (EndpointFields(base_url=UPSTREAM),), **fields})


@pytest.mark.parametrize(
    ("table", "record"),
    [
        (schema.teams, TeamRecord),
        (schema.gateways, GatewayRecord),
        (schema.models, ModelRecord),
        (schema.endpoints, EndpointRecord),
        (schema.aliases, AliasRecord),
        (schema.team_defaults, DefaultRecord),
    ],
)
def test_records_have_the_columns_of_their_tables(table: Table, record: type[TeamRecord]) -> None:
    """Rows become records by position: names and order must be the same."""
    assert record._fields == tuple(column.name for column in table.columns)


async def test_every_change_raises_the_revision_once(service: RegistryService, lifecycle: LifecycleService) -> None:
    """One transaction, one revision; the snapshot holds it when the call returns."""
    before = service.registry.snapshot.revision
    model = await service.models.create(ADMIN, new_model(), server=ORIGIN)
    assert service.registry.snapshot.revision == before + 1
    await service.models.patch(ADMIN, model.record.uid, ModelPatch(name="b"))
    await lifecycle.retirement.retire(ADMIN, model.record.uid, Wanted())
    assert service.registry.snapshot.revision == before + 3


async def test_a_refused_change_leaves_everything_as_it_was(service: RegistryService) -> None:
    """Whatever fails inside rolls all of it back, the revision too."""
    await service.models.create(ADMIN, new_model(), server=ORIGIN)
    before = service.registry.snapshot
    with pytest.raises(Conflict):
        await service.models.create(ADMIN, new_model(), server=ORIGIN)
    assert await service.registry.poll() is False
    assert service.registry.snapshot is before


async def test_another_process_notices_a_change(service: RegistryService, database: Database) -> None:
    """LIF-6: it looks at the revision alone, and reads the rest only when that moved."""
    elsewhere = Registry(database)
    assert await elsewhere.poll() is True
    assert await elsewhere.poll() is False
    await service.models.create(ADMIN, new_model(), server=ORIGIN)
    assert await elsewhere.poll() is True
    assert elsewhere.snapshot.find("default", "a") is not None


async def test_listeners_hear_of_each_swap(service: RegistryService) -> None:
    """They get the endpoints that are no longer as they were, whose connections must close (EGR-6)."""
    heard: list[tuple[EndpointRoute, ...]] = []
    model = await service.models.create(ADMIN, new_model(), server=ORIGIN)
    service.registry.on_change(lambda _, closed: heard.append(closed))
    endpoint = model.endpoints[0].id
    await service.endpoints.patch(ADMIN, endpoint, EndpointPatch(enabled=False), server=ORIGIN)
    ((closed,),) = heard
    assert (closed.id, closed.enabled) == (endpoint, True)


async def test_parallel_changes_are_all_served(service: RegistryService) -> None:
    """Reloads are shared, and nobody returns before the own change is in the snapshot."""

    async def publish(number: int) -> None:
        await service.models.create(ADMIN, new_model(f"m{number}"), server=ORIGIN)
        assert service.registry.snapshot.find("default", f"m{number}") is not None

    await asyncio.gather(*(publish(number) for number in range(12)))
    assert len(service.registry.snapshot.models("default")) == 12


async def test_a_name_is_given_once_whoever_asks_together(service: RegistryService) -> None:
    """A model and an alias cannot take one name at the same moment, though they live in two tables."""
    target = await service.models.create(ADMIN, new_model("target"), server=ORIGIN)
    outcomes = await asyncio.gather(
        *(service.models.create(ADMIN, new_model("x"), server=ORIGIN) for _ in range(3)),
        *(service.aliases.create(ADMIN, AliasCreate(name="x", model=target.record.uid)) for _ in range(3)),
        return_exceptions=True,
    )
    refused = [one for one in outcomes if isinstance(one, GatewayError)]
    assert len(refused) == 5
    assert {one.code for one in refused} == {"name_taken"}


async def test_two_writers_with_one_etag_have_one_winner(service: RegistryService) -> None:
    """lifecycle.md section 6, also when they come at the same moment."""
    model = (await service.models.create(ADMIN, new_model(), server=ORIGIN)).record
    guard = IfMatch(given=True, tags=(format_etag(model.uid, model.rev),))
    outcomes = await asyncio.gather(
        *(service.models.patch(ADMIN, model.uid, ModelPatch(description=f"{n}"), guard) for n in range(4)),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes].count(PreconditionFailed) == 3


class Counted(Database):
    """A database that counts who reads it, and that can be away."""

    reads = 0
    away = False

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """As usual."""
        self.reads += 1
        if self.away:
            raise Unavailable("the database does not answer")
        async with super().read() as conn:
            yield conn


async def test_an_unknown_name_is_looked_for_once_more(service: RegistryService, database: Database) -> None:
    """CMP-21: what another process published before the question is found, without waiting for the next poll."""
    elsewhere = Registry(database)
    await elsewhere.reload()
    for name in ("a", "b"):
        await service.models.create(ADMIN, new_model(name), server=ORIGIN)
        assert elsewhere.snapshot.find("default", name) is None
        assert (await elsewhere.newest()).find("default", name) is not None


async def test_those_who_share_a_look_all_get_what_it_found(service: RegistryService, database: Database) -> None:
    """CMP-21: none of several calls that come together is told that the model does not exist."""
    elsewhere = Registry(database)
    await elsewhere.reload()
    await service.models.create(ADMIN, new_model(), server=ORIGIN)
    found = await asyncio.gather(*(elsewhere.newest() for _ in range(5)))
    assert all(now.find("default", "a") for now in found)


async def test_unknown_names_are_no_hammer_for_the_database(service: RegistryService, database_url: str) -> None:
    """CMP-21: a thousand questions for invented names share few looks, and hear of everything all the same."""
    database = await Counted.open(database_url)
    elsewhere = Registry(database)
    await elsewhere.reload()
    database.reads = 0
    begun = asyncio.get_running_loop().time()
    for _ in range(5):
        await asyncio.gather(*(elsewhere.newest() for _ in range(200)))
    await service.models.create(ADMIN, new_model(), server=ORIGIN)
    assert (await elsewhere.newest()).find("default", "a") is not None
    took = asyncio.get_running_loop().time() - begun
    assert database.reads <= took / LOOK_EVERY_S + 3
    await database.close()


async def test_while_the_database_is_away_the_last_word_counts(service: RegistryService, database_url: str) -> None:
    """An unknown name is a 404 then, and not a 503: calls do not need the database."""
    await service.models.create(ADMIN, new_model(), server=ORIGIN)
    database = await Counted.open(database_url)
    elsewhere = Registry(database)
    known = await elsewhere.reload()
    database.away = True
    assert await elsewhere.newest() is known
    await database.close()
