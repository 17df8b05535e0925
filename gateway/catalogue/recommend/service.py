"""Recommendations: hard filters, then the hub's signed rules, then the team's own experience, all of it explainable.

Nothing is sent anywhere, and no call waits for any of it: what a name resolves to is the registry's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.catalogue.decided import EVERYBODY
from gateway.catalogue.experiments.showing import Experiments, Showing
from gateway.catalogue.recommend import forgetting, rendering
from gateway.catalogue.recommend.learned import Learned, Memory
from gateway.catalogue.recommend.ranking import Ranking
from gateway.catalogue.recommend.rules import Rule, Rules
from gateway.catalogue.recommend.rules_file import RulesFile
from gateway.catalogue.recommend.score import Lift, Scoring
from gateway.catalogue.recommend.shelves import entries_of, pages_of
from gateway.catalogue.recommend.views import ExperimentsView, ForgottenView, RecommendationsView, RecommendQuery
from gateway.catalogue.recommend.wanted import Wanted
from gateway.catalogue.service import DEFAULT_TEAM, CatalogueService, Opened
from gateway.settings import CatalogueSettings
from gateway.storage.clock import Clock, rfc3339
from gateway.storage.engine import Database
from gateway.usage.model import day_of

EXPIRED: Final = (
    "the hub's list expired more than 7 days ago, so nothing is recommended by it; calls go on "
    "(modelport catalogue status)"
)


class Standing(Struct, frozen=True):
    """How fresh the list is that is recommended from."""

    state: str
    age_s: int | None
    may_advise: bool
    serial: int | None


class _Question(Struct, frozen=True, kw_only=True):
    """What is asked, and everything that depends on who asks."""

    wanted: Wanted
    most: int
    rules: tuple[Rule, ...]
    showings: tuple[Showing, ...]
    tells_numbers: bool
    hidden: frozenset[str]

    def key(self) -> tuple[object, ...]:
        """Return what makes two questions the same; rules and variants are those of one file."""
        shown = tuple((one.experiment, one.effect.name) for one in self.showings)
        return self.wanted, self.most, shown, self.tells_numbers, self.hidden


class RecommendService:
    """One for each process."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        database: Database,
        clock: Clock,
        trail: Trail,
        catalogue: CatalogueService,
        experiments: Experiments,
        rules: RulesFile,
        settings: Callable[[], CatalogueSettings],
    ) -> None:
        self._database = database
        self._clock = clock
        self._trail = trail
        self._catalogue = catalogue
        self._experiments = experiments
        self._rules = rules
        self._settings = settings
        self._memory = Memory(database, clock)

    async def recommend(self, principal: Principal, query: RecommendQuery) -> RecommendationsView:
        """Return the best entries for a question of a team.

        Raises:
            NotFound: another team than the caller's.
            Unavailable: there is no catalogue yet.
        """
        settings, now_ms = self._settings(), self._clock.now_ms()
        team = self._team(principal, query.team)
        wanted = rendering.wanted_of(query, principal.region or settings.region)
        opened = await self._catalogue.opened()
        standing, rules = standing_of(opened), self._rules.rules
        learned = await self._memory.of(team, learning=settings.recommend)
        if not standing.may_advise:
            return rendering.suspended(EXPIRED, learned, wanted, standing)
        in_force = tuple(one for one in rules.rules if not one.is_over(day_of(now_ms)))
        showings = await self._showings(principal, rules, learned, now_ms)
        ranking = await self._ranking(
            opened,
            _Question(
                wanted=wanted,
                most=query.limit,
                rules=in_force,
                showings=showings,
                tells_numbers=principal.may(Permission.USAGE_READ),
                hidden=await self._hidden(principal, team),
            ),
            learned,
        )
        await self._experiments.note(showings, now_ms)
        return rendering.recommendations(
            ranking, learned, wanted, standing, explain=query.explain, rules=rules, in_force=in_force, showings=showings
        )

    async def forget(self, principal: Principal, team: str | None) -> ForgottenView:
        """Have nothing of what the team did up to now count, and delete what experiments counted of it.

        Raises:
            NotFound: another team than the caller's.
        """
        name, now_ms = self._team(principal, team), self._clock.now_ms()
        known = await self._memory.of(name, learning=False)
        async with self._database.read() as conn:
            units = (known.team_id, *await forgetting.key_ids_of(conn, known.team_id))
        hashes = await self._experiments.hashes_of(units)
        async with self._database.write() as conn:
            await forgetting.forget(conn, known.team_id, now_ms)
            exposures = await self._experiments.forget(conn, hashes)
            event = Event(
                "recommendations.forget",
                "team",
                uid=known.team_id,
                name=name,
                team=name,
                after={"forgotten_at": rfc3339(now_ms), "exposures": exposures},
            )
            await self._trail.write(conn, [event], now_ms)
        self._memory.drop(name)
        return ForgottenView(team=name, at=rfc3339(now_ms), exposures=exposures)

    async def experiments(self) -> ExperimentsView:
        """Return the hub's experiments, and how many were shown what."""
        rules = self._rules.rules
        counted = await self._experiments.counted(rules.experiments)
        today = day_of(self._clock.now_ms())
        return rendering.experiments(rules, counted, today=today, running=self._settings().recommend)

    async def sweep(self) -> int:
        """Delete what was counted of experiments that are long gone, and what teams that are gone had forgotten."""
        async with self._database.write() as conn:
            await forgetting.sweep(conn)
        return await self._experiments.sweep(self._rules.rules.experiments, self._clock.now_ms())

    async def _showings(self, principal: Principal, rules: Rules, learned: Learned, now_ms: int) -> tuple[Showing, ...]:
        if not learned.learning:
            return ()
        units = {"team": learned.team_id, "key": principal.key_id}
        return await self._experiments.shown(rules.experiments, units, now_ms, provider=self._settings().openfeature)

    async def _hidden(self, principal: Principal, team: str) -> frozenset[str]:
        found = await self._catalogue.suppressions(principal)
        return frozenset(one.entry_id for one in found if one.team in {EVERYBODY, team})

    def _ranking(self, opened: Opened, question: "_Question", learned: Learned) -> Awaitable[Ranking]:
        """Return the best of the list; the same question is answered once a minute."""
        key = (
            "recommendations",
            question.key(),
            opened.lists.stamp,
            self._rules.stamp,
            day_of(self._clock.now_ms()),
            (learned.team_id, learned.at_ms),
        )
        return self._catalogue.memory.get(key, lambda: _rank(opened, question, learned))

    def _team(self, principal: Principal, team: str | None) -> str:
        if team is not None:
            principal.require_team(team)
        return team or principal.team or DEFAULT_TEAM


