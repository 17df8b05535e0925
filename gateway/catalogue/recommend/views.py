"""What callers send to the routes of recommendations and experiments, and what these answer. Times are RFC 3339."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from gateway.described import Described

Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Words: TypeAlias = Annotated[tuple[Word, ...], Field(max_length=8)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Amount: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,12})?$")]
Count: TypeAlias = Annotated[int, Field(ge=0, le=2**53 - 1)]

ANYWHERE = "any"
"""In place of a region: neither the key's nor the configured one counts."""


class RecommendQuery(Described):
    """What is asked for. Each of these must certainly hold of an entry: what nobody knows does not."""

    task: Literal["chat", "completions", "embeddings", "images", "audio", "moderations", "rerank"] | None = None
    region: Word | None = None
    """Where it must be usable; left out: the region of your key, else catalogue.region; any: everywhere."""
    residency: Word | None = None
    """Where what is sent must stay."""
    licence: Words = ()
    """One of these."""
    needs: Words = ()
    """All of these capabilities, such as tools, json_schema, reasoning."""
    input: Words = ()
    """All of these go in, such as text, image, audio."""
    output: Words = ()
    """All of these come out."""
    open_weights: bool | None = None
    max_price_in: Amount | None = None
    """USD for a million tokens that go in."""
    max_price_out: Amount | None = None
    """The same for those that come out."""
    context: Count | None = None
    """Tokens at least."""
    ram: Count | None = None
    """Bytes of memory of the machine that is to run it."""
    team: Name | None = None
    """Whose experience counts; left out: the key's own team, or `default`."""
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    explain: bool = False
    """Say what every entry has its points for."""


class ForgetQuery(Described):
    """Whose experience is forgotten."""

    team: Name | None = None
    """Left out: the key's own team, or `default`."""


class FactorView(Described):
    """One reason for an entry's place."""

    kind: Literal["status", "rule", "experiment", "use", "latency", "errors"]
    name: str | None
    """The id of the rule or experiment."""
    points: float
    because: str
    """With the numbers that it comes from, for who may see the team's usage."""


class RecommendationView(Described):
    """An entry of the catalogue that fits."""

    id: str
    display_name: str | None
    publisher: str | None
    license: str | None
    status: str
    points: float
    """The sum of all factors. Equals are put in an order of the team's own."""
    models: tuple[str, ...]
    """The team's models that were made of it."""
    proposed_by: str | None
    """The experiment that shows it here although others have more points."""
    factors: tuple[FactorView, ...] | None
    """null unless they were asked for."""


class LeftOutView(Described):
    """How many entries a filter left out."""

    filter: str
    misfits: int
    """They do not fit."""
    unknown: int
    """Nobody knows whether they would."""


class LeftRuleView(Described):
    """A rule or an experiment of the hub that is not applied, and why."""

    id: str
    reason: str


class ShownVariantView(Described):
    """An experiment that this answer is part of."""

    experiment: str
    variant: str


class RecommendationsView(Described):
    """The best of the catalogue for a question, and how that came about."""

    items: tuple[RecommendationView, ...]
    team: str
    region: str | None
    """The one that counted: asked for or configured, never guessed."""
    considered: int
    left_out: tuple[LeftOutView, ...]
    serial: int | None
    """Which list this is."""
    state: str
    """How fresh it is, as in the catalogue's status."""
    age_s: int | None
    learning: bool
    """Whether the team's own use counts (catalogue.recommend)."""
    rules: int
    """Rules of the hub that are in force."""
    rules_left: tuple[LeftRuleView, ...]
    experiments: tuple[ShownVariantView, ...]
    suspended: str | None
    """Why nothing is recommended at all."""


class ForgottenView(Described):
    """What no longer counts."""

    team: str
    at: str
    """Use before this moment counts for nothing; today's daily sums begin to count tomorrow."""
    exposures: int
    """Counts of experiments that were deleted."""


class VariantView(Described):
    """One variant of an experiment, and who was shown it here."""

    name: str
    share: float
    """Percent of the units; of targets, which share alike, about so much."""
    units: int | None
    """null while they are fewer than 20."""
    times: int | None


class ExperimentView(Described):
    """An experiment of the hub."""

    id: str
    about: str
    standing: Literal["running", "waiting", "ended", "killed"]
    unit: Literal["team", "key"]
    ramp: float
    """Percent of each variant's share that takes part by now."""
    namespace: str | None
    starts_at: str | None
    ends_at: str
    variants: tuple[VariantView, ...]


class ExperimentsView(Described):
    """All experiments of the hub's file."""

    items: tuple[ExperimentView, ...]
    running: bool
    """Whether any is carried out here: not with catalogue.recommend switched off."""
    left: tuple[LeftRuleView, ...]
    """What the file has and this program does not understand."""
