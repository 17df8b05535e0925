"""Why a model cannot go: the references that keep it, on stderr, and what one would type about it."""

from gateway.cli.failure import Failure
from gateway.cli.output import JsonObject
from gateway.cli.talk import say

_IN_THE_SENTENCE = 3  # references that the server's own sentence names
_SHOWN = 20  # that still fit on a screen; all of them are in -o json and `models references`


def say_refusal(failure: Failure, *, about: str) -> None:
    """Say what stands against one of several."""
    say(f"{about}: {failure.message}")
    explain_refusal(failure, about)


def explain_refusal(failure: Failure, name: str) -> None:
    """Say what keeps the model, line by line, and have the hint name a command instead of a parameter."""
    problem = failure.problem or {}
    found = problem.get("references") or []
    if len(found) > _IN_THE_SENTENCE:
        for one in found[:_SHOWN]:
            say(f"  {reference_words(one)}")
        if len(found) > _SHOWN:
            say(f"  and {int(problem.get('references_total') or len(found)) - _SHOWN} more")
    hint = _HINTS.get(str(problem.get("code")))
    if problem.get("state") == "deleted" or "is deleted already" in failure.message:
        hint = "modelport models restore {name} brings it back; --allow-missing counts it as done"
    if hint is not None:
        failure.hint = hint.format(name=name, operation=problem.get("operation") or "OPERATION", **_count(problem))


_HINTS = {
    "model_referenced": "modelport models references {name} lists it; --references cascade takes along what can go, "
    "--repoint NAME moves it to another model",
    "deletion_protected": "modelport models protect {name} off, by somebody who may",
    "operation_in_progress": "modelport operations watch {operation}, or cancel {operation}",
    "confirmation_required": "look at it with --dry-run; then --confirm-count {count}",
    "confirmation_mismatch": "look at it with --dry-run once more; then --confirm-count {count}",
    "etag_mismatch": "modelport models show {name}, and decide anew",
}


def _count(problem: JsonObject) -> JsonObject:
    return {"count": problem.get("confirm_count", "N")}


def reference_words(one: JsonObject) -> str:
    """Return one reference as a line.

    >>> reference_words({"kind": "team_default", "name": "chat", "why": "it points at the model"})
    'team default chat: it points at the model'
    """
    kind = str(one.get("kind")).replace("_", " ")
    where = f" ({one['declared_at']})" if one.get("declared_at") else ""
    why = f": {one['why']}" if one.get("why") else ""
    return f"{kind} {one.get('name')}{where}{why}"
