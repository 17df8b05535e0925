"""A row as calls see it: endpoints, models, and what is left of those that leave. Pure; draft.py puts them together."""

from collections.abc import Mapping
from typing import Final, Literal

from yarl import URL

from gateway.registry.address import published, via_as_set
from gateway.registry.record import EndpointRecord, GatewayRecord, ModelRecord, RetiredRecord
from gateway.registry.snapshot import Credential, Deprecation, EndpointRoute, ModelRoute, Retired

_KINDS: Final[Mapping[str, Literal["env", "file", "keyring"]]] = {"env": "env", "file": "file", "keyring": "keyring"}


def endpoint_route(row: EndpointRecord, model_name: str, known: EndpointRoute | None = None) -> EndpointRoute:
    """Return an endpoint as calls see it: the very one that is known when nothing changed."""
    same = known is not None and str(known.base_url) == row.base_url
    base_url = known.base_url if known is not None and same else URL(row.base_url, encoded=True)
    route = EndpointRoute(
        id=row.id,
        base_url=base_url,
        url_prefix=row.base_url.removesuffix("/"),
        upstream_model=row.upstream_model or model_name,
        weight=row.weight,
        enabled=row.enabled,
        credential=_credential(row, str(base_url.origin())),
        organization_headers=row.organization_headers,
    )
    return known if known is not None and known == route else route


def model_route(
    row: ModelRecord,
    team: str,
    gateway: GatewayRecord | None,
    endpoints: tuple[EndpointRoute, ...],
    fallbacks: tuple[str, ...],
) -> ModelRoute:
    """Return a model as calls see it."""
    return ModelRoute(
        uid=row.uid,
        name=row.name,
        team=team,
        task=row.task,
        state=row.state,
        via=via_as_set(row.via, gateway),
        endpoints=endpoints,
        stream_usage=row.stream_usage,
        first_byte_timeout_s=row.first_byte_timeout_s,
        idle_timeout_s=row.idle_timeout_s,
        total_timeout_s=row.total_timeout_s,
        drain_for_usage_ms=row.drain_for_usage_ms,
        created_at=row.created_at,
        gateway=gateway.name if gateway else None,
        base_url=published(team, row.path, gateway),
        rev=row.rev,
        deprecation=_deprecation(row),
        fallbacks=fallbacks,
    )


def retired_of(row: RetiredRecord, team: str) -> Retired:
    """Return what callers of a model that leaves are told."""
    return Retired(
        uid=row.uid,
        team=team,
        name=row.name,
        state=row.state,
        at_ms=row.at_ms,
        successor_uid=row.successor_uid,
        aliases=tuple(one for one in row.aliases if one != row.name),
        keys=row.keys,
    )


def _credential(row: EndpointRecord, origin: str) -> Credential | None:
    if row.secret_id:
        return Credential("stored", row.secret_id, origin)
    if not row.credential_ref:
        return None
    kind, _, ref = row.credential_ref.partition(":")
    return Credential(_KINDS[kind], ref, origin)


def _deprecation(row: ModelRecord) -> Deprecation | None:
    if row.state != "deprecated":
        return None
    at_ms = row.updated_at if row.deprecated_at is None else row.deprecated_at
    return Deprecation(at_ms, row.sunset_at, row.successor_uid)
