"""Where a model is published: a gateway's URL or a path of this server (design.md, "The address rule").

Pure. Nothing here joins a URL; `resolver` does, when somebody asks with an origin.
"""

from collections.abc import Iterable, Mapping

from gateway.registry.record import GatewayRecord, ModelRecord, TeamRecord

SERVER = "server"
"""The word that means "no gateway": callers use this server directly."""
GATEWAY = "gateway"
"""Stored in `models.via` when `gateway_id` names one."""


def team_path(team: str) -> str:
    """Return the path under which this server answers for a team."""
    return f"/access/models/{team}/"


def default_gateway(gateways: Iterable[GatewayRecord]) -> GatewayRecord | None:
    """Return the gateway flagged as default, if any."""
    return next((gateway for gateway in gateways if gateway.is_default), None)


def team_gateway(
    team: TeamRecord, gateways: Mapping[str, GatewayRecord], default: GatewayRecord | None
) -> GatewayRecord | None:
    """Return the gateway of a team's models that choose none themselves; None is the server."""
    if team.default_via is None:
        return default
    return gateways.get(team.default_via)


def model_gateway(
    model: ModelRecord, gateways: Mapping[str, GatewayRecord], team_choice: GatewayRecord | None
) -> GatewayRecord | None:
    """Return the gateway that a model is published through; None is the server.

    The choice has four ways: a named gateway, the server, the team's default, the installation's default.
    """
    if model.via is None:
        return team_choice
    return gateways.get(model.gateway_id) if model.gateway_id else None


def published(team: str, path: str | None, gateway: GatewayRecord | None) -> str:
    """Return `base_url`: the gateway's full URL, or a path that begins with exactly one slash (RES-1)."""
    return gateway.url if gateway else path or team_path(team)
