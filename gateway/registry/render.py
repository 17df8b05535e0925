"""Answers of the registry, made of what its services return; here alone is an address resolved for a caller."""

from collections.abc import Iterable
from typing import Any, Protocol, cast

from gateway.api.etag import format_etag, with_health
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.registry.address import published
from gateway.registry.health import Health, HealthBook, together
from gateway.registry.possible import possible
from gateway.registry.record import EndpointRecord, GatewayRecord
from gateway.registry.service.addresses import Address
from gateway.registry.state import AliasState, Deletion, EndpointState, ModelState, TeamState
from gateway.registry.views import (
    AliasView,
    DeletionView,
    DeprecationView,
    EffectView,
    EndpointSummary,
    EndpointView,
    GatewayView,
    ModelAddress,
    ModelView,
    SecretView,
    TeamAddress,
    TeamView,
)
from gateway.storage.clock import rfc3339
from gateway.vault.vault import SecretState
from resolver import resolve


class Told:
    """What a caller is told of health: the error's words only to who may register endpoints."""

    def __init__(self, book: HealthBook, principal: Principal) -> None:
        self._book = book
        self.principal = principal
        self._in_words = principal.may(Permission.REGISTRY_WRITE)

    def of_endpoint(self, record: EndpointRecord) -> dict[str, Any]:
        """Return the members of an endpoint's answer."""
        return self._members(self._book.of(record.id, record.base_url))

    def of_model(self, records: Iterable[EndpointRecord]) -> dict[str, Any]:
        """Return the members of a model's answer."""
        return self._members(together(self._book.of(one.id, one.base_url) for one in records if one.enabled))

    def _members(self, health: Health) -> dict[str, Any]:
        return {
            "health": health.state.value,
            "last_error": health.last_error if self._in_words else None,
            "checked_at": None if health.checked_at is None else rfc3339(health.checked_at),
        }


def tag_of(view: ModelView | EndpointView) -> str:
    """Return the ETag of the answer: that of the revision, and of what it tells of health, once that is known."""
    told = [(view.health, view.last_error)]
    if isinstance(view, ModelView):
        told += [(one.health, one.last_error) for one in view.endpoints]
    return view.etag if all(health == "unproved" for health, _ in told) else with_health(view.etag, told)


def endpoint_view(state: EndpointState, told: Told) -> EndpointView:
    """Return the answer about an endpoint."""
    record = state.record
    return EndpointView(
        **_summary(record, told).model_dump(),
        model_uid=record.model_uid,
        model=state.model,
        team=state.team,
        api_key=_secret(state.secret),
        organization_headers=record.organization_headers,
        warnings=("api_key_cleared",) if state.key_cleared else (),
        **_stamps(record.id, record),
    )


def team_view(state: TeamState, server: str) -> TeamView:
    """Return the answer about a team, resolved for the server URL that the caller used."""
    record = state.record
    return TeamView(
        **_address(published(record.name, None, state.gateway), server),
        id=record.id,
        name=record.name,
        description=record.description,
        default_via=state.via,
        gateway=state.gateway.name if state.gateway else None,
        default_endpoints=dict(state.defaults),
        **_stamps(record.id, record),
    )


def model_view(state: ModelState, server: str, told: Told) -> ModelView:
    """Return the answer about a model, resolved for the server URL that the caller used."""
    record = state.record
    return ModelView(
        **_address(published(state.team, record.path, state.gateway), server),
        uid=record.uid,
        name=record.name,
        team=state.team,
        task=record.task,
        state=cast("Any", record.state),
        state_before=record.state_before,
        deprecation=_deprecation(state),
        protected=record.protected,
        delete_time=_time(record.deleted_at),
        purge_time=_time(record.purge_at),
        reason=record.retire_reason,
        permissions=possible(told.principal, record),
        description=record.description,
        via=state.via,
        gateway=state.gateway.name if state.gateway else None,
        path=record.path,
        stream_usage=record.stream_usage,
        first_byte_timeout_s=record.first_byte_timeout_s,
        idle_timeout_s=record.idle_timeout_s,
        total_timeout_s=record.total_timeout_s,
        drain_for_usage_ms=record.drain_for_usage_ms,
        source_reference=record.source_reference,
        source_digest=record.source_digest,
        catalogue_id=record.catalogue_id,
        catalogue_flag=cast("Any", record.catalogue_flag),
        endpoints=tuple(_summary(one, told) for one in state.endpoints),
        **told.of_model(state.endpoints),
        aliases=state.aliases,
        fallbacks=state.fallbacks,
        **_stamps(record.uid, record),
    )


def alias_view(state: AliasState) -> AliasView:
    """Return the answer about an alias."""
    record = state.record
    return AliasView(
        id=record.id,
        name=record.name,
        team=state.team,
        model_uid=record.model_uid,
        model=state.model,
        **_stamps(record.id, record),
    )


def gateway_view(record: GatewayRecord) -> GatewayView:
    """Return the answer about a gateway."""
    return GatewayView(
        id=record.id,
        name=record.name,
        url=record.url,
        description=record.description,
        is_default=record.is_default,
        **_stamps(record.id, record),
    )


def address_view(address: Address, server: str) -> TeamAddress | ModelAddress:
    """Return the answer about where something is called."""
    url = str(resolve(address.base_url, server=server))
    if address.model is None:
        return TeamAddress(team=address.team, base_url=address.base_url, url=url, gateways=address.gateways)
    return ModelAddress(
        model=address.name,
        uid=address.model.uid,
        team=address.team,
        base_url=address.base_url,
        url=url,
        via=address.model.via,
        gateway=address.model.gateway,
        revision=address.model.rev,
        gateways=address.gateways,
    )


def deletion_view(deletion: Deletion) -> DeletionView:
    """Return the answer about a removal."""
    effects = tuple(EffectView(kind=one.kind, id=one.id, name=one.name) for one in deletion.effects)
    return DeletionView(kind=deletion.kind, id=deletion.id, name=deletion.name, deleted=True, effects=effects)


class _Stamped(Protocol):
    @property
    def rev(self) -> int: ...
    @property
    def created_at(self) -> int: ...
    @property
    def updated_at(self) -> int: ...
    @property
    def managed_by(self) -> str | None: ...
    @property
    def managed_at(self) -> str | None: ...


def _stamps(key: str, record: _Stamped) -> dict[str, Any]:
    return {
        "etag": format_etag(key, record.rev),
        "created_at": rfc3339(record.created_at),
        "updated_at": rfc3339(record.updated_at),
        "managed_by": record.managed_by,
        "managed_at": record.managed_at,
    }


def _deprecation(state: ModelState) -> DeprecationView | None:
    at = state.record.deprecated_at
    if at is None:
        return None
    return DeprecationView(at=rfc3339(at), sunset_at=_time(state.record.sunset_at), successor=state.successor)


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)


def _address(base_url: str, server: str) -> dict[str, Any]:
    resolved = resolve(base_url, server=server)
    return {"base_url": base_url, "url": str(resolved), "kind": resolved.kind, "warnings": resolved.warnings}


def _summary(record: EndpointRecord, told: Told) -> EndpointSummary:
    return EndpointSummary(
        **told.of_endpoint(record),
        id=record.id,
        base_url=record.base_url,
        upstream_model=record.upstream_model,
        weight=record.weight,
        enabled=record.enabled,
    )


def _secret(state: SecretState) -> SecretView:
    changed = rfc3339(state.updated_at) if state.updated_at is not None else None
    return SecretView(set=state.set, hint=state.hint, updated_at=changed)
