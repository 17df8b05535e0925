"""`modelport models delete`: shown, asked for, drained, and restorable for a while."""

from typing import TypedDict

import typer

from gateway.cli.change import given
from gateway.cli.command import Session, command
from gateway.cli.deletion import Deletion, Wish
from gateway.cli.deletion_flags import (
    AllowMissing,
    Confirm,
    Grace,
    IfMatch,
    Names,
    Purge,
    Reason,
    References,
    Repoint,
    Successor,
    Suppress,
    Together,
)
from gateway.cli.failure import UsageFailure
from gateway.cli.filtered import ConfirmCount, Filter, Filtered, Force, carry_out
from gateway.cli.output import Output
from gateway.cli.together import Batch, delete_together
from gateway.cli.waiting import Timeout, Wait, seconds

_EXAMPLE = "modelport models delete qwen3 --successor qwen4"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "delete", example=_EXAMPLE, changes=True)(_delete)
    command(app, "remove", example="modelport models remove qwen3", changes=True, hidden=True)(_delete)


def _delete(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    names: Names = None,
    references: References = None,
    successor: Successor = None,
    repoint: Repoint = None,
    grace: Grace = None,
    together: Together = False,
    filter_: Filter = None,
    force: Force = False,
    confirm_count: ConfirmCount = None,
    if_match: IfMatch = None,
    confirm: Confirm = None,
    reason: Reason = None,
    allow_missing: AllowMissing = False,
    purge: Purge = False,
    suppress: Suppress = True,
    wait: Wait = True,
    timeout: Timeout = "5m",
) -> None:
    """Delete models. New calls are refused at once, calls under way may end first; it can be restored for a while.

    What points at a model keeps it, unless --references says otherwise. --dry-run shows what would go.
    """
    names = names or []
    if not suppress and (filter_ or together):
        raise UsageFailure("--no-suppress goes with names", hint="leave --filter and --together out")
    _check_words(session, names, filter_, if_match=if_match, purge=purge, wait=wait)
    terms = {
        **given(references=_policy(references, repoint), successor=_agreed(successor, repoint)),
        **given(drain=None if grace is None else _grace(grace)),
    }
    how: _How = {"reason": reason, "wait": wait, "timeout_s": seconds(timeout, "--timeout")}
    if filter_ is not None:
        carry_out(
            session, Filtered(verb="delete", filter=filter_, terms=terms, force=force, count=confirm_count, **how)
        )
    elif together:
        if purge or allow_missing or if_match:
            raise UsageFailure("--together deletes models that are there, as they were read", hint="leave one out")
        delete_together(session, names, Batch(terms=terms, count=confirm_count, confirm=confirm, **how))
    else:
        query = {"team": session.team, **terms, **({"allow_missing": "true"} if allow_missing else {})}
        query |= {} if suppress else {"suppress": "false"}
        more = Wish(query=query, purge=purge, if_match=if_match, confirm=confirm, allow_missing=allow_missing, **how)
        Deletion(session, names, more).run()


class _How(TypedDict):
    """What is the same however the models are chosen."""

    reason: str | None
    wait: bool
    timeout_s: float


def _check_words(  # noqa: PLR0913 - each is a flag
    session: Session, names: list[str], filter_: str | None, *, if_match: str | None, purge: bool, wait: bool
) -> None:
    """Raise UsageFailure when they do not fit together; nothing was asked yet."""
    if session.output is Output.URL:
        raise UsageFailure("-o url: what is deleted has no address", hint="use -o json")
    if bool(names) == bool(filter_):
        raise UsageFailure("name the models, or choose them with --filter", hint="modelport models delete NAME")
    if if_match is not None and len(names) != 1:
        raise UsageFailure("--if-match goes with one model", hint="leave it out: each is guarded by what was read")
    if purge and filter_:
        raise UsageFailure("--purge goes with names", hint="delete first; then modelport models purge --filter")
    if purge and not wait:
        raise UsageFailure("--purge waits for the calls under way, and --no-wait does not", hint="leave one out")


def _policy(references: str | None, repoint: str | None) -> str | None:
    if repoint is None:
        return references
    if references not in {None, "repoint"}:
        raise UsageFailure(f"--repoint and --references {references} are one choice", hint="leave one out")
    return "repoint"


def _agreed(successor: str | None, repoint: str | None) -> str | None:
    if successor is not None and repoint is not None and successor != repoint:
        raise UsageFailure("--successor and --repoint name two models", hint="leave one out")
    return repoint if successor is None else successor


def _grace(text: str) -> str:
    """Return the time as the API takes it.

    >>> _grace("1.5s"), _grace("5m")
    ('1500ms', '300s')
    """
    given_s = seconds(text, "--grace")
    return f"{given_s:.0f}s" if given_s.is_integer() else f"{given_s * 1000:.0f}ms"
