"""Where a model is published: a gateway's URL or a path of this server (design.md, "The address rule").

Also which URLs and paths may be registered. Pure. Nothing here joins a URL; `resolver` does, when somebody asks with an
origin.
"""

from collections.abc import Iterable, Mapping

from yarl import URL

from gateway.errors import Unprocessable
from gateway.registry.record import GatewayRecord, ModelRecord, TeamRecord
from resolver import ResolvedURL, ResolveError, resolve

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
    return gateways.get(team.default_gateway_id) if team.default_gateway_id else None


def model_gateway(
    model: ModelRecord, gateways: Mapping[str, GatewayRecord], team_choice: GatewayRecord | None
) -> GatewayRecord | None:
    """Return the gateway that a model is published through; None is the server.

    The choice has four ways: a named gateway, the server, the team's default, the installation's default.
    """
    if model.via is None:
        return team_choice
    return gateways.get(model.gateway_id) if model.gateway_id else None


def via_as_set(via: str | None, decided: GatewayRecord | None) -> str | None:
    """Return a choice as people write it: a gateway's name, "server" or None for the default."""
    return decided.name if via == GATEWAY and decided else via


def published(team: str, path: str | None, gateway: GatewayRecord | None) -> str:
    """Return `base_url`: the gateway's full URL, or a path that begins with exactly one slash (RES-1)."""
    return gateway.url if gateway else path or team_path(team)


def check_url(text: str, *, param: str) -> URL:
    """Return a full URL in its normal form, no byte of its path changed.

    Raises:
        Unprocessable: the resolver refuses it, or it is only a path.
    """
    resolved = _resolved(text, param, full=True)
    if resolved.kind == "server":
        raise Unprocessable(
            f"{param} {text!r} is a path; a full URL is needed here", code="invalid_url", param=param, hint=_FULL_URL
        )
    return resolved.url


def cut_operation(url: URL) -> tuple[URL, str | None]:
    """Return the URL without the path of an operation at its end, and what was cut off (REG-2).

    `/models` alone stays: it is the base_url of some providers.

    >>> cut_operation(URL("http://gpu:8000/v1/chat/completions"))
    (URL('http://gpu:8000/v1'), '/chat/completions')
    >>> cut_operation(URL("http://gpu:8000/v1/"))
    (URL('http://gpu:8000/v1/'), None)
    """
    path = url.raw_path.rstrip("/")
    for operation in _OPERATIONS:
        rest = path.removesuffix(operation)
        if rest != path and (rest or operation != "/models"):
            return url.with_path(rest, encoded=True), operation
    return url, None


def check_path(path: str, team: str) -> str:
    """Return a model's own published path unchanged, when this server answers for the team under it.

    Raises:
        Unprocessable: the resolver refuses it, it does not begin with a slash, or nobody would answer there.
    """
    resolved = _resolved(path, "path")
    if resolved.kind == "server" and not resolved.warnings and path in served_paths(team):
        return path
    raise Unprocessable(
        f"path {path!r} is not served for team {team!r}",
        code="invalid_path",
        param="path",
        hint=f"choose one of {', '.join(served_paths(team))}, or leave it out",
    )


def served_paths(team: str) -> tuple[str, ...]:
    """Return every path under which this server answers the team's calls (under /v1 the key names the team)."""
    own = team_path(team)
    return own, own.removesuffix("/"), f"{own}v1", f"{own}v1/", "/v1", "/v1/"


def is_own(url: URL, server: str) -> bool:
    """Whether a URL is the data plane of the server at `server`: an endpoint there would call itself (REG-5)."""
    return any(f"{url}/".startswith(str(resolve(path, server=server))) for path in ("/access/models/", "/v1/"))


_OPERATIONS = ("/chat/completions", "/completions", "/embeddings", "/models")
_FULL_URL = "write http(s)://host[:port] and the path in front of /chat/completions, such as /v1"


def _resolved(text: str, param: str, *, full: bool = False) -> ResolvedURL:
    try:
        return resolve(text, server="http://localhost")
    except ResolveError as error:
        raise Unprocessable(
            f"{param} {error.value} refused by {error.rule} ({error.code}): {error.detail}",
            code="invalid_url",
            param=param,
            hint=_FULL_URL if full and error.code in {"scheme", "looks_like_host"} else error.hint,
            rule=error.code,
        ) from error
