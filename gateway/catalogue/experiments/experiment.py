"""An experiment as a hub's signed file describes it, and who takes part in which variant. Pure.

What does not read strictly is not run: half an experiment is another experiment.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct

from gateway.catalogue.experiments.bucketing import WHOLE, Range, position, ranges
from gateway.catalogue.experiments.rendezvous import choose

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z")]
Share: TypeAlias = Annotated[int, Meta(ge=0, le=WHOLE)]
Points: TypeAlias = Annotated[int, Meta(ge=-100, le=100)]
Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Date: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")]
Standing = Literal["running", "waiting", "ended", "killed"]

_TARGET_POINTS: Final = 30


class Variant(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the ways: `boost` changes the points of entries, `propose` shows entries beside the others."""

    name: Name
    share: Share
    boost: dict[Id, Points] = {}
    propose: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()


class Experiment(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom it is about (`unit`), for how long, and what they are shown.

    It has `variants` with their shares, or `targets`, of which each unit gets one by rendezvous hashing. Of a
    `namespace` it owns `slots`: two experiments with different slots never share a unit (CAT-41).
    """

    id: Name
    unit: Literal["team", "key"]
    ends_at: Date
    """The day, in UTC, on which it is no longer run."""
    variants: Annotated[tuple[Variant, ...], Meta(max_length=20)] = ()
    targets: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()
    target_boost: Points = _TARGET_POINTS
    ramp: Share = WHOLE
    """How much of its range each variant has by now; a publisher only raises it."""
    starts_at: Date | None = None
    namespace: Name | None = None
    slots: tuple[Share, Share] = (0, WHOLE)
    killed: bool = False
    about: Annotated[str, Meta(max_length=300)] = ""

    def standing(self, today: str) -> Standing:
        """Return whether it runs on a day, 2026-11-21."""
        if self.killed:
            return "killed"
        if today >= self.ends_at:
            return "ended"
        return "waiting" if self.starts_at is not None and today < self.starts_at else "running"

    @property
    def names(self) -> tuple[str, ...]:
        """The variants: by name, or the targets themselves."""
        return self.targets or tuple(one.name for one in self.variants)

    def effect(self, variant: str) -> Variant | None:
        """Return what a variant does, None where there is none of that name."""
        if self.targets:
            return Variant(variant, WHOLE, {variant: self.target_boost}) if variant in self.targets else None
        return next((one for one in self.variants if one.name == variant), None)


def unsound(experiment: Experiment) -> str | None:
    """Return why an experiment cannot be run as it is, None where it can."""
    if bool(experiment.targets) is bool(experiment.variants):
        return "it has either variants or targets"
    names = experiment.names
    if len(set(names)) < len(names):
        return "two of its variants are called the same"
    if sum(one.share for one in experiment.variants) > WHOLE:
        return f"the shares of its variants sum to more than {WHOLE}"
    start, end = experiment.slots
    if start >= end:
        return "its slots are empty"
    if experiment.slots != (0, WHOLE) and experiment.namespace is None:
        return "it has slots of no namespace"
    return None


def overlapping(experiments: Mapping[str, Experiment]) -> Iterator[tuple[str, str]]:
    """Yield each experiment whose slots another one of its namespace has as well, and which one that is."""
    ordered = sorted((one for one in experiments.values() if one.namespace), key=lambda one: (one.slots, one.id))
    for number, one in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if one.namespace == other.namespace and other.slots[0] < one.slots[1]:
                yield one.id, other.id
                yield other.id, one.id


def assign(experiment: Experiment, secret: bytes, unit: str) -> str | None:
    """Return the variant that the unit is shown, None where it takes no part."""
    if not is_member(experiment, secret, unit):
        return None
    if experiment.targets:
        within = Range(0, experiment.ramp).holds(position(secret, experiment.id, unit))
        return choose(secret, experiment.id, unit, experiment.targets) if within else None
    here = position(secret, experiment.id, unit)
    parts = ranges((one.share for one in experiment.variants), experiment.ramp)
    return next((one.name for one, part in zip(experiment.variants, parts, strict=True) if part.holds(here)), None)


def is_member(experiment: Experiment, secret: bytes, unit: str) -> bool:
    """Return whether the unit is among those that the namespace gives to this experiment."""
    if experiment.namespace is None:
        return True
    return Range(*experiment.slots).holds(position(secret, f"namespace/{experiment.namespace}", unit))


def narrowed(before: Experiment, after: Experiment) -> str | None:
    """Return what takes units out of a running experiment or moves them in it, None where it only grows (CAT-40)."""
    shares = [[(one.name, one.share) for one in experiment.variants] for experiment in (before, after)]
    if after.ramp < before.ramp:
        return f"its ramp was {before.ramp} and would be {after.ramp}"
    if shares[1][: len(shares[0])] != shares[0] or (before.unit, before.namespace) != (after.unit, after.namespace):
        return "its variants, its unit or its namespace would be others"
    if not (after.slots[0] <= before.slots[0] and before.slots[1] <= after.slots[1]):
        return "its slots would be fewer"
    return None
