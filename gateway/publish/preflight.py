"""The check before the long part: can this push succeed (PUB-3 to PUB-6, PUB-10, PUB-12)?

Levels: `offline` looks at the words, `auth` asks who one is, `session` opens an upload session and cancels it, `full`
pushes a tiny package and deletes it again. What no check sees is said to be unproved.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import asdict

from gateway.publish.destination import Destination
from gateway.publish.memory import Memory
from gateway.publish.messages import PublishError
from gateway.publish.package import ARTIFACT, CONFIG, MANIFEST, digest_of
from gateway.publish.providers import Existence

WHOLE_S: Final = 30.0
"""For everything but the hashing of what lies here."""
_NOWHERE: Final = f"sha256:{'0' * 64}"
_METHOD_NOT_ALLOWED: Final = 405


class Level(StrEnum):
    """How much is tried."""

    OFFLINE = "offline"
    AUTH = "auth"
    SESSION = "session"
    FULL = "full"


class Stage(Struct, frozen=True):
    """One finding. `verdict` is pass, warn, fail, skipped or unproved."""

    stage: str
    verdict: str
    code: str
    message: str
    did_you_mean: tuple[str, ...] = ()
    took_ms: float = 0


class Report(Struct):
    """What the check found. `error` is why the push would fail, None when nothing speaks against it."""

    reference: str
    level: Level
    provider: str
    stages: list[Stage] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    round_trips: int = 0
    is_published: bool = False
    """Whether the very package is there already, so that nothing is to be done."""
    error: PublishError | None = None

    @property
    def verdict(self) -> str:
        """`fail` when the push would; else `pass`."""
        return "pass" if self.error is None else "fail"

    @property
    def data(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "reference": self.reference,
            "level": str(self.level),
            "provider": self.provider,
            "verdict": self.verdict,
            "is_published": self.is_published,
            "stages": [asdict(stage) for stage in self.stages],
            "left_behind": self.left_behind,
            "round_trips": self.round_trips,
        }


Tell = Callable[[Stage], None]
Mine = Callable[[], Awaitable[str]]


class Preflight:
    """One check. `mine` gives the digest of what lies here; it is asked for only when the tag is taken."""

    def __init__(  # noqa: PLR0913 - keyword-only, what a check may depend on
        self,
        destination: Destination,
        memory: Memory,
        *,
        level: Level = Level.SESSION,
        overwrite: bool = False,
        remembers: bool = False,
        mine: Mine | None = None,
        tell: Tell = lambda _: None,
    ) -> None:
        self._to = destination
        self._memory = memory
        self._level = level
        self._overwrite = overwrite
        self._remembers = remembers
        self._mine = mine
        self._tell = tell
        self._since = time.perf_counter()
        self.report = Report(str(destination.reference), level, destination.provider.name)

    async def run(self) -> Report:
        """Return what was found; every session that was opened is cancelled, or told in `left_behind`."""
        report, reference = self.report, self._to.reference
        self._add("reference", "pass", "well_formed", f"{reference} is well formed ({self._to.provider.name}).")
        if self._level is not Level.OFFLINE:
            try:
                async with asyncio.timeout(WHOLE_S) as watch:
                    await self._ask(watch)
            except TimeoutError:
                self._fail("session", PublishError("out_of_time", limit=WHOLE_S))
            finally:
                await self._to.close()
                report.left_behind = list(self._to.left_behind)
                report.round_trips = self._to.client.round_trips
        return report

    async def _ask(self, watch: asyncio.Timeout) -> None:
        stage = "auth"
        try:
            await self._to.ping()
            digest = await self._to.tag()
            self._add("auth", "pass", "known", self._known())
            self._judge_namespace()
            stage = "tag"
            if await self._is_settled(digest, watch) or self._level is Level.AUTH:
                return
            stage = "session"
            await self._try_session(is_there=digest is not None)
            if self._level is Level.FULL:
                stage = "full"
                await self._try_push()
        except PublishError as error:
            self._fail(stage, error)
            return
        self._say_unproved()
        credential = self._to.client.authority.credential
        self._memory.keep_passed(self._to.reference.registry, self._to.reference.repository, credential)

    async def _is_settled(self, digest: str | None, watch: asyncio.Timeout) -> bool:
        """Return whether the tag alone decides that nothing is to be done (PUB-6)."""
        name = f"{self._to.reference.repository}:{self._to.reference.tag}"
        if digest is None:
            self._add("tag", "pass", "free", f"{name} is free.")
            return False
        if self._mine is not None:
            left_s = (watch.when() or 0) - asyncio.get_running_loop().time()
            watch.reschedule(None)
            mine = await self._mine()
            watch.reschedule(asyncio.get_running_loop().time() + left_s)
            if mine == digest:
                self.report.is_published = True
                self._add("tag", "pass", "published", f"{name} is already published ({digest}): nothing to do.")
                return True
        if not self._overwrite:
            raise PublishError(
                "tag_exists", repository=self._to.reference.repository, tag=self._to.reference.tag, digest=digest
            )
        self._add("tag", "warn", "overwrite", f"{name} is {digest} and will be overwritten.")
        return False

    async def _try_session(self, *, is_there: bool) -> None:
        reference = self._to.reference
        credential = self._to.client.authority.credential
        if (
            self._remembers
            and self._level is Level.SESSION
            and self._memory.passed(reference.registry, reference.repository, credential)
        ):
            self._add("session", "pass", "remembered", "An upload was tried less than 5 minutes ago, and passed.")
            return
        if is_there:
            upload = await self._to.open()
        else:  # two requests, one wait
            upload, (existence, close) = await asyncio.gather(self._to.open(), self._to.existence())
            self._advise(existence, close)
        assert upload is not None  # only a mount opens nothing
        if await self._to.cancel(upload):
            self._add("session", "pass", "took_back", "An upload session was opened and cancelled: pushing is allowed.")
        else:
            self._add(
                "session",
                "warn",
                "left_behind",
                f"Pushing is allowed; the registry did not let upload session {upload.name} be cancelled (that needs"
                " the delete right), and purges it by itself.",
            )

    def _advise(self, existence: Existence, close: tuple[str, ...]) -> None:
        """Say that the repository is new: often a slip of the pen, never a verdict."""
        repository = self._to.reference.repository
        if existence is Existence.CREATES_ON_PUSH:
            meant = f" Close names here: {', '.join(close)}." if close else ""
            verdict = "warn" if close else "pass"
            self._add(
                "existence",
                verdict,
                "new",
                f"Repository {repository} does not exist yet; the push makes it.{meant}",
                did_you_mean=close,
            )

    async def _try_push(self) -> None:
        """Push a tiny package and delete it, unless the registry would keep it for ever."""
        probe = await self._to.client.ask("DELETE", self._to.path(f"manifests/{_NOWHERE}"), scope=self._to.scope)
        if probe.status in {401, 403, _METHOD_NOT_ALLOWED} or self._to.left_behind:
            why = "the registry" if probe.status == _METHOD_NOT_ALLOWED else "this login"
            self._add(
                "full",
                "unproved",
                "trial_refused",
                f"No trial push was made: {why} may not delete, and its tag would stay for ever.",
            )
            return
        tag = f"preflight-{secrets.token_hex(6)}"
        config = json.dumps(
            {"descriptor": {"name": tag}, "config": {}, "modelfs": {"type": "layers", "diffIds": []}}
        ).encode()
        upload = await self._to.open()
        assert upload is not None  # as above
        answer = await self._to.put(upload, config, digest_of(config))
        if not answer.is_good:
            raise self._to.not_kept(answer)
        await self._try_manifest(tag, config)

    async def _try_manifest(self, tag: str, config: bytes) -> None:
        blob = {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)}
        manifest = json.dumps(
            {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": ARTIFACT, "config": blob, "layers": []}
        ).encode()
        answer = await self._to.put_manifest(manifest, tag)
        repository, scope = self._to.reference.repository, self._to.scope
        if answer.is_good and not await self._deleted(f"manifests/{digest_of(manifest)}"):
            self._to.left_behind.append(f"tag {tag} of {repository}")
        if not await self._deleted(f"blobs/{digest_of(config)}"):
            self._to.left_behind.append(f"blob {digest_of(config)} of {scope.repository}")
        if not answer.is_good:
            raise self._to.manifest_refused(answer)
        self._add(
            "full",
            "pass",
            "pushed",
            f"A package of {len(config) + len(manifest)} bytes was pushed as {tag} and deleted; the repository's name"
            " stays in the registry's list.",
        )

    async def _deleted(self, rest: str) -> bool:
        with suppress(PublishError):
            answer = await self._to.client.ask("DELETE", self._to.path(rest), scope=self._to.scope)
            return answer.is_good
        return False

    def _known(self) -> str:
        credential = self._to.client.authority.credential
        who = "without a login" if credential is None else f'as "{credential.user}" ({credential.source})'
        return f"{self._to.client.place} answers {who}."

    def _judge_namespace(self) -> None:
        """Warn of a namespace that is another user's, where each pushes under the own name."""
        credential, provider, reference = self._to.client.authority.credential, self._to.provider, self._to.reference
        user = None if credential is None or credential.is_identity_token else credential.user
        if provider.is_foreign(reference, user):
            own = f"{user}/{reference.repository.rpartition('/')[2]}"
            message = f'{provider.name} takes pushes under your own name: did you mean "{own}"?'
            self._add("auth", "warn", "foreign_namespace", message, did_you_mean=(own,))

    def _say_unproved(self) -> None:
        what = " and ".join(self._to.provider.unproved)
        self._add("quota", "unproved", "unproved", f"Preflight cannot see {what}.")

    def _fail(self, stage: str, error: PublishError) -> None:
        self.report.error = error
        self._add(stage, "fail", error.code, error.message)

    def _add(self, stage: str, verdict: str, code: str, message: str, *, did_you_mean: tuple[str, ...] = ()) -> None:
        now = time.perf_counter()
        found = Stage(stage, verdict, code, message, did_you_mean, round((now - self._since) * 1000, 1))
        self._since = now
        self.report.stages.append(found)
        self._tell(found)
