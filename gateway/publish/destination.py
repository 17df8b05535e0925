"""The place that is published to, and the few things that one does there: what the check tries, a push then does.

Both say no in the same words because both are here. Every upload session that is opened is cancelled or used up; one
that the registry will not cancel is told in `left_behind` (PUB-5).
"""

import asyncio
import contextlib
import re
from typing import Final

from msgspec import Struct
from yarl import URL

from gateway.publish.answers import Answer
from gateway.publish.authority import Scope
from gateway.publish.client import RegistryClient
from gateway.publish.location import follow
from gateway.publish.messages import PublishError
from gateway.publish.package import MANIFEST
from gateway.publish.providers import Existence, Provider
from gateway.publish.reference import Reference

_NAMES: Final = 1000  # of a registry that are looked through for close ones
_CANCEL_S: Final = 5.0
"""How long an interrupted program still waits for a session to be cancelled."""
MAX_MANIFEST: Final = 4 * 1024 * 1024  # bytes, as registries allow
_ACCEPT: Final = f"{MANIFEST}, application/vnd.docker.distribution.manifest.v2+json, */*"
_QUOTA: Final = re.compile(r"quota|no space|too large|storage resource|exceed", re.IGNORECASE)
_IMMUTABLE: Final = re.compile(r"immutable", re.IGNORECASE)
_OK, _CREATED, _ACCEPTED = 200, 201, 202


class Upload(Struct, frozen=True):
    """An open upload session."""

    url: URL

    @property
    def name(self) -> str:
        """The session's id, as the registry's operator finds it."""
        return self.url.path.rstrip("/").rpartition("/")[2]


