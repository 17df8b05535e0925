"""Rows of what this installation decided about the catalogue: what it does not want to see, and what was proposed.

Functions of an open connection. Times are unix milliseconds.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, insert, or_, select, update

from gateway.storage.connection import AsyncConnection
from gateway.storage.ids import new_id
from gateway.storage.schema import catalogue_pins, catalogue_proposals, catalogue_suppressions, models, teams

EVERYBODY: Final = ""
"""In place of a team: the entry is in nobody's list."""
_DRAINING, _DELETED = "draining", "deleted"


class Suppression(NamedTuple):
    """An entry that is kept out of a team's list."""

    entry_id: str
    team: str
    reason: str
    by: str
    at: int
    until: int | None
    model_uid: str | None


class Pinned(NamedTuple):
    """An entry that is shown as it was; `body` is that form."""

    entry_id: str
    body: bytes
    at_ms: int
    by: str


class Proposal(NamedTuple):
    """What the catalogue says about a model that came from it."""

    id: str
    model_uid: str
    kind: str
    entry_id: str
    details: Mapping[str, Any]
    state: str
    at: int
    decided_at: int | None
    decided_by: str | None
    model: str = ""
    team: str = ""


class Adopted(NamedTuple):
    """A living model that came from the catalogue."""

    uid: str
    team_id: str
    name: str
    state: str
    catalogue_id: str
    catalogue_flag: str | None
    successor_uid: str | None


async def suppressions(
    conn: AsyncConnection, *, now_ms: int, teams_: Collection[str] | None = None
) -> list[Suppression]:
    """Return those in force, by entry; of these teams, or all."""
    row = catalogue_suppressions.c
    query = select(catalogue_suppressions).where(or_(row.until.is_(None), row.until > now_ms))
    if teams_ is not None:
        query = query.where(row.team.in_(teams_))
    return [Suppression(*found) for found in await conn.execute(query.order_by(row.entry_id, row.team))]


async def suppress(conn: AsyncConnection, one: Suppression) -> None:
    """Write one; of the same entry and team the newest word counts."""
    await unsuppress(conn, one.entry_id, one.team)
    await conn.execute(insert(catalogue_suppressions).values(**one._asdict()))


async def unsuppress(conn: AsyncConnection, entry_id: str, team: str) -> Suppression | None:
    """Delete one and return it; None where there is none."""
    row = catalogue_suppressions.c
    same = (row.entry_id == entry_id, row.team == team)
    found = (await conn.execute(select(catalogue_suppressions).where(*same))).one_or_none()
    if found is not None:
        await conn.execute(delete(catalogue_suppressions).where(*same))
    return None if found is None else Suppression(*found)


async def pins(conn: AsyncConnection) -> list[Pinned]:
    """Return what is pinned, by entry."""
    query = select(catalogue_pins).order_by(catalogue_pins.c.entry_id)
    return [Pinned(row.entry_id, row.body.encode(), row.at, row.by) for row in await conn.execute(query)]


async def pin(conn: AsyncConnection, one: Pinned) -> None:
    """Write one; an entry that is pinned stays as it was."""
    found = await conn.execute(select(catalogue_pins.c.at).where(catalogue_pins.c.entry_id == one.entry_id))
    if found.one_or_none() is None:
        values = {"entry_id": one.entry_id, "body": one.body.decode(), "at": one.at_ms, "by": one.by}
        await conn.execute(insert(catalogue_pins).values(**values))


async def unpin(conn: AsyncConnection, entry_id: str) -> bool:
    """Delete one; return whether there was one."""
    return (await conn.execute(delete(catalogue_pins).where(catalogue_pins.c.entry_id == entry_id))).rowcount > 0


async def adopted(conn: AsyncConnection) -> list[Adopted]:
    """Return every living model that came from the catalogue."""
    columns = [models.c[name] for name in Adopted._fields]
    living = models.c.state.not_in((_DRAINING, _DELETED))
    query = select(*columns).where(models.c.catalogue_id.is_not(None), living)
    return [Adopted(*row) for row in await conn.execute(query)]


