"""From what was found to what is answered, and from what was asked to what is looked for. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from gateway.catalogue.experiments.bucketing import WHOLE
from gateway.catalogue.experiments.experiment import Experiment
from gateway.catalogue.experiments.exposures import Shown
from gateway.catalogue.experiments.showing import Showing
from gateway.catalogue.recommend.learned import Learned
from gateway.catalogue.recommend.ranking import Ranked, Ranking
from gateway.catalogue.recommend.rules import Rule, Rules
from gateway.catalogue.recommend.views import (
    ANYWHERE,
    ExperimentsView,
    ExperimentView,
    FactorView,
    LeftOutView,
    LeftRuleView,
    RecommendationsView,
    RecommendationView,
    RecommendQuery,
    ShownVariantView,
    VariantView,
)
from gateway.catalogue.recommend.wanted import Wanted

if TYPE_CHECKING:
    from gateway.catalogue.recommend.service import Standing

_PERCENT = WHOLE / 100


def wanted_of(query: RecommendQuery, own_region: str | None) -> Wanted:
    """Return what is looked for; a region that was asked for goes before the key's or the configured one."""
    region = query.region or own_region
    return Wanted(
        task=query.task,
        region=None if region == ANYWHERE else region,
        residency=query.residency,
        licences=query.licence,
        needs=query.needs,
        inputs=query.input,
        outputs=query.output,
        open_weights=query.open_weights,
        max_price_in=None if query.max_price_in is None else Decimal(query.max_price_in),
        max_price_out=None if query.max_price_out is None else Decimal(query.max_price_out),
        context=query.context,
        ram_bytes=query.ram,
    )


def recommendations(  # noqa: PLR0913 - keyword-only from the fifth on
    ranking: Ranking,
    learned: Learned,
    wanted: Wanted,
    standing: "Standing",
    *,
    explain: bool,
    rules: Rules,
    in_force: Sequence[Rule],
    showings: Sequence[Showing],
) -> RecommendationsView:
    """Return the answer to a question."""
    return _answer(
        learned,
        wanted,
        standing,
        items=tuple(_item(one, learned, explain=explain) for one in ranking.best()),
        considered=ranking.considered,
        left_out=_left_out(ranking),
        rules=len(in_force),
        rules_left=tuple(LeftRuleView(**one._asdict()) for one in rules.left),
        experiments=tuple(ShownVariantView(experiment=one.experiment, variant=one.effect.name) for one in showings),
    )


def suspended(reason: str, learned: Learned, wanted: Wanted, standing: "Standing") -> RecommendationsView:
    """Return the answer when nothing may be recommended."""
    return _answer(learned, wanted, standing, reason=reason)


def experiments(
    rules: Rules, counted: Mapping[tuple[str, str], Shown], *, today: str, running: bool
) -> ExperimentsView:
    """Return the experiments with what was counted of them."""
    return ExperimentsView(
        items=tuple(_experiment(one, counted, today) for one in rules.experiments),
        running=running,
        left=tuple(LeftRuleView(**one._asdict()) for one in rules.left),
    )


def _answer(  # noqa: PLR0913 - keyword-only from the fourth on
    learned: Learned,
    wanted: Wanted,
    standing: "Standing",
    *,
    items: tuple[RecommendationView, ...] = (),
    considered: int = 0,
    left_out: tuple[LeftOutView, ...] = (),
    rules: int = 0,
    rules_left: tuple[LeftRuleView, ...] = (),
    experiments: tuple[ShownVariantView, ...] = (),
    reason: str | None = None,
) -> RecommendationsView:
    return RecommendationsView(
        items=items,
        team=learned.team,
        region=wanted.region,
        considered=considered,
        left_out=left_out,
        serial=standing.serial,
        state=standing.state,
        age_s=standing.age_s,
        learning=learned.learning,
        rules=rules,
        rules_left=rules_left,
        experiments=experiments,
        suspended=reason,
    )


def _item(one: Ranked, learned: Learned, *, explain: bool) -> RecommendationView:
    entry = one.entry
    return RecommendationView(
        id=entry.id,
        display_name=entry.display_name,
        publisher=entry.publisher,
        license=entry.license,
        status=entry.status,
        points=one.points,
        models=learned.use.models.get(entry.id, ()),
        proposed_by=one.proposed_by,
        factors=tuple(FactorView(**factor._asdict()) for factor in one.factors) if explain else None,
    )


def _left_out(ranking: Ranking) -> tuple[LeftOutView, ...]:
    """Return the counts, most first."""
    counted: dict[str, list[int]] = {}
    for reason, number in ranking.left.items():
        counted.setdefault(reason.filter, [0, 0])[reason.is_unknown] += number
    ordered = sorted(counted.items(), key=lambda one: (-sum(one[1]), one[0]))
    return tuple(LeftOutView(filter=name, misfits=known, unknown=unknown) for name, (known, unknown) in ordered)


def _experiment(one: Experiment, counted: Mapping[tuple[str, str], Shown], today: str) -> ExperimentView:
    shares = {variant.name: variant.share for variant in one.variants} or dict.fromkeys(
        one.targets, WHOLE // len(one.targets) if one.targets else 0
    )
    return ExperimentView(
        id=one.id,
        about=one.about,
        standing=one.standing(today),
        unit=one.unit,
        ramp=one.ramp / _PERCENT,
        namespace=one.namespace,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        variants=tuple(
            VariantView(
                name=name,
                share=share / _PERCENT,
                units=None if (shown := counted.get((one.id, name))) is None else shown.units,
                times=None if shown is None else shown.times,
            )
            for name, share in shares.items()
        ),
    )
