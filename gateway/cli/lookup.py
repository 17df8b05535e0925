"""From what a person typed to the one object that it names: exact names and ids only, never a part of a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from gateway.cli.client import segment
from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.output import JsonObject

_SHOWN = 10  # candidates of an ambiguous name: what still fits on a screen
_COMPARED = 1000  # names that "did you mean" looks at: five pages, well below a second


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of object: how it is called, and which members of it are names."""

    singular: str
    plural: str
    prefix: str
    key: str = "id"
    names: tuple[str, ...] = ("name",)
    in_team: bool = True
    by_name: bool = True
    """Whether its list takes `?name=`."""

    @property
    def path(self) -> str:
        """Where its list is."""
        return f"/{self.plural}"

    def path_of(self, row: JsonObject) -> str:
        """Where the object is."""
        return f"{self.path}/{segment(row[self.key])}"


def find(session: Session, noun: Noun, named: str) -> JsonObject:
    """Return the object with this name or id.

    Raises:
        Failure: there is none (exit 3, with the nearest names), or several (exit 2, with the candidates).
    """
    if named.startswith(noun.prefix):
        body: JsonObject = session.api.get(f"{noun.path}/{segment(named)}").body
        return body
    team = session.team if noun.in_team else None
    rows = session.api.items(noun.path, name=named if noun.by_name else None, team=team)
    found = [row for row in rows if named in {row.get(name) for name in noun.names}]
    if not found and noun.plural == "models":
        _refuse_alias(session, named)
        _refuse_deleted(session, noun, named)
    if not found:
        raise _unknown(noun, named, list(islice(session.api.items(noun.path, team=team), _COMPARED)))
    if len(found) > 1:
        raise _ambiguous(noun, named, found)
    return found[0]


def find_deleted(session: Session, noun: Noun, named: str) -> JsonObject:
    """Return the deleted object with this name or id.

    Raises:
        Failure: there is none, or several had this name (exit 2, with when each was deleted).
    """
    if named.startswith(noun.prefix):
        return find(session, noun, named)
    found = list(session.api.items(noun.path, name=named, team=session.team, state="deleted"))
    if not found:
        deleted = list(islice(session.api.items(noun.path, team=session.team, state="deleted"), _COMPARED))
        raise _unknown(noun, named, deleted, adjective="deleted ", show=" --state deleted")
    if len(found) > 1:
        raise _ambiguous(noun, named, found)
    return found[0]


def _unknown(noun: Noun, named: str, rows: Sequence[JsonObject], *, adjective: str = "", show: str = "") -> Failure:
    # Inner import: difflib, which only this sentence needs.
    from gateway.registry.names import nearest

    names = [str(row.get(noun.names[0])) for row in rows]
    close = nearest(named, names)
    question = f"; did you mean {close[0]!r}?" if close else ""
    kind = f"{adjective}{noun.singular if len(names) == 1 else noun.plural}"
    number = f"{len(names)} {kind}" if names else f"no {kind} yet"
    return Failure(
        f"{adjective}{noun.singular} {named!r} not found{question}",
        exit_code=ExitCode.NOT_FOUND,
        hint=f"{number}: modelport {noun.plural} list{show}",
    )


def _refuse_alias(session: Session, named: str) -> None:
    """Say which model an alias stands for, where a model itself is needed."""
    for row in session.api.items("/aliases", team=session.team):
        if row.get("name") == named:
            raise Failure(
                f"{named!r} is an alias of the model {row['model']!r} of team {row['team']!r}, and no model",
                exit_code=ExitCode.NOT_FOUND,
                hint=f"name the model, {row['model']}; the alias itself: modelport aliases show {named}",
            )


def _refuse_deleted(session: Session, noun: Noun, named: str) -> None:
    """Say that a model is deleted, and how it comes back."""
    for row in session.api.items(noun.path, name=named, team=session.team, state="deleted"):
        raise Failure(
            f"model {named!r} of team {row['team']!r} is deleted already",
            exit_code=ExitCode.NOT_FOUND,
            hint=f"modelport models restore {named} brings it back; modelport models show {row['uid']} shows it",
        )


def _ambiguous(noun: Noun, named: str, found: Sequence[JsonObject]) -> Failure:
    shown = ", ".join(_candidate(noun, row) for row in found[:_SHOWN])
    return UsageFailure(
        f"{named!r} names {len(found)} {noun.plural}: {shown}",
        hint="say which one with --team, or give its id" if noun.in_team else "give its id",
    )


def _candidate(noun: Noun, row: JsonObject) -> str:
    about = [f"team {row['team']}"] if row.get("team") else []
    about += [f"deleted {row['delete_time']}"] if row.get("delete_time") else []
    return f"{row[noun.key]} ({', '.join(about)})" if about else str(row[noun.key])
