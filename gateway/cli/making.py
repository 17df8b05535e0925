"""Making many models at once on a server, for `import` and `discover`: what is there stays, what fails is told.

Two steps: `plan` looks what is there, `run` makes what is not. Run again, it does nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from gateway.cli.aliases import NOUN as ALIAS
from gateway.cli.command import Session
from gateway.cli.endpoints import NOUN as ENDPOINT
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure
from gateway.cli.models import NOUN as MODEL
from gateway.cli.output import JsonObject
from gateway.cli.stages import FAIL
from gateway.cli.stages import PATH as PREFLIGHT
from gateway.cli.talk import say

_AT_ONCE = 64  # endpoints that a model may bring along (registry/inputs.py)


class Outcome(StrEnum):
    """What becomes of one object."""

    WOULD_MAKE = "would be made"
    WOULD_ADD = "would be added"
    MADE = "made"
    ADDED = "added"
    THERE = "is there"
    FAILED = "failed"


@dataclass(slots=True)
class Step:
    """One object and what becomes of it."""

    kind: str
    name: str
    outcome: Outcome
    detail: str = ""
    act: Callable[[], object] | None = field(default=None, repr=False)

    def as_data(self) -> JsonObject:
        """Return the step for a table or JSON."""
        return {"kind": self.kind, "name": self.name, "outcome": str(self.outcome), "detail": self.detail}


class Making:
    """Models, their endpoints and aliases, made on the session's server."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.outcomes: list[Step] = []
        self._failures: list[Failure] = []
        self._places: dict[str, str] = {}  # of each address that is new an endpoint

    @property
    def wanted(self) -> int:
        """How many objects would be made."""
        return sum(step.act is not None for step in self.outcomes)

    def plan(self, models: list[tuple[str, JsonObject]], aliases: list[tuple[str, str]] | None = None) -> None:
        """Look what is there already.

        Raises:
            Failure: the server cannot be asked.
        """
        known = {str(row["name"]): row for row in self._items(MODEL.path)}
        for name, body in models:
            self._plan_model(name, body, known.get(name))
        named = {str(row["name"]): row for row in self._items(ALIAS.path)} if aliases else {}
        for name, target in aliases or ():
            self._plan_alias(name, target, named.get(name), taken=name in known)

    def run(self) -> None:
        """Make what is not there, one after the other; a failure does not stop the others."""
        for step in self.outcomes:
            if step.act is None:
                continue
            try:
                step.act()
            except Failure as failure:
                if failure.exit_code in {ExitCode.UNREACHABLE, ExitCode.NOT_ALLOWED} and not self._done():
                    raise  # every other one would fail in the same way
                step.outcome, step.detail = Outcome.FAILED, failure.message
                self._failures.append(failure)
            else:
                step.outcome = Outcome.MADE if step.outcome is Outcome.WOULD_MAKE else Outcome.ADDED

    def check(self) -> None:
        """Have the server look at each address that is new, once, and say what it found; no model is called.

        To call each of many models would load them one by one; what is found is their health, and no failure.
        """
        for place, endpoint in self._places.items():
            body = {"endpoint": endpoint, "level": "existence"}
            try:
                report: JsonObject = self._session.api.post(PREFLIGHT, body).body
            except Failure as failure:
                say(f"{place} was not looked at: {failure.message}")
                return
            worst = next((one for one in report["endpoints"][0]["stages"] if one["verdict"] == FAIL), None)
            last = report["endpoints"][0]["stages"][-1]
            say(f"{place}: {(worst or last)['message']}")
        if self._places:
            say("No model was called: modelport check NAME --live calls one.")

    def end(self) -> None:
        """Return when everything is there.

        Raises:
            Failure: something could not be made; exit 9 when something else was.
        """
        if not self._failures:
            return
        first = self._failures[0]
        number = f"{len(self._failures)} of {len(self.outcomes)} could not be made"
        code = ExitCode.PARTIAL if len(self._failures) < len(self.outcomes) else first.exit_code
        raise Failure(f"{number}: {first.message}", exit_code=code, hint=first.hint, problem=first.problem)

    def _items(self, path: str) -> list[JsonObject]:
        team = self._team()
        return [row for row in self._session.api.items(path, team=team) if team is None or row.get("team") == team]

    def _team(self) -> str | None:
        if self._session.team is None:
            me: JsonObject = self._session.api.get("/me").body
            self._session.team = str(me.get("team") or "default")
        return self._session.team

    def _plan_model(self, name: str, body: JsonObject, found: JsonObject | None) -> None:
        endpoints: list[JsonObject] = body.get("endpoints", [])
        if found is None:
            first, rest = endpoints[:_AT_ONCE], endpoints[_AT_ONCE:]
            whole = {**body, "name": name, "team": self._team(), "endpoints": first}
            detail = ", ".join(str(one["base_url"]) for one in endpoints)
            self._step("model", name, Outcome.WOULD_MAKE, detail, lambda: self._make_model(whole, rest))
            return
        self._step("model", name, Outcome.THERE, "it is left as it is")
        there = {_place(name, one) for one in found.get("endpoints", ())}
        for one in endpoints:
            if _place(name, one) in there:
                self._step("endpoint", name, Outcome.THERE, str(one["base_url"]))
            else:
                act = partial(self._add, found["uid"], one)
                self._step("endpoint", name, Outcome.WOULD_ADD, str(one["base_url"]), act)

    def _make_model(self, body: JsonObject, rest: list[JsonObject]) -> None:
        made = _post(self._session, MODEL.path, body)
        for endpoint in made.get("endpoints", ()):
            self._places.setdefault(str(endpoint["base_url"]), str(endpoint["id"]))
        for one in rest:
            self._add(made["uid"], one)

    def _add(self, uid: str, endpoint: JsonObject) -> None:
        made = _post(self._session, ENDPOINT.path, {**endpoint, "model": uid})
        self._places.setdefault(str(made["base_url"]), str(made["id"]))

    def _plan_alias(self, name: str, target: str, found: JsonObject | None, *, taken: bool) -> None:
        if taken:
            self._refused("alias", name, f"a model is called {name} already")
        elif found is None:
            body = {"name": name, "model": target, "team": self._team()}
            self._step(
                "alias", name, Outcome.WOULD_MAKE, f"of {target}", lambda: self._session.api.post(ALIAS.path, body)
            )
        elif found.get("model") == target:
            self._step("alias", name, Outcome.THERE, f"of {target}")
        else:
            self._refused("alias", name, f"it points to {found.get('model')} already, not to {target}")

    def _step(
        self, kind: str, name: str, outcome: Outcome, detail: str, act: Callable[[], object] | None = None
    ) -> None:
        self.outcomes.append(Step(kind, name, outcome, detail, act))

    def _refused(self, kind: str, name: str, why: str) -> None:
        self._step(kind, name, Outcome.FAILED, why)
        hint = f"modelport aliases edit {name} --model MODEL" if "points" in why else "rename one of the two"
        self._failures.append(Failure(f"{kind} {name!r}: {why}", exit_code=ExitCode.USAGE, hint=hint))

    def _done(self) -> bool:
        return any(step.outcome in {Outcome.MADE, Outcome.ADDED} for step in self.outcomes)


def _place(model: str, endpoint: JsonObject) -> tuple[str, str]:
    """Return what makes two endpoints the same: where, and as what."""
    return str(endpoint["base_url"]), str(endpoint.get("upstream_model") or model)


def _post(session: Session, path: str, body: JsonObject) -> JsonObject:
    """Register something with its addresses checked alone: to call each of many models would load them one by one.

    Who may not shorten a check has it done in full.
    """
    try:
        made: JsonObject = session.api.post(path, body, preflight="address").body
    except Failure as failure:
        if failure.exit_code is not ExitCode.NOT_ALLOWED or session.key is None:
            raise
        made = session.api.post(path, body).body
    return made
