"""`recommend.json`, as a hub signs it: rules that lift or lower entries, and experiments. Pure.

    {"schema": 1,
     "rules": [{"id": "eu-first", "when": {…}, "boost": 20, "because": "stays in the EU", "until": "2027-01-01"}],
     "experiments": [{"id": "order-1", "unit": "team", "ends_at": "2026-12-31", "variants": […]}]}

A rule or an experiment that is not understood to its last word is left out, visibly: half a rule is another rule.
"""

from typing import Annotated, Any, Final, NamedTuple

from msgspec import Meta, Struct, ValidationError, convert

from gateway.catalogue.canonical import NotCanonical, decode
from gateway.catalogue.experiments.experiment import Date, Experiment, Name, Points, narrowed, overlapping, unsound
from gateway.catalogue.fitness import steering
from gateway.catalogue.recommend.condition import BadCondition, Condition, read_condition

PATH: Final = "recommend.json"
"""The target's name at a hub (CAT-25), and the file's name here."""
SCHEMA: Final = 1
MAX_BYTES: Final = 512 * 1024
_MOST_RULES: Final = 200
"""Each is looked at for each entry that fits: 200 for 100,000 entries take some seconds of a thread."""
_MOST_EXPERIMENTS: Final = 100


class BadRules(ValueError):
    """A file that is none, or for a later program than this."""


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    id: Name
    when: Any
    boost: Points
    because: Annotated[str, Meta(min_length=1, max_length=200)]
    until: Date | None = None


class Rule(NamedTuple):
    """When `when` holds of an entry, it has `boost` points more, `because` of that."""

    id: str
    when: Condition
    boost: int
    because: str
    until: str | None

    def is_over(self, today: str) -> bool:
        """Return whether it no longer counts on a day, 2026-11-21."""
        return self.until is not None and today >= self.until


class Left(NamedTuple):
    """A rule or an experiment that is not applied, and why."""

    id: str
    reason: str


class Rules(NamedTuple):
    """What of a file is applied, and what is not."""

    rules: tuple[Rule, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    left: tuple[Left, ...] = ()


NONE: Final = Rules()


def read_rules(raw: bytes) -> Rules:
    """Return the rules of a file; what is not understood is in `left`.

    Raises:
        BadRules: nothing of it can be used.
    """
    try:
        value = decode(raw, limit=MAX_BYTES)
    except NotCanonical as error:
        raise BadRules(f"{PATH} is no list of rules: {error}") from error
    if value.get("schema") != SCHEMA:
        raise BadRules(f"{PATH} has schema {value.get('schema')!r:.20}, and {SCHEMA} is known here")
    if reason := steering(value, raw):
        raise BadRules(f"{PATH}: {reason}")
    rules, left = _read_rules(_list(value, "rules", _MOST_RULES))
    experiments, more = _read_experiments(_list(value, "experiments", _MOST_EXPERIMENTS))
    return Rules(rules, experiments, (*left, *more))


def check_rules(raw: bytes, before: bytes | None = None) -> Rules:
    """Return the rules of a file that is to be published; `before` is the one that is published now.

    Raises:
        BadRules: something in it would not be applied, or a running experiment would lose units or move them.
    """
    rules = read_rules(raw)
    for one in rules.left:
        raise BadRules(f"{one.id}: {one.reason}")
    known = {one.id: one for one in read_rules(before).experiments} if before else {}
    for experiment in rules.experiments:
        old = known.get(experiment.id)
        if old is not None and not experiment.killed and (reason := narrowed(old, experiment)):
            raise BadRules(f"{experiment.id}: {reason}; end it with killed, and begin another one")
    return rules


def _list(value: dict[str, Any], name: str, most: int) -> list[Any]:
    found = value.get(name, [])
    if not isinstance(found, list) or len(found) > most:
        raise BadRules(f"{PATH}: {name} is no list of at most {most}")
    return found


def _read_rules(values: list[Any]) -> tuple[tuple[Rule, ...], list[Left]]:
    rules: dict[str, Rule] = {}
    left = []
    for number, value in enumerate(values):
        try:
            written = convert(value, _Written)
            rule = Rule(written.id, read_condition(written.when), written.boost, written.because, written.until)
        except (ValidationError, BadCondition) as error:
            left.append(Left(_id_of(value, f"rules.{number}"), str(error)))
            continue
        if rule.id in rules:
            left.append(Left(rule.id, "another rule before it has the same id"))
        else:
            rules[rule.id] = rule
    return tuple(rules.values()), left


def _read_experiments(values: list[Any]) -> tuple[tuple[Experiment, ...], list[Left]]:
    found: dict[str, Experiment] = {}
    left = []
    for number, value in enumerate(values):
        try:
            experiment = convert(value, Experiment)
        except ValidationError as error:
            left.append(Left(_id_of(value, f"experiments.{number}"), str(error)))
            continue
        reason = unsound(experiment)
        if reason or experiment.id in found:
            left.append(Left(experiment.id, reason or "another experiment before it has the same id"))
        else:
            found[experiment.id] = experiment
    clashing = dict(overlapping({id_: one for id_, one in found.items() if not one.killed}))
    left += [Left(id_, f"{other} has some of its slots as well") for id_, other in sorted(clashing.items())]
    return tuple(one for one in found.values() if one.id not in clashing), left


def _id_of(value: Any, otherwise: str) -> str:
    id_ = value.get("id") if isinstance(value, dict) else None
    return id_[:64] if isinstance(id_, str) else otherwise
