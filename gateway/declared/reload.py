"""Read the configuration file again: parse, validate, compare, swap. On any error the last good one stays in force.

One at a time, whoever asks: the watch, SIGHUP, `POST /-/reload`. What became of it is in `status`, in the log (once for
each different result) and in the metrics.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal, get_args

from msgspec import Struct

from gateway.api.acting import Acting, acting
from gateway.audit.event import Event
from gateway.configuration.finding import ConfigurationError, Finding
from gateway.configuration.loading import Configuration
from gateway.declared.hot import Live, values_of
from gateway.declared.lease import RENEW_MS
from gateway.declared.model import Declared
from gateway.declared.reading import read_declared
from gateway.declared.reconcile import Outcome, Reconciler
from gateway.declared.watch import Watch
from gateway.errors import ConfigError, GatewayError
from gateway.storage.clock import Clock

Result = Literal["changed", "unchanged", "refused"]
RESULTS: tuple[Result, ...] = get_args(Result)
logger = logging.getLogger("modelport.configuration")


class Status(Struct, frozen=True):
    """How the last reading went. `loaded_at` is when the configuration in force was read; times are unix ms."""

    at: int
    loaded_at: int
    result: Result = "unchanged"
    findings: tuple[Finding, ...] = ()
    changes: tuple[str, ...] = ()
    """Objects and settings that changed with it."""
    needs_restart: tuple[str, ...] = ()
    """Settings that the file has changed since the start and that take effect with the next one."""
    waiting: tuple[Finding, ...] = ()
    """Keys that the file names and that are not made yet."""
    declared_by: str | None = None
    """Another server that declares the same; None when this one does."""

    @property
    def successful(self) -> bool:
        """Whether what the file says is in force."""
        return self.result != "refused"


async def _note_nothing(event: Event) -> None:
    """Note no event: where there is no record."""
    del event


class Reloader:
    """Keeps the process on what its file says. `reread` is None without a file, `reconciler` in the gateway role.

    `changed` is told of endpoints (team, model, address) that are new or called otherwise than before, `note` of what
    goes on the record of changes.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, all of it from the composition root
        self,
        live: Live,
        clock: Clock,
        *,
        configuration: Configuration,
        reread: Callable[[], Configuration] | None,
        reconciler: Reconciler | None,
        counted: Callable[[Result], object],
        changed: Callable[[tuple[tuple[str, str, str], ...]], object] = lambda _: None,
        note: Callable[[Event], Awaitable[None]] = _note_nothing,
    ) -> None:
        self._live = live
        self._clock = clock
        self._reread = reread
        self._reconciler = reconciler
        self._counted = counted
        self._changed = changed
        self._note_event = note
        self._declared = Declared()
        self._reloading = asyncio.Lock()
        self._tried_at = 0
        self._trying = False
        document = configuration.document
        self._watch = Watch(document.path) if document is not None and reread is not None else None
        self.configuration = configuration
        self.status = Status(at=clock.now_ms(), loaded_at=clock.now_ms())

    @property
    def watches(self) -> bool:
        """Whether there is a file to read again."""
        return self._watch is not None

    async def start(self) -> None:
        """Bring about what the configuration of the start declares.

        A server that has served before comes up with what it served, and tells what is wrong.

        Raises:
            ConfigurationError: the sections are wrong, or a new installation cannot be made of them.
        """
        self._declared = read_declared(self.configuration.declared, self.configuration.document)
        try:
            outcome = await self._reconcile(self._declared)
        except ConfigError as error:
            if self._reconciler is None or not await self._reconciler.has_served():
                raise
            self._refuse(error, "start")
        else:
            self._note(outcome, (), "start")

    async def reload(self, why: str) -> Status:
        """Read the file again now and return how it went; `why` is for the log."""
        if self._reread is None:
            logger.warning("%s: this server was started without a configuration file", why)
            return self.status
        async with self._reloading:
            await self._try(self._reread, why)
            self._counted(self.status.result)
            return self.status

    async def look(self) -> None:
        """Read the file again if it has changed, and try again what could not be done: to be called each moment."""
        if self._watch is not None and await self._watch.look():
            await self.reload("the file has changed")
            return
        now_ms = self._clock.now_ms()
        if self._reconciler is None or now_ms - self._tried_at < RENEW_MS:
            return
        self._tried_at = now_ms
        if self._declared.anything:
            await self._reconciler.renew(self._declared.digest)
        if self._reread is not None and self._unsettled:
            async with self._reloading:
                await self._try(self._reread, "another try")

    @property
    def _unsettled(self) -> bool:
        """Whether another try may go better though the file stays: database, keys or other servers may have changed."""
        status = self.status
        return self._trying or not status.successful or bool(status.waiting or status.declared_by)

    async def _try(self, reread: Callable[[], Configuration], why: str) -> None:
        self._tried_at = self._clock.now_ms()
        self._trying = True  # what fails unexpectedly is tried again
        try:
            if self._watch is not None:
                await self._watch.taken()
            fresh, declared = await asyncio.to_thread(_read, reread)
            settings = self._live.changes(fresh.settings)
            with self._live.trial(fresh.settings):
                outcome = await self._reconcile(declared)
        except GatewayError as error:
            self._refuse(error, why)
        else:
            event = self._event(fresh, settings, why)
            self.configuration, self._declared = fresh, declared
            self._note(outcome, settings, why)
            if self.status.result == "changed":
                await self._note_event(event)
        self._trying = False

    def _event(self, fresh: Configuration, settings: tuple[str, ...], why: str) -> Event:
        """Return what goes on the record of a reload that changed something; the objects have rows of their own."""
        was, now = values_of(self.configuration.settings), values_of(fresh.settings)
        asked, name = acting(), "configuration" if fresh.document is None else fresh.document.path.name
        return Event(
            "settings.reload",
            "settings",
            name=name,
            before={one: _shown(was[one]) for one in settings},
            after={one: _shown(now[one]) for one in settings},
            reason=asked.reason or why,
            who=asked if asked.type == "key" else Acting("file", id=name, name="configuration file", via="file"),
        )

    async def _reconcile(self, declared: Declared) -> Outcome:
        if self._reconciler is None:
            return Outcome()
        outcome = await self._reconciler.apply(declared)
        if outcome.endpoints:
            self._changed(outcome.endpoints)
        return outcome

    def _refuse(self, error: GatewayError, why: str) -> None:
        findings = error.findings if isinstance(error, ConfigurationError) else (_as_finding(error),)
        before, now_ms = self.status, self._clock.now_ms()
        self.status = Status(
            at=now_ms,
            loaded_at=before.loaded_at,
            result="refused",
            findings=findings,
            needs_restart=before.needs_restart,
        )
        if before.findings != findings:
            logger.error("%s: the configuration is refused, the last good one stays in force; what is wrong:", why)
            for finding in findings[:_SHOWN]:
                logger.error("%s", finding)

    def _note(self, outcome: Outcome, settings: tuple[str, ...], why: str) -> None:
        before, now_ms = self.status, self._clock.now_ms()
        changes = (*outcome.changes, *(f"~ {name}" for name in settings))
        self.status = Status(
            at=now_ms,
            loaded_at=now_ms,
            result="changed" if changes else "unchanged",
            changes=changes,
            needs_restart=self._live.needs_restart(self.configuration.settings),
            waiting=outcome.waiting,
            declared_by=outcome.other,
        )
        if changes or not before.successful:
            shown = ", ".join(changes[:_SHOWN]) + (f" and {len(changes) - _SHOWN} more" if changes[_SHOWN:] else "")
            logger.info("%s: the configuration is in force: %s", why, shown or "nothing had to change")
        if self.status.needs_restart != before.needs_restart and self.status.needs_restart:
            logger.warning("these settings need a restart: %s", ", ".join(self.status.needs_restart))
        for finding in self.status.waiting:
            if finding not in before.waiting:
                logger.warning("%s", finding)


_SHOWN = 20
"""Changes and findings that the log names; the status has them all."""


def _read(reread: Callable[[], Configuration]) -> tuple[Configuration, Declared]:
    """Read the file in a thread: a thousand models take a second, in which calls go on."""
    fresh = reread()
    return fresh, read_declared(fresh.declared, fresh.document)


def _shown(value: object) -> object:
    """Return a setting's value as JSON."""
    return list(value) if isinstance(value, tuple) else value if isinstance(value, bool | int | float) else str(value)


def _as_finding(error: GatewayError) -> Finding:
    return Finding("", "", error.message, error.hint)
