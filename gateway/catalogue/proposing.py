"""What the catalogue proposes about models, and what becomes of it: a person applies it, or does not."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from gateway.api.acting import acting
from gateway.api.page import Page, decode_cursor, encode_cursor
from gateway.api.principal import Principal
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.catalogue import decided
from gateway.catalogue.decided import Proposal
from gateway.catalogue.inputs import ProposalQuery
from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.storage.clock import Clock, rfc3339
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import catalogue_proposals, models, teams

if TYPE_CHECKING:
    from gateway.catalogue.views import ProposalView


class Announcement(Struct, frozen=True):
    """The end of a model, as its callers are told."""

    sunset_at: str | None
    successor: str | None
    reason: str


class Deeds(Struct, frozen=True):
    """How a model's life goes on; both judge the caller's permission and the model's state themselves."""

    deprecate: Callable[[Principal, str, Announcement], Awaitable[object]]
    delete: Callable[[Principal, str], Awaitable[object]]


class Proposing:
    """Lists, applies and dismisses proposals."""

    def __init__(self, database: Database, clock: Clock, trail: Trail, deeds: Deeds) -> None:
        self._database = database
        self._clock = clock
        self._trail = trail
        self._deeds = deeds

    async def list(self, principal: Principal, query: ProposalQuery) -> "Page[ProposalView]":
        """Return a page of the proposals about the caller's models."""
        # Inner import: models of answers take memory that an idle process need not have.
        from gateway.catalogue.views import ProposalView

        if query.team is not None:
            principal.require_team(query.team)
        row, team = catalogue_proposals.c, query.team or principal.team
        where = [row.state == (query.state or "open")]
        if team is not None:
            where.append(teams.c.name == team)
        if query.cursor is not None:
            where.append(row.id > str(decode_cursor(query.cursor, str)[0]))
        async with self._database.read() as conn:
            found = await decided.proposals(conn, *where, limit=query.limit + 1)
            items = [await _view(conn, one) for one in found[: query.limit]]
        after = encode_cursor((items[-1].id,)) if len(found) > query.limit else None
        return Page[ProposalView](items=tuple(items), next_cursor=after)

    async def count(self, principal: Principal) -> int:
        """Return how many are open about the caller's models."""
        where = [catalogue_proposals.c.state == "open"]
        if principal.team is not None:
            where.append(teams.c.name == principal.team)
        async with self._database.read() as conn:
            return len(await decided.proposals(conn, *where))

    async def apply(self, principal: Principal, proposal_id: str) -> "ProposalView":
        """Do what is proposed, by the rules of whoever does that without a proposal.

        Raises:
            NotFound: there is no such proposal for the caller.
            Conflict: it is decided, the model is in no state for it, or something points at it.
            Unprocessable: its successor is not here yet.
            PermissionDenied: the caller may not do it.
        """
        async with self._database.read() as conn:
            one = await _open(conn, principal, proposal_id)
            successor = await _successor(conn, one)
        if one.kind == "removal":
            await self._deeds.delete(principal, one.model_uid)
        else:
            if one.kind == "successor" and successor is None:
                raise _no_successor(one)
            announced = Announcement(self._sunset(one.details), successor, f"the catalogue says so of {one.entry_id}")
            await self._deeds.deprecate(principal, one.model_uid, announced)
        return await self._decided(one, "applied", "proposal.apply")

    async def dismiss(self, principal: Principal, proposal_id: str) -> "ProposalView":
        """Leave the model as it is.

        Raises:
            NotFound, Conflict: as for `apply`.
        """
        async with self._database.read() as conn:
            one = await _open(conn, principal, proposal_id)
        return await self._decided(one, "dismissed", "proposal.dismiss")

    def _sunset(self, details: Mapping[str, Any]) -> str | None:
        """Return when it ends; a day that is over is none that could be announced."""
        sunset_at = details.get("sunset_at")
        today = rfc3339(self._clock.now_ms())[: len("2026-01-01")]
        return str(sunset_at) if sunset_at is not None and str(sunset_at)[: len(today)] > today else None

    async def _decided(self, one: Proposal, state: str, action: str) -> "ProposalView":
        now_ms, who = self._clock.now_ms(), acting()
        by = who.id or who.name or who.type
        async with self._database.write() as conn:
            if not await decided.decide(conn, one.id, state, now_ms=now_ms, by=by):
                raise _too_late(one.id)
            event = Event(
                action,
                "proposal",
                uid=one.id,
                name=f"{one.kind} of {one.model}",
                team=one.team,
                before={"state": "open"},
                after={"state": state, "kind": one.kind, "model": one.model_uid, "entry": one.entry_id},
            )
            await self._trail.write(conn, [event], now_ms)
            return await _view(conn, one._replace(state=state, decided_at=now_ms, decided_by=by))


async def _open(conn: AsyncConnection, principal: Principal, proposal_id: str) -> Proposal:
    found = await decided.proposals(conn, catalogue_proposals.c.id == proposal_id)
    if not found or not principal.sees_team(found[0].team):
        raise NotFound(
            f"proposal {proposal_id!r} not found",
            code="proposal_not_found",
            hint="modelport catalogue proposals lists those that are open",
        )
    if found[0].state != "open":
        raise _too_late(proposal_id)
    return found[0]


def _too_late(proposal_id: str) -> Conflict:
    return Conflict(
        f"proposal {proposal_id} is not open any more", code="state_conflict", hint="modelport catalogue proposals"
    )


def _no_successor(one: Proposal) -> Unprocessable:
    entry = one.details.get("successor")
    return Unprocessable(
        f"no active model of team {one.team!r} is made of {entry!r}, which takes over for {one.model!r}",
        code="bad_successor",
        hint=f"make one first: modelport models add NAME --from-catalogue {entry}",
    )


async def _successor(conn: AsyncConnection, one: Proposal) -> str | None:
    entry = one.details.get("successor")
    if entry is None:
        return None
    # The proposal's model is a row of the registry: its team is the successor's.
    found = (await conn.execute(models.select().where(models.c.uid == one.model_uid))).one()
    return await decided.successor_of(conn, found.team_id, str(entry))


async def _view(conn: AsyncConnection, one: Proposal) -> "ProposalView":
    # Inner import: as above.
    from gateway.catalogue.views import ProposalView

    successor = await _successor(conn, one)
    return ProposalView(
        id=one.id,
        kind=cast("Any", one.kind),
        state=cast("Any", one.state),
        model_uid=one.model_uid,
        model=one.model,
        team=one.team,
        entry_id=one.entry_id,
        details={**one.details, **({"successor_model": successor} if successor else {})},
        at=rfc3339(one.at),
        decided_at=None if one.decided_at is None else rfc3339(one.decided_at),
        decided_by=one.decided_by,
    )
