"""One check of one endpoint: its stages in order, told as they end. Used by service.py alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Literal, Protocol

from msgspec import Struct
from yarl import URL

from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.preflight import address, existence
from gateway.preflight.address import Address, Surroundings
from gateway.preflight.asking import CONNECT_S, Asker, place
from gateway.preflight.books import Books
from gateway.preflight.checks import NETWORK, StageName, stage
from gateway.preflight.existence import Existence
from gateway.preflight.limits import Limits
from gateway.preflight.memory import Call, Memory
from gateway.preflight.trial import Trial, attempt, attempt_stream
from gateway.registry.snapshot import Snapshot
from gateway.registry.verdict import EndpointReport, StageView, Verdict, worst
from gateway.upstream.egress import Egress
from gateway.vault.secret import Secret

Level = Literal["address", "existence", "trial"]
Tell = Callable[["Wish", StageView], Awaitable[None]]

_JUDGED: Final = frozenset({"found", "not_listed", "loading", "model_there", "model_not_there"})
"""Findings that only a model server brings about."""
_SHOWN: Final = 5  # models
_RUN: Final[dict[str, tuple[str, ...]]] = {
    "address": (),
    "existence": ("existence",),
    "trial": ("existence", "trial"),
}


class Wish(Struct, frozen=True, kw_only=True):
    """An endpoint to check. `model` is the upstream's name, "" for any; `endpoint` its id, when it is registered."""

    team: str
    base_url: str
    model: str
    task: str = "chat"
    key: Secret | None = None
    endpoint: str | None = None


class Snapshots(Protocol):
    """What is registered."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest."""
        ...


class Tools(Struct, frozen=True, kw_only=True):
    """What a check works with. `own` gives the host names and the port under which this process listens."""

    asker: Asker
    egress: Egress
    registry: Snapshots
    limits: Limits
    memory: Memory
    own: Callable[[], tuple[frozenset[str], int]]
    allow_insecure_http: Callable[[], bool]
    books: Books | None = None

    async def addresses(self, url: URL) -> list[str]:
        """Return what the host's name stands for, of that what the policy allows.

        Raises:
            PermissionError: the policy forbids all of it.
            OSError: nobody knows the name, or nobody says so in time.
        """
        async with asyncio.timeout(CONNECT_S):
            return await self.egress.addresses(url)


