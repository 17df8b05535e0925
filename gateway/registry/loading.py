"""How the next snapshot is read: what changed since the one before, or everything when that is too much or unknown.

Used by registry.py alone, inside one reading transaction, so that revision and rows belong together.
"""

import asyncio
import gc
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gateway.garbage import Sweep
from gateway.registry.draft import Draft
from gateway.registry.record import Page, RetiredRecord
from gateway.registry.snapshot import LEAVING_STATES, Snapshot
from gateway.registry.store.changes import Changed, since
from gateway.registry.store.retired import read_retired, read_retired_pages
from gateway.registry.store.snapshot import (
    ALIASES_BY_ID,
    SOME,
    read_changed,
    read_defaults,
    read_models,
    read_pages,
    read_revision,
)
from gateway.registry.store.tables import ENDPOINTS, GATEWAYS, TEAMS
from gateway.storage import schema
from gateway.storage.connection import AsyncConnection

_MANY_PAGES = 100
"""From so many on the collector never looks at them again: a look at 100,000 models took 100 ms. They are freed by
their counts; of what else was garbage at that moment no more is kept than a few reloads leave."""
_LET_GO = 2000
"""Objects that are freed at once: 1 ms."""


async def load(conn: AsyncConnection, previous: Snapshot) -> Draft:
    """Return the draft of the registry as it stands."""
    revision = await read_revision(conn)
    known = len(previous.by_uid) + len(previous.retired)
    changed = await since(conn, previous.revision, revision, models=known)
    gateways = await GATEWAYS.all(conn)
    draft = Draft(previous, revision=revision, gateways=gateways, whole=changed is None)
    if changed is None:
        await _read_all(conn, draft)
    else:
        await _read_changed(conn, draft, previous, changed)
    return draft


async def let_go(before: list[Any], values: list[object]) -> None:
    """Free what only an older snapshot holds: its tables one by one, then what was in them, some at a time.

    Of 100,000 models a table takes a millisecond or two, all that is in them took 80.
    """
    while before:
        before.pop()
        await asyncio.sleep(0)
    while values:
        del values[-_LET_GO:]
        await asyncio.sleep(0)


async def _in_turns(turns: Iterator[None]) -> None:
    """Take all turns; whoever has become ready meanwhile is served between two of them."""
    for _ in turns:
        await asyncio.sleep(0)


async def _read_all(conn: AsyncConnection, draft: Draft) -> None:
    draft.put_teams(await TEAMS.all(conn))
    number, sweep = 0, Sweep()
    async for page in read_pages(conn):
        await _in_turns(draft.put(page))
        number += 1
        sweep.look()
        await asyncio.sleep(0)
    async for retired in read_retired_pages(conn):
        draft.put_retired(retired)
        sweep.look()
        await asyncio.sleep(0)
    if number >= _MANY_PAGES:
        gc.freeze()
    defaults = await read_defaults(conn)
    draft.put_defaults({row.team_id for row in defaults}, defaults)


async def _read_changed(conn: AsyncConnection, draft: Draft, previous: Snapshot, changed: frozenset[Changed]) -> None:
    ids = _by_noun(changed)
    endpoints = await read_changed(conn, ENDPOINTS, previous.revision) if ids["endpoints"] else []
    aliases = await read_changed(conn, ALIASES_BY_ID, previous.revision) if ids["aliases"] else []
    owners = {row.model_uid for row in endpoints} | _owners(previous, ids["endpoints"])
    uids = ids["models"] | owners
    settled = {uid: previous.by_uid[uid].name for uid in uids - owners if uid in previous.by_uid}
    page, retired = Page(), list[RetiredRecord]()
    for some in _some(uids):
        here = await read_models(conn, some, settled)
        page = _joined(page, here)
        if gone := set(some) - {row.uid for row in here.models if row.state not in LEAVING_STATES}:
            retired += await read_retired(conn, gone)
    team_ids = ids["teams"] | _teams(previous, uids)
    team_ids |= {row.team_id for row in page.models} | {row.team_id for row in aliases}
    team_ids |= {row.team_id for row in retired}
    teams = await TEAMS.all(conn, schema.teams.c.id.in_(team_ids))
    await _in_turns(draft.take_over(team_ids))
    draft.drop_aliases(ids["aliases"])
    await _in_turns(draft.drop_models(uids))
    draft.put_teams(teams)
    await _in_turns(draft.put(page._replace(aliases=(*page.aliases, *aliases))))
    draft.put_retired(retired)
    known = {team.id for team in teams}
    draft.put_defaults(known, await read_defaults(conn, known))  # of an endpoint that came back, too
    draft.drop_teams(team_ids - known)


def _some(ids: Collection[str]) -> Iterator[list[str]]:
    """Yield the ids in parts: a statement with many of them, and what it finds, holds up everybody else."""
    ordered = sorted(ids)
    yield from (ordered[start : start + SOME] for start in range(0, len(ordered), SOME))


def _joined(one: Page, more: Page) -> Page:
    return Page(
        models=(*one.models, *more.models),
        endpoints=(*one.endpoints, *more.endpoints),
        aliases=(*one.aliases, *more.aliases),
        fallbacks={**one.fallbacks, **more.fallbacks},
        settled=one.settled | more.settled,
    )


def _by_noun(changed: frozenset[Changed]) -> Mapping[str, set[str]]:
    ids: dict[str, set[str]] = {noun: set() for noun in ("teams", "gateways", "models", "endpoints", "aliases")}
    for one in changed:
        ids[one.noun].add(one.row_id)
    return ids


def _owners(previous: Snapshot, endpoint_ids: set[str]) -> set[str]:
    return {previous.endpoints[one][0].uid for one in endpoint_ids if one in previous.endpoints}


def _teams(previous: Snapshot, uids: set[str]) -> set[str]:
    known = (previous.by_uid.get(uid) or previous.retired.get(uid) for uid in uids)
    return {previous.teams[one.team].id for one in known if one is not None}
