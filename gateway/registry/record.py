"""Rows of the registry as the store hands them out: plain tuples, no rules.

Times are unix milliseconds (UTC). The order of the fields is the order of the columns in the schema. `managed_by` is
"file" for what a configuration file declares, at `managed_at` (file:line), and None for what the API owns.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class TeamRecord(NamedTuple):
    """A namespace of models and keys. `default_via` is None, "server" or "gateway" (then the next field says which)."""

    id: str
    name: str
    description: str
    default_via: str | None
    default_gateway_id: str | None
    rev: int
    created_at: int
    updated_at: int
    managed_by: str | None = None
    managed_at: str | None = None


class GatewayRecord(NamedTuple):
    """A named public entry point with its own full `url`."""

    id: str
    name: str
    url: str
    description: str
    is_default: bool
    rev: int
    created_at: int
    updated_at: int
    managed_by: str | None = None
    managed_at: str | None = None


class ModelRecord(NamedTuple):
    """A name that callers use. `via` is None, "server" or "gateway" (then `gateway_id` says which).

    `state_before` is where enabling or restoring leads; `sunset_at`, `purge_at` are the times announced for that.
    """

    uid: str
    team_id: str
    name: str
    task: str
    state: str
    via: str | None
    gateway_id: str | None
    path: str | None
    description: str
    stream_usage: bool
    first_byte_timeout_s: float | None
    idle_timeout_s: float | None
    total_timeout_s: float | None
    drain_for_usage_ms: int | None
    source_reference: str | None
    source_digest: str | None
    catalogue_id: str | None
    catalogue_flag: str | None
    state_before: str | None
    protected: bool
    deprecated_at: int | None
    sunset_at: int | None
    successor_uid: str | None
    deleted_at: int | None
    purge_at: int | None
    retire_reason: str
    rev: int
    created_at: int
    updated_at: int
    managed_by: str | None = None
    managed_at: str | None = None


class EndpointRecord(NamedTuple):
    """One place where a model runs. `credential_ref` is a reference; `secret_id` a value that the vault holds."""

    id: str
    model_uid: str
    base_url: str
    upstream_model: str | None
    weight: int
    enabled: bool
    credential_ref: str | None
    secret_id: str | None
    organization_headers: bool
    rev: int
    created_at: int
    updated_at: int
    managed_by: str | None = None
    managed_at: str | None = None


class AliasRecord(NamedTuple):
    """Another name for a model of the same team."""

    id: str
    team_id: str
    name: str
    model_uid: str
    rev: int
    created_at: int
    updated_at: int
    managed_by: str | None = None
    managed_at: str | None = None


class RetiredRecord(NamedTuple):
    """What a snapshot keeps of a model that is draining or deleted; `aliases` and `keys` went away with it."""

    uid: str
    team_id: str
    name: str
    state: str
    at_ms: int
    successor_uid: str | None
    aliases: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()


class DefaultRecord(NamedTuple):
    """The endpoint that takes a team's calls which name neither a model nor an object that we remember."""

    team_id: str
    operation: str
    endpoint_id: str


class Page(NamedTuple):
    """Some models with every endpoint and alias of each."""

    models: Sequence[ModelRecord] = ()
    endpoints: Sequence[EndpointRecord] = ()
    aliases: Sequence[AliasRecord] = ()
    fallbacks: Mapping[str, tuple[str, ...]] = {}
    """Of the models that have any: their uids in order, by uid."""
    settled: frozenset[str] = frozenset()
    """Uids of models whose endpoints are as the snapshot before has them, and not here."""
