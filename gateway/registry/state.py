"""Objects of the registry with what belongs to them, as services return them. Views are made of these."""

from collections.abc import Mapping

from msgspec import Struct

from gateway.registry.record import AliasRecord, EndpointRecord, GatewayRecord, ModelRecord, TeamRecord
from gateway.vault.vault import SecretState


class TeamState(Struct, frozen=True):
    """A team. `via` is as set: a gateway's name, "server" or None; `gateway` is what that leads to, None the server."""

    record: TeamRecord
    via: str | None
    gateway: GatewayRecord | None
    defaults: Mapping[str, str]


class ModelState(Struct, frozen=True):
    """A model with its endpoints and the names of its aliases; `via` and `gateway` as in `TeamState`."""

    record: ModelRecord
    team: str
    via: str | None
    gateway: GatewayRecord | None
    endpoints: tuple[EndpointRecord, ...]
    aliases: tuple[str, ...]
    successor: str | None = None
    """Name of the model that its callers are told to use."""
    fallbacks: tuple[str, ...] = ()
    """Names of the models that take over, in their order."""


class EndpointState(Struct, frozen=True):
    """An endpoint. `key_cleared` says that this very change took its key away (EGR-7)."""

    record: EndpointRecord
    team: str
    model: str
    secret: SecretState
    key_cleared: bool = False


class AliasState(Struct, frozen=True):
    """An alias with the names around it."""

    record: AliasRecord
    team: str
    model: str


class Deletion(Struct, frozen=True):
    """Something that was removed, and what went with it."""

    kind: str
    id: str
    name: str
    effects: tuple["Deletion", ...] = ()