class Destination:
    """One repository of one registry."""

    def __init__(
        self, client: RegistryClient, reference: Reference, provider: Provider, *, actions: str = "pull,push,delete"
    ) -> None:
        self.client = client
        self.reference = reference
        self.provider = provider
        self.scope = Scope(reference.repository, actions)
        self.left_behind: list[str] = []
        self._open: dict[URL, Upload] = {}
        self._opening: set[asyncio.Task[Upload | None]] = set()

    def path(self, rest: str) -> str:
        """Return the path of something in the repository."""
        return f"/v2/{self.reference.repository}/{rest}"

    async def ping(self) -> None:
        """Return when a registry answers, whatever it thinks of us.

        Raises:
            PublishError: something else answers.
        """
        answer = await self.client.greet()
        asks = answer.status == 401 and bool(answer.headers.get("WWW-Authenticate"))  # noqa: PLR2004 - Unauthorized
        if b"HTTP request to an HTTPS server" in answer.body or b"plain HTTP request was sent" in answer.body:
            raise PublishError("use_https", place=self.client.place)
        if answer.status == 429:  # noqa: PLR2004 - Too Many Requests
            raise self._too_many(answer)
        if answer.status >= 500:  # noqa: PLR2004 - the class
            raise self.unexpected(answer, "GET /v2/")
        is_registry = not answer.is_page and (answer.is_good or answer.status == 403)  # noqa: PLR2004 - Forbidden
        if not asks and not is_registry:
            raise PublishError(
                "not_a_registry", url=answer.url, status=answer.status, kind=answer.kind, meant=self.client.proposal()
            )

    async def tag(self) -> str | None:
        """Return the digest that the target has now, None where it is not there (PUB-6).

        Raises:
            PublishError: the user is refused.
        """
        target = self.reference.target
        answer = await self.client.ask(
            "HEAD", self.path(f"manifests/{target}"), scope=self.scope, headers={"Accept": _ACCEPT}
        )
        if answer.status == _OK:
            return answer.headers.get("Docker-Content-Digest") or "an unknown digest"
        if answer.status in {401, 403}:
            raise self.denied(answer)
        if answer.status == 429:  # noqa: PLR2004 - Too Many Requests
            raise self._too_many(answer)
        return None  # 404; and what a registry says otherwise to a HEAD is no verdict: the upload session is

    async def existence(self) -> tuple[Existence, tuple[str, ...]]:
        """Return whether the repository is there, and close names of others where it is not. Never an error.

        One request: the list of all names where it may be read (with tokens hardly ever), else the repository's tags.
        """
        try:
            if self.provider.lists_all and not self.client.authority.takes_tokens:
                return await self._listed()
            return self.provider.existence(
                await self.client.ask("GET", self.path("tags/list?n=1"), scope=self.scope)
            ), ()
        except PublishError:
            return Existence.UNKNOWN, ()

    async def _listed(self) -> tuple[Existence, tuple[str, ...]]:
        from difflib import get_close_matches  # only where a name is not known

        data = (await self.client.ask("GET", f"/v2/_catalog?n={_NAMES}", scope=self.scope, limit=MAX_MANIFEST)).data
        names = data.get("repositories") if isinstance(data, dict) else None
        if not isinstance(names, list):
            return Existence.UNKNOWN, ()
        own = self.reference.repository
        if own in names:
            return Existence.EXISTS, ()
        close = tuple(get_close_matches(own, [name for name in names if isinstance(name, str)], n=3, cutoff=0.75))
        return (Existence.UNKNOWN if len(names) >= _NAMES else self.provider.absent), close

    async def open(self, *, mount: tuple[str, str] | None = None) -> Upload | None:
        """Open an upload session; None when the blob of `mount` (digest, repository) was mounted instead.

        Raises:
            PublishError: the registry takes no upload, with the reason.
        """
        opening = asyncio.get_running_loop().create_task(self._opened(mount))
        self._opening.add(opening)  # `close` waits for it: the registry may have opened what nobody waits for any more
        opening.add_done_callback(self._opening.discard)
        return await asyncio.shield(opening)

    async def cancel(self, upload: Upload) -> bool:
        """Cancel a session; False when the registry refuses, and then it is in `left_behind`."""
        try:
            answer = await self.client.ask("DELETE", upload.url, scope=self.scope)
            cancelled = answer.is_good
        except PublishError:
            cancelled = False
        self._open.pop(upload.url, None)
        if not cancelled:
            self.left_behind.append(f"upload session {upload.name} of {self.reference.repository}")
        return cancelled

    def used_up(self, upload: Upload) -> None:
        """Note that the session ended with its blob."""
        self._open.pop(upload.url, None)

    async def close(self) -> None:
        """Cancel whatever is still open; also after Ctrl-C."""
        if self._opening:
            done, late = await asyncio.wait(self._opening, timeout=_CANCEL_S)
            for opening in late:
                opening.cancel()
            await asyncio.gather(*done, *late, return_exceptions=True)
        for upload in tuple(self._open.values()):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CANCEL_S):
                    await self.cancel(upload)
            if upload.url in self._open:
                self.left_behind.append(f"upload session {upload.name} of {self.reference.repository}")

    async def put(self, upload: Upload, content: bytes, digest: str) -> Answer:
        """Put a small blob whole."""
        answer = await self.client.ask(
            "PUT",
            upload.url.extend_query({"digest": digest}),
            scope=self.scope,
            headers={"Content-Type": "application/octet-stream"},
            body=content,
        )
        if answer.is_good:
            self.used_up(upload)
        return answer

    async def put_manifest(self, manifest: bytes, target: str) -> Answer:
        """Put a manifest under a tag."""
        path, kind = self.path(f"manifests/{target}"), {"Content-Type": MANIFEST}
        return await self.client.ask("PUT", path, scope=self.scope, headers=kind, body=manifest)

    def denied(self, answer: Answer) -> PublishError:
        """Return the error for a 401 or 403."""
        authority = self.client.authority
        granted = authority.granted(self.scope)
        user = None if authority.credential is None else authority.credential.user
        explained = self.provider.explain(answer, self.reference)
        if granted and "push" not in granted and "pull" in granted:
            who = f'User "{user}"' if user else "Without a login you"
            return PublishError("pull_only", who=who, repository=self.reference.repository)
        if user is None:
            return authority.refusal(self.provider.login_hint(self.reference))
        if explained is not None:
            return PublishError("provider", explained=explained)
        if granted is None and answer.status == 401 and not authority.has_token(self.scope):  # noqa: PLR2004
            return authority.refusal()
        return PublishError(
            "no_push",
            who=f'User "{user}"',
            repository=self.reference.repository,
            status=answer.status,
            says=answer.says,
        )

    def not_kept(self, answer: Answer) -> PublishError:
        """Return the error for a blob that was not taken (only at its PUT does one see quota and disk)."""
        if answer.status in {401, 403} and not _QUOTA.search(answer.says):
            return self.denied(answer)
        if answer.status == 429:  # noqa: PLR2004 - Too Many Requests
            return self._too_many(answer)
        return PublishError("not_kept", status=answer.status, says=answer.says)

    def manifest_refused(self, answer: Answer) -> PublishError:
        """Return the error for a manifest that was not taken."""
        explained = self.provider.explain(answer, self.reference)
        if answer.status in {409, 412} or _IMMUTABLE.search(answer.says):
            tag, repository = self.reference.tag, self.reference.repository
            return PublishError("immutable", repository=repository, tag=tag, status=answer.status, says=answer.says)
        if explained is not None:
            return PublishError("provider", explained=explained)
        if answer.status >= 500 or _QUOTA.search(answer.says) or answer.status in {401, 403, 429}:  # noqa: PLR2004
            return self.not_kept(answer)
        return self.unexpected(answer, "the manifest")

    def unexpected(self, answer: Answer, what: str) -> PublishError:
        """Return the error for an answer that nobody foresaw."""
        return PublishError("unexpected", registry=self.client.place, status=answer.status, what=what, says=answer.says)

    async def _opened(self, mount: tuple[str, str] | None) -> Upload | None:
        query, scope = "", self.scope
        if mount is not None:  # always both: Quay refuses a mount without `from`
            digest, repository = mount
            query = f"?mount={digest}&from={repository}"
            scope = Scope(self.scope.repository, self.scope.actions, repository)
        answer = await self.client.ask("POST", self.path(f"blobs/uploads/{query}"), scope=scope)
        if answer.status == _CREATED and mount is not None:
            return None
        if answer.status != _ACCEPTED:
            raise await self._not_opened(answer)
        upload = Upload(follow(answer.headers.get("Location", ""), asked=answer.url))
        self._open[upload.url] = upload
        return upload

    async def _not_opened(self, answer: Answer) -> PublishError:  # noqa: PLR0911 - one line per refusal
        if answer.status in {401, 403}:
            return self.denied(answer)
        if answer.status == 405:  # noqa: PLR2004 - Method Not Allowed
            return PublishError("no_uploads", registry=self.client.place)
        if answer.status == 429:  # noqa: PLR2004 - Too Many Requests
            return self._too_many(answer)
        if _QUOTA.search(answer.says):
            return self.not_kept(answer)  # a disk that was filled a moment ago
        repository = self.reference.repository
        if answer.status == 404 and answer.code == "NAME_UNKNOWN":  # noqa: PLR2004 - Not Found
            _, close = await self.existence()
            return PublishError(
                "no_repository",
                repository=repository,
                close=f" Close names here: {', '.join(close)}." if close else "",
                create=self.provider.create_hint(self.reference),
            )
        if (explained := self.provider.explain(answer, self.reference)) is not None:
            return PublishError("provider", explained=explained)
        if 400 <= answer.status < 500:  # noqa: PLR2004 - the class
            return PublishError(
                "name_refused",
                registry=self.client.place,
                repository=repository,
                status=answer.status,
                says=answer.says,
            )
        return self.unexpected(answer, "the upload")

    def _too_many(self, answer: Answer) -> PublishError:
        told = answer.headers.get("Retry-After", "")
        wait = f" {told} s" if told.isdigit() else ""
        return PublishError("rate_limited", registry=self.client.place, says=answer.says, wait=wait)
