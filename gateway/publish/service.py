"""Publishing from beginning to end: words, check, hashing, push; and what was kept when it ends early (PUB-11)."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from gateway.publish.authority import Scope
from gateway.publish.client import RegistryClient
from gateway.publish.credentials import Credential, find, shown
from gateway.publish.destination import Destination
from gateway.publish.layout import Layout, cache_home
from gateway.publish.memory import Memory
from gateway.publish.messages import PublishError, size
from gateway.publish.package import Package, Source, list_files
from gateway.publish.preflight import Level, Preflight, Report, Stage
from gateway.publish.providers import provider_of
from gateway.publish.pull import File, Pull
from gateway.publish.push import Notify, Push
from gateway.publish.reference import Reference
from gateway.upstream.egress import Egress, EgressPolicy

NOTHING_YET: Final = "Nothing was packaged or sent yet; the next run begins with the check."


class Access(Struct, frozen=True, kw_only=True):
    """How a registry is reached."""

    policy: EgressPolicy
    plain_http: bool = False
    credential: Credential | None = None
    """None: what somebody logged in with."""

    def client(self, egress: Egress, reference: Reference, memory: Memory) -> RegistryClient:
        """Return a client of the reference's registry."""
        return RegistryClient(
            egress,
            place=reference.registry,
            api=provider_of(reference).api,
            plain_http=self.plain_http,
            credential=self.credential or find(reference.registry),
            proposal=memory.proposal,
        )


class Wish(Struct, frozen=True, kw_only=True):
    """What to publish, and how."""

    directory: Path
    reference: Reference
    level: Level = Level.SESSION
    check_only: bool = False
    skip_preflight: bool = False
    overwrite: bool = False
    follow_links: bool = False


class Published(Struct):
    """How it ended."""

    reference: Reference
    report: Report | None = None
    digest: str | None = None
    """Of the package, when it is in the registry now."""
    sent: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    mounted: dict[str, int] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)

    @property
    def page(self) -> str | None:
        """Where a person looks at the package, once it is there and where the registry has such pages."""
        return None if self.digest is None else provider_of(self.reference).success_url(self.reference)

    @property
    def data(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "reference": str(self.reference),
            "digest": self.digest,
            "page": self.page,
            "verdict": None if self.report is None else self.report.verdict,
            "sent": {"layers": len(self.sent), "bytes": sum(self.sent.values())},
            "found": {"layers": len(self.found), "bytes": sum(self.found.values())},
            "mounted": {"layers": len(self.mounted), "bytes": sum(self.mounted.values())},
            "left_behind": self.left_behind,
        }