class Run:
    """One check of one endpoint."""

    def __init__(  # noqa: PLR0913 - keyword-only, as `Preflight.run` has it
        self,
        tools: Tools,
        principal: Principal,
        wish: Wish,
        *,
        level: Level,
        stream: bool,
        server: str,
        tell: Tell | None,
    ) -> None:
        self._tools = tools
        self._principal = principal
        self._wish = wish
        self._level = level
        self._stream = stream
        self._server = server
        self._tell = tell
        self._who = principal.key_id or principal.name
        self._admin = principal.may(Permission.ENDPOINTS_FORCE)
        self._stages: list[StageView] = []

    async def report(self) -> EndpointReport:
        """Run the stages that the level asks for; none after one that failed."""
        read = address.read(self._wish.base_url)
        if isinstance(read, StageView):
            await self._end(read)
            await self._skip("existence", "trial")
            return self._reported(address.shown(self._wish.base_url))
        began = time.perf_counter()
        found = await self._address(read)
        await self._end(found.model_copy(update={"took_ms": _since(began)}))
        if found.verdict is Verdict.FAIL:
            await self._skip("existence", "trial")
        elif self._level != "address":
            await self._ask(read.url)
        return self._reported(str(read.url))

    async def _address(self, read: Address) -> StageView:
        """Return stage a: what the text alone shows, then what its host's name stands for."""
        around, has_key = self._around(), self._wish.key is not None
        allow = around.allow_insecure_http
        policy = self._tools.egress.policy
        found = address.own(read.whole, (), around) or address.judge(
            read, policy.judge, allow_insecure_http=allow, has_key=has_key
        )
        return found if found.verdict is Verdict.FAIL else await self._resolved(read.url, around) or found

    async def _resolved(self, url: URL, around: Surroundings) -> StageView | None:
        """Return what is wrong with the addresses behind the name, or that the endpoint is there already."""
        try:
            addresses = await self._tools.addresses(url)
        except PermissionError as error:
            line = error.strerror if self._admin else "an administrator can allow it"
            return stage("address", "egress_denied", hint=line, evidence={"setting": "egress.allow_networks"})
        except OSError:
            return address.unknown_host(url, around)
        allow, has_key = around.allow_insecure_http, self._wish.key is not None
        return (
            address.own(url, addresses, around)
            or address.insecure(url, addresses, allow=allow, has_key=has_key)
            or self._twin(url)
        )

    def _around(self) -> Surroundings:
        hosts, port = self._tools.own()
        team = self._tools.registry.snapshot.team(self._wish.team)
        known = {one.base_url.host or "" for model in (team.models if team else ()) for one in model.endpoints}
        return Surroundings(
            server=self._server,
            own_port=port,
            own_hosts=hosts,
            known_hosts=sorted(known),
            allow_insecure_http=self._tools.allow_insecure_http(),
        )

    def _twin(self, url: URL) -> StageView | None:
        """Return the offer of an endpoint of the team that is the same (REG-6)."""
        for model in self._tools.registry.snapshot.models(self._wish.team):
            for one in model.endpoints:
                same = one.id != self._wish.endpoint and one.upstream_model == self._wish.model
                if same and one.base_url == url:
                    return address.duplicate(one.id, model.name)
        return None

    async def _ask(self, url: URL) -> None:
        """Run what needs the network, alone at this upstream."""
        wish, memory, limits = self._wish, self._tools.memory, self._tools.limits
        answered = memory.answer(self._call(url), wish.key)
        known = memory.server(str(url), wish.key)
        needs_trial = self._level == "trial" and (answered is None or self._stream)
        if known is None or needs_trial:
            if not self._admin:
                limits.count(self._who)
            async with limits.turn(str(url.origin())):
                await self._stages_of(url, memory.server(str(url), wish.key), answered)
        else:
            await self._stages_of(url, known, answered)

    async def _stages_of(self, url: URL, known: Existence | None, answered: StageView | None) -> None:
        wish, tools = self._wish, self._tools
        began = time.perf_counter()
        found = known or await existence.look(tools.asker, url, key=wish.key, model=wish.model)
        tools.memory.note_server(str(url), wish.key, found)
        told = await existence.shown(found, wish.model, took_ms=_since(began))
        told = told.model_copy(update={"cached": known is not None})
        if told.verdict is Verdict.FAIL or self._level != "trial":
            await self._end(self._heard(url, told))
            if self._level == "trial":
                await self._skip("trial")
            return
        if self._admin or told.code in _JUDGED or not wish.model:
            await self._end(told)
            await self._try(url, found, answered)
        else:
            await self._try_unseen(url, found, told)

    async def _try(self, url: URL, found: Existence, answered: StageView | None) -> None:
        if (model := _model(self._wish, found)) is None:
            some = f"; it lists {', '.join(found.listed[:_SHOWN])}" if found.listed else ""
            await self._end(stage("trial", "no_model", some=some, option="--model NAME"))
            return
        trial = self._trial(url, model, found)
        if found.code == "loading":
            await self._end(stage("trial", "still_loading", says=""))
            return
        if answered is not None and not self._stream:
            await self._end(answered.model_copy(update={"cached": True}))
            return
        told = await attempt(self._tools.asker, trial)
        self._note(url, told)
        await self._end(told)
        if self._stream and self._wish.task == "chat" and told.verdict is not Verdict.FAIL:
            await self._end(await attempt_stream(self._tools.asker, trial))

    async def _try_unseen(self, url: URL, found: Existence, told: StageView) -> None:
        """Try before anything is told: a port that is no model server must look like one where nothing listens."""
        trial = self._trial(url, self._wish.model, found)
        tried = await attempt(self._tools.asker, trial)
        self._note(url, tried)
        if tried.verdict is Verdict.PASS or told.evidence.get("api") or tried.evidence.get("api"):
            await self._end(told)
            await self._end(tried)
        else:
            await self._end(stage("existence", "unreachable", place=place(url)))
            await self._skip("trial")

    def _trial(self, url: URL, model: str, found: Existence) -> Trial:
        books, wish = self._tools.books, self._wish
        ended = None if books is None else partial(books.add, who=self._who, model=model, endpoint=wish.endpoint)
        return Trial(url=url, model=model, task=wish.task, key=wish.key, found=found, ended=ended)

    def _note(self, url: URL, told: StageView) -> None:
        if told.verdict is Verdict.PASS:
            self._tools.memory.note_answer(self._call(url), self._wish.key, told)

    def _call(self, url: URL) -> Call:
        return Call(self._who, str(url), self._wish.model, self._wish.task)

    def _heard(self, url: URL, told: StageView) -> StageView:
        if self._admin or told.evidence.get("api"):
            return told
        hidden = told.code in NETWORK or told.code in {"key_missing", "key_refused", "list_refused"}
        return stage(told.stage, "unreachable", place=place(url)) if hidden else told

    async def _skip(self, *names: StageName) -> None:
        for name in names:
            if name in _RUN[self._level]:
                await self._end(stage(name, "trial_skipped"))

    async def _end(self, found: StageView) -> None:
        self._stages.append(found)
        if self._tell is not None:
            await self._tell(self._wish, found)

    def _reported(self, url: str) -> EndpointReport:
        return EndpointReport(
            base_url=url,
            endpoint=self._wish.endpoint,
            model=self._wish.model,
            verdict=worst([one.verdict for one in self._stages]),
            stages=tuple(self._stages),
        )


def _model(wish: Wish, found: Existence) -> str | None:
    """Return the model to try: the named one, else the only one."""
    if wish.model:
        return wish.model
    return found.listed[0] if found.listed and len(found.listed) == 1 else None


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
