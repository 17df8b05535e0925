"""What a caller may do with a model now: by its permissions, by the model's state, and unless a file declares it.

Pure. For whoever draws buttons, so that nobody is offered what would be refused (lifecycle.md section 12); each route
judges for itself.
"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.lifecycle.states import Event, can
from gateway.registry.record import ModelRecord
from gateway.registry.snapshot import LEAVING_STATES

Deed: TypeAlias = Literal[
    "change",
    "activate",
    "deprecate",
    "reactivate",
    "disable",
    "enable",
    "delete",
    "delete_with_references",
    "undelete",
    "purge",
    "protect",
    "unprotect",
]

_BY_STATE: Final[tuple[tuple[Deed, Permission, tuple[Event, ...]], ...]] = (
    ("activate", Permission.MODELS_OPERATE, (Event.ACTIVATE,)),
    ("deprecate", Permission.MODELS_DEPRECATE, (Event.DEPRECATE,)),
    ("reactivate", Permission.MODELS_DEPRECATE, (Event.REACTIVATE,)),
    ("disable", Permission.MODELS_OPERATE, (Event.DISABLE,)),
    ("enable", Permission.MODELS_OPERATE, (Event.ENABLE,)),
    ("delete", Permission.MODELS_DELETE, (Event.DELETE,)),
    ("delete_with_references", Permission.MODELS_FORCE, (Event.DELETE,)),
    ("undelete", Permission.MODELS_DELETE, (Event.UNDELETE, Event.CANCEL)),
    ("purge", Permission.MODELS_PURGE, (Event.PURGE,)),
)
_KEPT: Final = frozenset({"delete", "delete_with_references", "purge"})


def possible(principal: Principal, model: ModelRecord) -> tuple[Deed, ...]:
    """Return what the caller may do, in the order of a model's life."""
    return tuple(_possible(principal, model)) if model.managed_by is None else ()


def _possible(principal: Principal, model: ModelRecord) -> Iterator[Deed]:
    leaving = model.state in LEAVING_STATES
    if not leaving and principal.may(Permission.REGISTRY_WRITE):
        yield "change"
    for deed, permission, events in _BY_STATE:
        kept = model.protected and deed in _KEPT
        if not kept and principal.may(permission) and any(can(model, event) for event in events):
            yield deed
    if not leaving and model.protected and principal.may(Permission.MODELS_UNPROTECT):
        yield "unprotect"
    if not leaving and not model.protected and principal.may(Permission.MODELS_OPERATE):
        yield "protect"
