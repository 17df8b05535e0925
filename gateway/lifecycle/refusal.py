"""How a refused step in a model's life stands on the record."""

from gateway.api.acting import acting
from gateway.audit.event import Event
from gateway.errors import GatewayError
from gateway.registry.record import ModelRecord


def refused(verb: str, model: ModelRecord, team: str, refusal: GatewayError) -> Event:
    """Return the event; the caller's own reason, or the code of the refusal."""
    return Event(
        f"model.{verb}",
        "model",
        uid=model.uid,
        name=model.name,
        team=team,
        rev_before=model.rev,
        outcome="conflict",
        status=refusal.status,
        reason=acting().reason or refusal.code,
    )
