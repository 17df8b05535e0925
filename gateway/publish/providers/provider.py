"""The seam: a kind of registry is a row of `table.py`, found by the registry's host; `generic` takes all others."""

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

from gateway.publish.answers import Answer
from gateway.publish.reference import Reference

_NOT_FOUND: Final = 404


class Existence(StrEnum):
    """Whether the repository is there: advice, never a verdict."""

    EXISTS = "exists"
    ABSENT = "absent"
    CREATES_ON_PUSH = "creates_on_push"
    UNKNOWN = "unknown"


class Provider(Struct, frozen=True, kw_only=True):
    """A kind of registry. Texts may hold {host}, {namespace}, {repository} and {tag}."""

    name: str
    hosts: str = ".*"
    """Of the host without its port, as a whole."""
    api: str | None = None
    """The host that answers, where it is not the one that is written."""
    creates_on_push: bool = True
    """Whether a push makes the repository."""
    login: str = "Log in: modelport registry login {host}."
    create: str = ""
    """How to make a repository."""
    refusals: tuple[tuple[str, str], ...] = ()
    """By a pattern of the registry's own words, what they mean and what to do."""
    unproved: tuple[str, ...] = ("quota and disk space",)
    """What an upload session does not show."""
    page: str = ""
    """Where a person looks at what was pushed."""
    lists_all: bool = True
    """Whether `_catalog` may be asked for close names."""
    namespace_is_user: bool = False
    """Whether one pushes under one's own name alone."""

    def match(self, host: str) -> bool:
        """Whether a registry's host is of this kind."""
        return re.fullmatch(self.hosts, host.lower()) is not None

    def login_hint(self, reference: Reference) -> str:
        """Return how to get credentials."""
        return self._filled(self.login, reference)

    def is_foreign(self, reference: Reference, user: str | None) -> bool:
        """Whether the namespace is somebody else's, told before anything is asked."""
        return self.namespace_is_user and user is not None and reference.repository.partition("/")[0] != user

    def create_hint(self, reference: Reference) -> str:
        """Return how to make the repository, with a blank before it, or nothing."""
        return f" {self._filled(self.create, reference)}" if self.create else ""

    def existence(self, listed: Answer) -> Existence:
        """Return what the answer to `tags/list` says of the repository."""
        if listed.is_good:
            return Existence.EXISTS
        if listed.status != _NOT_FOUND:
            return Existence.UNKNOWN
        return self.absent if listed.code else Existence.UNKNOWN  # without a code it was no registry's 404

    @property
    def absent(self) -> Existence:
        """What it means that a repository is not there."""
        return Existence.CREATES_ON_PUSH if self.creates_on_push else Existence.ABSENT

    def explain(self, answer: Answer, reference: Reference) -> str | None:
        """Return what a refusal means here, or None."""
        said = f"{answer.status} {answer.code}{answer.says}"
        found = next((text for pattern, text in self.refusals if re.search(pattern, said, re.IGNORECASE)), None)
        return None if found is None else self._filled(found, reference)

    def success_url(self, reference: Reference) -> str | None:
        """Return the page of what was pushed, None where there is none."""
        return self._filled(self.page, reference) if self.page else None

    @staticmethod
    def _filled(text: str, reference: Reference) -> str:
        namespace, _, name = reference.repository.rpartition("/")
        return text.format(
            host=reference.registry,
            namespace=namespace,
            name=name,
            owner=reference.repository.partition("/")[0],
            repository=reference.repository,
            tag=reference.tag or "latest",
        )


def provider_of(reference: Reference) -> Provider:
    """Return the registry's kind."""
    from gateway.publish.providers.table import PROVIDERS  # the table is made of Providers

    return next(one for one in PROVIDERS if one.match(reference.host))
