"""Rows of a small registry, to be varied by the tests."""

from typing import Any, NamedTuple

from gateway.registry.draft import Draft
from gateway.registry.record import (
    AliasRecord,
    DefaultRecord,
    EndpointRecord,
    GatewayRecord,
    ModelRecord,
    Page,
    RetiredRecord,
    TeamRecord,
)
from gateway.registry.snapshot import EndpointRoute, Snapshot

TIMES: dict[str, Any] = {"rev": 1, "created_at": 5, "updated_at": 5}
TEAM = TeamRecord(id="team_a", name="team1", description="", default_via=None, default_gateway_id=None, **TIMES)


class Rows(NamedTuple):
    """A whole registry."""

    revision: int
    teams: tuple[TeamRecord, ...] = ()
    gateways: tuple[GatewayRecord, ...] = ()
    models: tuple[ModelRecord, ...] = ()
    endpoints: tuple[EndpointRecord, ...] = ()
    aliases: tuple[AliasRecord, ...] = ()
    defaults: tuple[DefaultRecord, ...] = ()
    retired: tuple[RetiredRecord, ...] = ()


def gateway(id_: str, name: str, url: str, *, is_default: bool = False) -> GatewayRecord:
    """Return a gateway."""
    return GatewayRecord(id=id_, name=name, url=url, description="", is_default=is_default, **TIMES)


EU = gateway("gw_eu", "eu", "https://gateway.example.com")
US = gateway("gw_us", "us", "https://us.example.com/ai", is_default=True)


def model(uid: str = "mdl_1", name: str = "qwen3", **changes: Any) -> ModelRecord:
    """Return a model of TEAM."""
    record = ModelRecord(
        uid=uid,
        team_id=TEAM.id,
        name=name,
        task="chat",
        state="active",
        via=None,
        gateway_id=None,
        path=None,
        description="",
        stream_usage=True,
        first_byte_timeout_s=None,
        idle_timeout_s=None,
        total_timeout_s=None,
        drain_for_usage_ms=None,
        source_reference=None,
        source_digest=None,
        catalogue_id=None,
        catalogue_flag=None,
        state_before=None,
        protected=False,
        deprecated_at=None,
        sunset_at=None,
        successor_uid=None,
        deleted_at=None,
        purge_at=None,
        retire_reason="",
        **TIMES,
    )
    return record._replace(**changes)


def endpoint(id_: str = "ep_1", uid: str = "mdl_1", **changes: Any) -> EndpointRecord:
    """Return an endpoint of a model."""
    record = EndpointRecord(
        id=id_,
        model_uid=uid,
        base_url="http://10.0.0.1:8000/v1",
        upstream_model=None,
        weight=1,
        enabled=True,
        credential_ref=None,
        secret_id=None,
        organization_headers=False,
        **TIMES,
    )
    return record._replace(**changes)


def rows(**changes: Any) -> Rows:
    """Return a registry with one team, one model and one endpoint."""
    return Rows(7, (TEAM,), (), (model(),), (endpoint(),))._replace(**changes)


def build(found: Rows, previous: Snapshot | None = None) -> Snapshot:
    """Return the snapshot of the rows."""
    return swap(found, previous)[0]


def swap(found: Rows, previous: Snapshot | None = None) -> tuple[Snapshot, tuple[EndpointRoute, ...]]:
    """Return the snapshot of the rows, and the endpoints of the one before that are not in it."""
    draft = Draft(previous or Snapshot(), revision=found.revision, gateways=found.gateways)
    draft.put_teams(found.teams)
    assert not any(draft.put(Page(found.models, found.endpoints, found.aliases)))
    draft.put_retired(found.retired)
    draft.put_defaults({row.team_id for row in found.defaults}, found.defaults)
    return draft.finish()
