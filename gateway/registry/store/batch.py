"""Many rows of models, endpoints and aliases written together: a few statements for each table."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.registry.store.entity import Entity
from gateway.registry.store.tables import ALIASES, ENDPOINTS, MODELS
from gateway.storage.connection import AsyncConnection

AnyEntity = Entity[Any]


class Writes:
    """Rows to be made, changed and removed. `gone_endpoints` are those that go, with their models or alone."""

    def __init__(self) -> None:
        self.gone_endpoints: list[str] = []
        self._made: dict[AnyEntity, list[Mapping[str, object]]] = {}
        self._changed: dict[AnyEntity, dict[str, Mapping[str, object]]] = {}
        self._removed: dict[AnyEntity, list[str]] = {}
        self._touched: dict[str, None] = {}

    def make(self, entity: AnyEntity, row: Mapping[str, object]) -> None:
        """Add a row; all of one table have the same columns."""
        self._made.setdefault(entity, []).append(row)

    def change(self, entity: AnyEntity, key: str, values: Mapping[str, object]) -> None:
        """Write columns of a row."""
        if values:
            self._changed.setdefault(entity, {})[key] = values

    def remove(self, entity: AnyEntity, key: str) -> None:
        """Delete a row."""
        self._removed.setdefault(entity, []).append(key)

    def touch(self, *uids: str) -> None:
        """Raise the revision of models whose endpoints or aliases change."""
        self._touched |= dict.fromkeys(uids)

    async def carry_out(self, conn: AsyncConnection, *, now_ms: int) -> None:
        """Write it all: what is named comes before who names it, what leaves goes when nobody names it any more."""
        await ALIASES.delete(conn, self._removed.get(ALIASES, ()))
        await MODELS.insert_all(conn, self._made.get(MODELS, ()), now_ms=now_ms)
        await ENDPOINTS.insert_all(conn, self._made.get(ENDPOINTS, ()), now_ms=now_ms)
        for entity, changes in self._changed.items():
            await entity.update_all(conn, changes, now_ms=now_ms)
        await MODELS.touch_all(conn, list(self._only_touched()))
        await ENDPOINTS.delete(conn, self._removed.get(ENDPOINTS, ()))
        await MODELS.delete(conn, self._removed.get(MODELS, ()))
        await ALIASES.insert_all(conn, self._made.get(ALIASES, ()), now_ms=now_ms)

    def _only_touched(self) -> Iterator[str]:
        """Yield the models that get a new revision by this alone."""
        others = {str(row["uid"]) for row in self._made.get(MODELS, ())} | self._changed.get(MODELS, {}).keys()
        yield from (uid for uid in self._touched if uid not in others)
