"""What a snapshot is made of, read inside one transaction: everything in pages, or some rows by their ids."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import select

from gateway.registry.record import AliasRecord, DefaultRecord, EndpointRecord, ModelRecord, Page
from gateway.registry.store.changes import ids_since
from gateway.registry.store.entity import Entity, Place, Record
from gateway.registry.store.fallbacks import of_models
from gateway.storage import schema
from gateway.storage.connection import AsyncConnection
from gateway.storage.prepared import Prepared, among
from gateway.storage.versions import REGISTRY_VERSION, read_version

PAGE: Final = 100
"""Models that are read at once: some 3 ms of work in which nobody else is served."""
SOME: Final = 300
"""Of models that changed: some 7 ms. Fewer statements are worth more than shorter steps there."""
_NOT_DELETED: Final = schema.models.c.state != "deleted"
ALIASES_BY_ID: Final = Entity(schema.aliases, AliasRecord, order=("id",))
_BY_TEAM: Final = Entity(schema.models, ModelRecord, key="uid", order=("team_id", "name"))
_MODELS: Final = Prepared(
    lambda dialect: select(schema.models).where(among(schema.models.c.uid, "uids", dialect), _NOT_DELETED)
)
_ENDPOINTS: Final = Prepared(
    lambda dialect: select(schema.endpoints).where(among(schema.endpoints.c.model_uid, "uids", dialect))
)
_ALIASES: Final = Prepared(
    lambda dialect: select(schema.aliases).where(among(schema.aliases.c.model_uid, "uids", dialect))
)


async def read_revision(conn: AsyncConnection) -> int:
    """Return the registry's revision, which every change raises."""
    return await read_version(conn, REGISTRY_VERSION)


async def read_pages(conn: AsyncConnection) -> AsyncIterator[Page]:
    """Yield every model but deleted ones, in order of team and name, so that drafts have them sorted as they come."""
    after: tuple[str, ...] | None = None
    while True:
        models = await _BY_TEAM.page(conn, (_NOT_DELETED,), after=after, limit=PAGE)
        yield await _page_of(conn, models.items)
        after = models.after
        if after is None:
            return


async def read_models(conn: AsyncConnection, uids: Collection[str], settled: Mapping[str, str]) -> Page:
    """Return those of the models that exist and are not deleted.

    Of `settled` ones the endpoints are known, by the model's name: while it is called so, they are not read.
    """
    found = [ModelRecord(*row) for row in await _MODELS.rows(conn, uids=list(uids))]
    return await _page_of(conn, found, frozenset(one.uid for one in found if settled.get(one.uid) == one.name))


async def read_changed(conn: AsyncConnection, entity: Entity[Record], known: int) -> list[Record]:
    """Return those rows of a noun that changed after this revision and are still there, whatever number changed."""
    where = (entity.key.in_(ids_since(known, entity.table.name)),)
    found: list[Record] = []
    after: Place | None = None
    while True:
        part = await entity.page(conn, where, after=after, limit=SOME)
        found += part.items
        after = part.after
        if after is None:
            return found


async def read_defaults(conn: AsyncConnection, team_ids: Collection[str] | None = None) -> list[DefaultRecord]:
    """Return the default endpoints of these teams, or of all of them."""
    query = select(schema.team_defaults)
    if team_ids is not None:
        query = query.where(schema.team_defaults.c.team_id.in_(team_ids))
    return [DefaultRecord(*row) for row in await conn.execute(query)]


async def _page_of(conn: AsyncConnection, models: Sequence[ModelRecord], settled: frozenset[str] = frozenset()) -> Page:
    uids = [model.uid for model in models]
    owners = [uid for uid in uids if uid not in settled]
    return Page(
        models=models,
        endpoints=[EndpointRecord(*row) for row in await _ENDPOINTS.rows(conn, uids=owners)] if owners else [],
        aliases=[AliasRecord(*row) for row in await _ALIASES.rows(conn, uids=uids)],
        fallbacks=await of_models(conn, uids),
        settled=settled,
    )