async def entries_of_team(conn: AsyncConnection, team: str) -> list[str]:
    """Return the entries that living models of a team were made of."""
    query = (
        select(models.c.catalogue_id)
        .join(teams, teams.c.id == models.c.team_id)
        .where(teams.c.name == team, models.c.catalogue_id.is_not(None), models.c.state.not_in((_DRAINING, _DELETED)))
    )
    return [str(one) for one in (await conn.execute(query)).scalars()]


async def made_of(conn: AsyncConnection, entry_id: str, team: str | None) -> list[str]:
    """Return the names of living models that came from the entry, of a team or with their teams in front."""
    query = (
        select(models.c.name, teams.c.name)
        .join(teams, teams.c.id == models.c.team_id)
        .where(models.c.catalogue_id == entry_id, models.c.state.not_in((_DRAINING, _DELETED)))
        .order_by(teams.c.name, models.c.name)
    )
    found = (await conn.execute(query)).all()
    return [name if team is not None else f"{owner}/{name}" for name, owner in found if team in {None, owner}]


async def successor_of(conn: AsyncConnection, team_id: str, entry_id: str) -> str | None:
    """Return the name of a model of the team that was made of the entry and can be called."""
    row = models.c
    callable_ = (row.team_id == team_id, row.catalogue_id == entry_id, row.state == "active")
    return (await conn.execute(select(row.name).where(*callable_).order_by(row.name).limit(1))).scalar()


async def proposals(conn: AsyncConnection, *where: ColumnElement[bool], limit: int | None = None) -> list[Proposal]:
    """Return those about living models, by id."""
    query = _told().where(*where).order_by(catalogue_proposals.c.id)
    return [_proposal(row) for row in await conn.execute(query if limit is None else query.limit(limit))]


async def known_proposals(conn: AsyncConnection, uids: Sequence[str]) -> list[Proposal]:
    """Return every proposal about these models, decided or not."""
    row = catalogue_proposals.c
    found: list[Proposal] = []
    for start in range(0, len(uids), 500):
        query = select(catalogue_proposals).where(row.model_uid.in_(uids[start : start + 500]))
        found += [_bare(one) for one in await conn.execute(query)]
    return found


async def propose(  # noqa: PLR0913 - keyword-only, and each is a column
    conn: AsyncConnection, *, model_uid: str, kind: str, entry_id: str, details: Mapping[str, Any], now_ms: int
) -> None:
    """Write a new proposal."""
    values = {"model_uid": model_uid, "kind": kind, "entry_id": entry_id, "payload": written(details)}
    await conn.execute(insert(catalogue_proposals).values(id=new_id("prp"), state="open", at=now_ms, **values))


async def decide(  # noqa: PLR0913 - keyword-only but the first three
    conn: AsyncConnection, proposal_id: str, state: str, *, now_ms: int, by: str | None, was: str = "open"
) -> bool:
    """Note what became of a proposal; False where somebody was quicker."""
    row = catalogue_proposals.c
    told = {"state": state, "decided_at": None if state == "open" else now_ms, "decided_by": by}
    change = update(catalogue_proposals).where(row.id == proposal_id, row.state == was).values(**told)
    return (await conn.execute(change)).rowcount > 0


def written(details: Mapping[str, Any]) -> str:
    """Return the one form of details: two that say the same are the same proposal."""
    return json.dumps(details, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _told() -> Select[Any]:
    return (
        select(catalogue_proposals, models.c.name.label("model"), teams.c.name.label("team"))
        .join(models, models.c.uid == catalogue_proposals.c.model_uid)
        .join(teams, teams.c.id == models.c.team_id)
        .where(models.c.state.not_in((_DRAINING, _DELETED)))
    )


def _proposal(row: Any) -> Proposal:
    return _bare(row)._replace(model=row.model, team=row.team)


def _bare(row: Any) -> Proposal:
    details = json.loads(row.payload)
    values = (row.id, row.model_uid, row.kind, row.entry_id, details, row.state, row.at, row.decided_at, row.decided_by)
    return Proposal(*values)
