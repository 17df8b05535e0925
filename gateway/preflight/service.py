"""One way to check endpoints, for registrations, changes, the command line and the console: `Preflight.run`.

What is asked goes through the same resolver, egress policy, credentials and transport as a call, so the verdict is the
one that a call would meet.
"""

from collections.abc import Callable, Iterable
from typing import Final

from gateway.api.principal import Principal
from gateway.preflight.asking import Asker
from gateway.preflight.books import Books
from gateway.preflight.limits import Limits
from gateway.preflight.memory import Memory
from gateway.preflight.run import Level, Run, Snapshots, Tell, Tools, Wish
from gateway.registry.verdict import PreflightView, worst
from gateway.storage.clock import Clock
from gateway.upstream.egress import Egress

NOTICE: Final = "Address and existence are kept 10 minutes; mend the key and check again: only the trial is repeated."
NOTICE_KEPT: Final = "The server is known from a check of the last 10 minutes and was not asked again for what it is."
_KEPT: Final = frozenset({"found", "not_listed"})


class Preflight:
    """Checks endpoints. `own` gives the host names and the port under which this process listens.

    `books` takes what trials cost; None where nobody keeps books.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, from the composition root
        self,
        asker: Asker,
        *,
        egress: Egress,
        registry: Snapshots,
        clock: Clock,
        own: Callable[[], tuple[frozenset[str], int]],
        allow_insecure_http: Callable[[], bool],
        books: Books | None = None,
    ) -> None:
        self._tools = Tools(
            asker=asker,
            egress=egress,
            registry=registry,
            limits=Limits(clock.monotonic),
            memory=Memory(clock.monotonic),
            own=own,
            allow_insecure_http=allow_insecure_http,
            books=books,
        )

    async def run(  # noqa: PLR0913 - keyword-only, each a wish of the caller
        self,
        principal: Principal,
        wishes: Iterable[Wish],
        *,
        level: Level = "trial",
        stream: bool = False,
        server: str,
        tell: Tell | None = None,
    ) -> PreflightView:
        """Check endpoints one after the other, and `tell` each stage as it ends; `server` is the URL that was used.

        Raises:
            RateLimited: too many checks.
        """
        reports = [
            await Run(self._tools, principal, wish, level=level, stream=stream, server=server, tell=tell).report()
            for wish in wishes
        ]
        found = [one for report in reports for one in report.stages if one.stage == "existence"]
        kept = any(one.cached for one in found)
        notice = NOTICE_KEPT if kept else NOTICE if any(one.code in _KEPT for one in found) else ""
        return PreflightView(
            verdict=worst([report.verdict for report in reports]),
            endpoints=tuple(reports),
            notice=notice,
        )
