"""Objects of the registry with what belongs to them, as services return them. Views are made of these."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.registry.record import AliasRecord, EndpointRecord, GatewayRecord, ModelRecord, TeamRecord
from gateway.vault.vault import SecretState


@dataclass(frozen=True, slots=True)
class TeamState:
    """A team. `via` is as set: a gateway's name, "server" or None; `gateway` is what that leads to, None the server."""

    record: TeamRecord
    via: str | None
    gateway: GatewayRecord | None
    defaults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModelState:
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


@dataclass(frozen=True, slots=True)
class EndpointState:
    """An endpoint. `key_cleared` says that this very change took its key away (EGR-7)."""

    record: EndpointRecord
    team: str
    model: str
    secret: SecretState
    key_cleared: bool = False


@dataclass(frozen=True, slots=True)
class AliasState:
    """An alias with the names around it."""

    record: AliasRecord
    team: str
    model: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """Something that was removed, and what went with it."""

    kind: str
    id: str
    name: str
    effects: tuple["Deletion", ...] = ()