class Publisher:
    """One publish. `kept` is the last sentence of every error, whenever it is asked."""

    def __init__(
        self,
        wish: Wish,
        access: Access,
        *,
        home: Path | None = None,
        notify: Notify = lambda _: None,
        tell: Callable[[Stage], None] = lambda _: None,
    ) -> None:
        self._wish = wish
        self._access = access
        self._notify = notify
        self._tell = tell
        self._memory = Memory(home or cache_home())
        self._layout = Layout(wish.directory, home=home)
        self._package: Package | None = None
        self._push: Push | None = None
        self.outcome = Published(wish.reference)

    async def run(self) -> Published:
        """Return how it ended; a check that found a reason against the push is in `report.error`.

        Raises:
            PublishError: it ended early.
        """
        sources = self._sources()
        egress = Egress(self._access.policy)
        try:
            await self._run(sources, egress)
        finally:
            await egress.close()
        return self.outcome

    def kept(self) -> str:
        """Return what was kept, and what the next push will send."""
        if self._package is None:
            return NOTHING_YET
        layers, where = len(self._package.layers), shown(self._layout.path)
        told = (
            f"Nothing was lost: {_layers(layers)} ({size(self._package.size)}) stay packaged in {where}; the next push"
            " sends only what the registry lacks."
        )
        if self._push is None or not self._push.outcome.done:
            return told
        left = self._push.still_to_send()
        return f"{told} Still to send: {_layers(len(left))} ({size(sum(layer.size for layer in left))})."

    async def _run(self, sources: list[Source], egress: Egress) -> None:
        wish = self._wish
        destination = self._destination(egress)
        self.outcome.left_behind = destination.left_behind
        if not wish.skip_preflight:
            report = await Preflight(
                destination,
                self._memory,
                level=wish.level,
                overwrite=wish.overwrite,
                remembers=not wish.check_only,
                mine=self._mine(sources),
                tell=self._tell,
            ).run()
            self.outcome.report = report
            if report.is_published:
                self.outcome.digest = (await self._packaged(sources)).digest
                self._layout.drop()
            if report.error is not None or report.is_published:
                return
        if wish.check_only:
            return
        package = await self._packaged(sources)
        self._push = Push(destination, package, self._memory, notify=self._notify)
        try:
            done = await self._push.run(overwrite=wish.overwrite)
        except PublishError:
            reference = wish.reference
            credential = destination.client.authority.credential
            self._memory.forget(reference.registry, reference.repository, credential)
            raise
        self.outcome.sent, self.outcome.found, self.outcome.mounted = done.sent, done.found, done.mounted
        self.outcome.digest = package.digest
        self._layout.drop()

    def _sources(self) -> list[Source]:
        sources, hidden = list_files(self._wish.directory, follow_links=self._wish.follow_links)
        self._notify(
            {"event": "files", "count": len(sources), "size": sum(one.size for one in sources), "hidden": hidden}
        )
        return sources

    def _destination(self, egress: Egress) -> Destination:
        reference = self._wish.reference
        return Destination(self._access.client(egress, reference, self._memory), reference, provider_of(reference))

    def _mine(self, sources: list[Source]) -> Callable[[], Awaitable[str]]:
        async def digest() -> str:
            return (await self._packaged(sources)).digest

        return digest

    async def _packaged(self, sources: list[Source]) -> Package:
        """Return the package; every file is hashed once."""
        if self._package is None:
            self._notify({"event": "phase", "phase": "hash", "size": sum(source.size for source in sources)})
            self._package = await self._layout.package(
                sources, on_bytes=lambda count: self._notify({"event": "bytes", "count": count})
            )
            package = self._package
            self._notify(
                {
                    "event": "phase",
                    "phase": "push",
                    "size": sum(one.size for one in package.layers),
                    "digest": package.digest,
                }
            )
        return self._package


async def check_login(reference: Reference, access: Access, *, home: Path | None = None) -> None:
    """Return when the registry of the reference knows the user of `access`.

    Raises:
        PublishError: it does not, or is none.
    """
    egress = Egress(access.policy)
    try:
        client = access.client(egress, reference, Memory(home or cache_home()))
        destination = Destination(client, reference, provider_of(reference))
        await destination.ping()
        answer = await client.ask("GET", "/v2/", scope=Scope(""))
        if answer.status in {401, 403}:
            raise client.authority.refusal()
    finally:
        await egress.close()


async def pull(  # noqa: PLR0913 - keyword-only but what goes where
    reference: Reference,
    directory: Path,
    access: Access,
    *,
    overwrite: bool = False,
    home: Path | None = None,
    notify: Notify = lambda _: None,
) -> tuple[str, list[File]]:
    """Return the package's digest and its files, all of them in the directory and checked.

    Raises:
        PublishError: see `Pull.run`.
    """
    egress = Egress(access.policy, bulk=True)
    try:
        one = Pull(access.client(egress, reference, Memory(home or cache_home())), reference, directory, notify=notify)
        files = await one.run(overwrite=overwrite)
    finally:
        await egress.close()
    return one.digest, files


def _layers(count: int) -> str:
    return f"{count} layer{'' if count == 1 else 's'}"