def standing_of(opened: Opened) -> Standing:
    """Return how fresh the list is; one of the configuration is as it was written there."""
    version = opened.lists.version
    serial = None if version is None else version.serial
    if opened.sync is None:
        return Standing("static", None, may_advise=True, serial=serial)
    status = opened.sync.status()
    return Standing(status.state, status.age_s, status.may_advise, serial)


async def _rank(opened: Opened, question: _Question, learned: Learned) -> Ranking:
    scoring = Scoring(
        asked=question.wanted.asked(),
        rules=question.rules,
        use=learned.use,
        lifts=_lifts(question.showings),
        team=learned.team_id,
        tells_numbers=question.tells_numbers,
    )
    proposed = {entry: one.experiment for one in question.showings for entry in one.effect.propose}
    ranking = Ranking(question.wanted, scoring, most=question.most, proposed=proposed, hidden=question.hidden)
    async for bodies in pages_of(opened.lists):
        await asyncio.to_thread(ranking.take, entries_of(bodies))
    return ranking


def _lifts(showings: Sequence[Showing]) -> dict[str, tuple[Lift, ...]]:
    lifts: dict[str, tuple[Lift, ...]] = {}
    for one in showings:
        for entry, points in one.effect.boost.items():
            lifts[entry] = (*lifts.get(entry, ()), Lift(one.experiment, one.effect.name, points))
    return lifts
