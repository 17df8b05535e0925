"""Which fields of a row differ from what is declared, and which row is meant. Pure; field names are the API's."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.declared.held import Held
from gateway.declared.model import (
    DeclaredAlias,
    DeclaredEndpoint,
    DeclaredGateway,
    DeclaredKey,
    DeclaredModel,
    DeclaredTeam,
    Entry,
)
from gateway.keys.model import KeyRecord
from gateway.registry.address import via_as_set
from gateway.registry.inputs import Input
from gateway.registry.record import AliasRecord, EndpointRecord, GatewayRecord, ModelRecord, TeamRecord

Values = dict[str, object]
Pair = tuple[Entry[DeclaredEndpoint] | None, EndpointRecord | None]
_APART = {"name", "team", "via", "default_via", "default_endpoints", "endpoints", "api_key", "fallbacks"}
"""Fields that a row keeps in another way, or that say which row it is."""
_NULLABLE = {"expires_at", "region"}
"""Of a key's fields those of which null is said: never, and the configuration's."""


def team_values(body: DeclaredTeam, row: TeamRecord | None, gateway: GatewayRecord | None) -> Values:
    """Return the fields to write; `gateway` is the one that the row names."""
    via = via_as_set(row.default_via, gateway) if row else None
    return _differing(body, row) | _unless(row, via, default_via=body.default_via)


def gateway_values(body: DeclaredGateway, row: GatewayRecord | None) -> Values:
    """Return the fields to write."""
    return _differing(body, row)


def model_values(body: DeclaredModel, row: ModelRecord | None, gateway: GatewayRecord | None) -> Values:
    """Return the fields to write; `gateway` is the one that the row names."""
    via = via_as_set(row.via, gateway) if row else None
    return _differing(body, row) | _unless(row, via, via=body.via)


def restored(row: ModelRecord) -> ModelRecord:
    """Return the row of a model that left as its restoring makes it."""
    state = "active" if row.state == "deleted" else row.state_before or "active"
    return row._replace(state=state, rev=row.rev + 1)


def endpoint_values(body: DeclaredEndpoint, row: EndpointRecord | None) -> Values:
    """Return the fields to write. A new address brings its key along: the service would take the old one away."""
    values = _differing(body, row)
    wanted = body.api_key.reveal() if body.api_key else None
    if row is None or wanted != row.credential_ref or (wanted is not None and "base_url" in values):
        values["api_key"] = body.api_key
    return values


def alias_values(body: DeclaredAlias, row: AliasRecord | None, names: Mapping[str, str]) -> Values:
    """Return the fields to write; `names` are those of models by uid."""
    return _unless(row, names.get(row.model_uid) if row else None, model=body.model)


def key_values(body: DeclaredKey, row: KeyRecord) -> Values:
    """Return the fields to write: of those that are said, the ones that differ."""
    said: Values = {
        "role": body.role,
        "models": body.models,
        "cidrs": body.cidrs,
        "region": body.region,
        "expires_at": body.expires_at_ms,
    }
    kept: Values = {name: getattr(row, name) for name in said} | {"models": row.may_call}
    return {
        name: value
        for name, value in said.items()
        if name in body.model_fields_set and (value is not None or name in _NULLABLE) and value != kept[name]
    }


def keys_meant(entry: Entry[DeclaredKey], held: Held) -> list[KeyRecord]:
    """Return the keys of that name, in that team if one is said, that are not revoked."""
    return [
        row for row in held.keys if row.name == entry.name and row.revoked_at is None and entry.team in {"", row.team}
    ]


def pair_endpoints(declared: Sequence[Entry[DeclaredEndpoint]], rows: Sequence[EndpointRecord]) -> list[Pair]:
    """Return which row is which declared endpoint: same address and name, same address, else the next one in order.

    So an endpoint that moves to another machine keeps its id, on which stored objects and defaults hang.
    """
    left, open_rows = list(declared), list(rows)
    pairs: list[Pair] = []
    for same in (_same_place, _same_address, _any):
        for entry in tuple(left):
            if (row := next((row for row in open_rows if same(entry.body, row)), None)) is not None:
                pairs.append((entry, row))
                left.remove(entry)
                open_rows.remove(row)
    pairs += [(entry, None) for entry in left]
    order = {id(entry): place for place, entry in enumerate(declared)}
    pairs.sort(key=lambda pair: order[id(pair[0])])
    return pairs + [(None, row) for row in open_rows]


def _same_place(body: DeclaredEndpoint, row: EndpointRecord) -> bool:
    return (body.base_url, body.upstream_model) == (row.base_url, row.upstream_model)


def _same_address(body: DeclaredEndpoint, row: EndpointRecord) -> bool:
    return body.base_url == row.base_url


def _any(body: DeclaredEndpoint, row: EndpointRecord) -> bool:
    del body, row
    return True


def _differing(body: Input, row: Any) -> Values:
    """Return the declared fields that the row has not."""
    values = {name: getattr(body, name) for name in type(body).model_fields if name not in _APART}
    return {name: value for name, value in values.items() if row is None or value != getattr(row, name)}


def _unless(row: Any, current: object, **wanted: object) -> Values:
    """Return the one wanted value unless the row has it."""
    return {name: value for name, value in wanted.items() if row is None or value != current}
