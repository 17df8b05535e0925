"""Make the database hold what a file declares: one transaction, one new snapshot; after any fault nothing has changed.

Only servers do this, never processes in the gateway role; of several servers the one that holds the lease. What already
is as declared is not written: a start changes no revision and no ETag.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from msgspec import Struct
from yarl import URL

from gateway.api.managed import FILE
from gateway.configuration.finding import ConfigurationError, Finding
from gateway.configuration.masking import shown_path
from gateway.declared.batch import Withdrawal
from gateway.declared.held import Held, read_held
from gateway.declared.lease import RENEW_MS, Holder, State, lock, read_holder, read_state, write_holder
from gateway.declared.model import Declared
from gateway.declared.plan import Plan, make_plan
from gateway.declared.steps import Hands, note_moves
from gateway.errors import GatewayError
from gateway.registry.service.credential import own_address
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.clock import Clock
from gateway.storage.engine import Database

_AT_ONCE = 100
"""Endpoints judged, or steps taken, before calls get their turn: some 5 ms."""
_CALLED_BY = frozenset({"base_url", "upstream_model", "api_key", "enabled"})
"""Fields of an endpoint that decide whether a call works."""


class Outcome(Struct, frozen=True):
    """What was done, what waits, and who declares if it is another server."""

    changes: tuple[str, ...] = ()
    waiting: tuple[Finding, ...] = ()
    other: str | None = None
    endpoints: tuple[tuple[str, str, str], ...] = ()
    """Team, model and address of those that are new, or whose address, key or upstream name is."""


class _Settled(Struct, frozen=True):
    """What was brought about last: while the counters stand still, a second plan for it is empty."""

    declared: Declared
    versions: Mapping[str, str]
    waiting: tuple[Finding, ...]


class Reconciler:
    """Brings about what is declared. `name` is this server's host and file, `server` its own address."""

    def __init__(  # noqa: PLR0913 - keyword-only, all of it from the composition root
        self,
        database: Database,
        service: RegistryService,
        clock: Clock,
        *,
        name: str,
        server: str,
        withdrawal: Withdrawal,
        is_own: Callable[[URL], bool] = lambda _: False,
    ) -> None:
        self._database = database
        self._service = service
        self._clock = clock
        self._name = name
        self._server = server
        self._withdrawal = withdrawal
        self._is_own = is_own
        self._settled: _Settled | None = None

    async def apply(self, declared: Declared) -> Outcome:
        """Make the database hold what is declared.

        Raises:
            ConfigurationError: why not, all of it; nothing was changed.
            Unavailable: the database does not answer.
        """
        if not await self._is_ours(declared):
            return Outcome()
        if findings := await self._check_endpoints(declared):
            raise ConfigurationError(findings)
        async with self._database.read() as conn:
            state = await read_state(conn)
        settled, self._settled = self._settled, None
        if not self._holds_lease(state, declared.digest):
            if (other := await self._take_lease(declared.digest)) is not None:
                return Outcome(other=other)
        elif settled is not None and (settled.declared, settled.versions) == (declared, state.versions):
            self._settled = settled
            return Outcome((), settled.waiting)
        return await self._bring_about(declared, state)

    async def _bring_about(self, declared: Declared, state: State) -> Outcome:
        """Carry out the plan, if there is anything to do; `state` is older than what the plan is made from."""
        versions = state.versions
        plan = await self._plan(declared)
        if plan.steps:
            plan, versions = await self._change(declared)
        elif plan.moves:
            async with self._database.write() as conn:  # without a new revision: nobody needs to read anew
                await note_moves(conn, plan.moves)
        self._settled = _Settled(declared, versions, plan.waiting)
        return Outcome(tuple(map(str, plan.steps)), plan.waiting, endpoints=_to_check(plan))

    async def preview(self, declared: Declared) -> Plan:
        """Return what `apply` would do, and change nothing."""
        async with self._database.read() as conn:
            held = await read_held(conn)
        plan = make_plan(declared, held)
        findings = (*await self._check_endpoints(declared), *plan.findings)
        return Plan(plan.steps, plan.moves, findings, plan.waiting)

    async def has_served(self) -> bool:
        """Whether the database holds models or declared objects: then a server is better up with those than down."""
        async with self._database.read() as conn:
            held = await read_held(conn)
        return held.anything or bool(held.models)

    async def renew(self, digest: str) -> None:
        """Say that this server lives, if it is the one that declares."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as conn:
            holder = await read_holder(conn)
        if holder is not None and holder.name == self._name and now_ms - holder.seen_ms >= RENEW_MS:
            async with self._database.write() as conn:
                await write_holder(conn, Holder(self._name, digest, now_ms))

    async def _is_ours(self, declared: Declared) -> bool:
        """A file without any of the sections leaves alone what others declare, and takes away what it declared."""
        if declared.anything:
            return True
        async with self._database.read() as conn:
            holder = await read_holder(conn)
            return holder is not None and holder.name == self._name and (await read_held(conn)).anything

    def _holds_lease(self, state: State, digest: str) -> bool:
        """Whether this server has just said that it declares this."""
        holder = state.holder
        if holder is None or holder[:2] != (self._name, digest):
            return False
        return self._clock.now_ms() - holder.seen_ms < RENEW_MS

    async def _take_lease(self, digest: str) -> str | None:
        """Become or stay the one that declares; return another one that does and says the same.

        Raises:
            ConfigurationError: another one does, and says something else.
        """
        now_ms = self._clock.now_ms()
        async with self._database.write() as conn:
            await lock(conn)
            holder = await read_holder(conn)
            if holder is None or holder.name == self._name or not holder.lives(now_ms):
                await write_holder(conn, Holder(self._name, digest, now_ms))
                return None
        if holder.digest == digest:
            return holder.name
        raise ConfigurationError([_differs(holder)])

    async def _plan(self, declared: Declared) -> Plan:
        async with self._database.read() as conn:
            return _allowed(declared, await read_held(conn))

    async def _change(self, declared: Declared) -> tuple[Plan, Mapping[str, str]]:
        """Carry out the plan and return it with the counters as it leaves them."""
        async with self._service.together(by=FILE) as together:
            held = await read_held(together.change.conn)
            plan = _allowed(declared, held)
            hands = Hands(together, held, self._withdrawal)
            for number, step in enumerate(plan.steps):
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                await hands.carry_out(step)
            await hands.finish(plan.moves)
            versions = (await read_state(together.change.conn)).versions
        return plan, versions

    def _check_base_url(self, text: str) -> None:
        """Raise Unprocessable when nothing may be called there, or it is this very server (REG-5)."""
        if self._is_own(self._service.credentials.check_base_url(text, server=self._server)):
            raise own_address(text)

    async def _check_endpoints(self, declared: Declared) -> list[Finding]:
        """Return what is wrong with addresses and references here and now, before anything is changed."""
        credentials, findings = self._service.credentials, []
        for number, (entry, written) in enumerate(declared.every_endpoint()):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            checks: dict[str, Callable[[], object]] = {"base_url": partial(self._check_base_url, written)}
            if entry.body.api_key is not None:
                checks["api_key"] = partial(credentials.check_reference, entry.body.api_key.reveal())
            for field, check in checks.items():
                try:
                    check()
                except GatewayError as error:
                    findings.append(Finding(entry.at, shown_path((*entry.path, field)), error.message, error.hint))
        return findings


def _to_check(plan: Plan) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (step.team, step.name, step.entry.body.base_url)
        for step in plan.steps
        if step.kind == "endpoint"
        and step.entry is not None
        and (step.verb == "create" or (step.verb == "update" and step.values.keys() & _CALLED_BY))
    )


def _allowed(declared: Declared, held: Held) -> Plan:
    plan = make_plan(declared, held)
    if plan.findings:
        raise ConfigurationError(plan.findings)
    return plan


def _differs(holder: Holder) -> Finding:
    return Finding(
        "",
        "",
        f"the objects of this database are declared by {holder.name}, whose file says something else",
        "give both servers the same file; where the other one has ended, this one follows within half a minute",
    )
