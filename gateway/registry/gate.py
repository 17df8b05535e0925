"""What stands before a registration: a check of its endpoints. The registry knows this interface only.

`admit` is what the routes call; `gateway.preflight` is behind the gate.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct

from gateway.api.idempotency import Once
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.errors import Unprocessable
from gateway.registry.inputs import ChangeQuery, RegisterQuery
from gateway.registry.verdict import PreflightView, Verdict
from gateway.storage.connection import AsyncConnection
from gateway.vault.secret import Secret

T = TypeVar("T")


class Candidate(Struct, frozen=True, kw_only=True):
    """An endpoint that somebody wants to have.

    `model` names the published model (or its uid). `endpoint` is the one that is to be changed, in the fields that
    `changes` names; a task is given where the model is not there yet.
    """

    base_url: str | None
    model: str | None = None
    team: str | None = None
    task: str | None = None
    upstream_model: str | None = None
    api_key: Secret | None = None
    endpoint: str | None = None
    changes: frozenset[str] = frozenset()


class Gate(Protocol):
    """Checks candidates."""

    async def check(
        self, principal: Principal, candidates: Sequence[Candidate], *, level: str, server: str
    ) -> PreflightView:
        """Return what a check finds; `level` is address, existence or trial.

        Raises:
            RateLimited: too many checks.
        """
        ...


class Rehearsed(Exception):
    """A change went through, and was taken back."""


class Rehearsal(Once[T], frozen=True):
    """Lets a change go through to its last statement and takes it back then: everything was validated, nothing kept."""

    async def end(self, conn: AsyncConnection, result: T, *, now_ms: int) -> None:
        """Raise Rehearsed."""
        del conn, result, now_ms
        raise Rehearsed


async def rehearse(create: Callable[[Once[T]], Awaitable[T]], once: Once[T]) -> None:
    """Raise what the change would raise, Replayed included; keep nothing."""
    with contextlib.suppress(Rehearsed):
        await create(Rehearsal(once.intent, once.render, once.secret))


def authorise(principal: Principal, query: ChangeQuery) -> None:
    """Raise PermissionDenied unless the caller may leave out, shorten or overrule the check as the query wants it."""
    if isinstance(query, RegisterQuery) and query.validate_only and query.preflight == "skip":
        return  # nobody is asked, and nothing is kept
    if query.force or query.preflight != "trial":
        principal.require(Permission.ENDPOINTS_FORCE)


async def admit(
    gate: Gate | None,
    principal: Principal,
    candidates: Sequence[Candidate],
    query: ChangeQuery,
    *,
    server: str,
) -> PreflightView | None:
    """Return what the check found, None where there was none; a failed one only when it is forced.

    Raises:
        PermissionDenied: to force or to leave out a check takes a permission of its own.
        Unprocessable: the check failed.
        RateLimited: too many checks.
    """
    authorise(principal, query)
    if gate is None or not candidates or query.preflight == "skip":
        return None
    found = await gate.check(principal, candidates, level=query.preflight, server=server)
    if found.verdict is Verdict.FAIL and not query.force:
        raise refusal(found)
    return found


def refusal(found: PreflightView) -> Unprocessable:
    """Return the refusal of what a check found wrong: the first failed stage's words, and all stages."""
    failed = next(one for report in found.endpoints for one in report.stages if one.verdict is Verdict.FAIL)
    return Unprocessable(
        failed.message,
        code="preflight_failed",
        hint=failed.hint,
        param="base_url",
        did_you_mean=list(failed.did_you_mean),
        preflight=found.model_dump(mode="json"),
    )
