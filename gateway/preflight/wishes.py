"""What a check is asked to look at, made of what callers name: an address, a registered endpoint, a whole model.

Stands behind the gate of registrations (`gateway.registry.gate`), and behind `POST /api/v1/preflight`.
"""

from collections.abc import Sequence
from typing import Any, Final, cast

from yarl import URL

from gateway.api.principal import Principal
from gateway.errors import NotFound, Unprocessable
from gateway.preflight.run import Level, Wish
from gateway.preflight.service import Preflight
from gateway.registry.gate import Candidate
from gateway.registry.names import model_not_found
from gateway.registry.registry import Registry
from gateway.registry.service.credential import Credentials
from gateway.registry.service.lookup import choose_team
from gateway.registry.snapshot import Credential, EndpointRoute, ModelRoute
from gateway.registry.verdict import PreflightView
from gateway.vault.secret import Secret
from gateway.vault.vault import Vault

_NEW: Final = "preflight"
"""The owner of a key that nobody keeps: only references are read for it."""


class Wishes:
    """Makes wishes; as a gate, has them checked at once."""

    def __init__(self, preflight: Preflight, registry: Registry, credentials: Credentials, vault: Vault) -> None:
        self._preflight = preflight
        self._registry = registry
        self._credentials = credentials
        self._vault = vault

    async def check(
        self, principal: Principal, candidates: Sequence[Candidate], *, level: str, server: str
    ) -> PreflightView:
        """Return what a check of the candidates finds; see `Gate.check`."""
        wishes = [await self.of(principal, one) for one in candidates]
        return await self._preflight.run(principal, wishes, level=cast("Level", level), server=server)

    async def of(self, principal: Principal, wanted: Candidate) -> Wish:
        """Return the wish that a candidate means.

        Raises:
            NotFound: team, model or endpoint do not exist for the caller.
            Unprocessable, PermissionDenied: the key is refused.
        """
        if wanted.endpoint is not None:
            return await self._changed(principal, wanted, wanted.endpoint)
        snapshot = self._registry.snapshot
        route = snapshot.by_uid.get(wanted.model or "")
        team = route.team if route is not None else choose_team(principal, wanted.team, snapshot.teams)
        if route is None and wanted.model is not None:
            route = snapshot.find(team, wanted.model)
        if wanted.base_url is None:
            raise Unprocessable("there is no address to check", hint="send base_url, model or endpoint")
        name = route.name if route is not None else wanted.model
        return Wish(
            team=team,
            base_url=wanted.base_url,
            model=wanted.upstream_model or name or "",
            task=wanted.task or (route.task if route is not None else "chat"),
            key=await self._new_key(principal, wanted.api_key),
        )

    async def of_model(self, principal: Principal, named: str, team: str | None) -> list[Wish]:
        """Return a wish for each endpoint of a registered model.

        Raises:
            NotFound: it does not exist for the caller.
        """
        snapshot = self._registry.snapshot
        route = snapshot.by_uid.get(named)
        if route is None or not principal.sees_team(route.team):
            owner = choose_team(principal, team, snapshot.teams)
            route = snapshot.find(owner, named)
            if route is None:
                names = filter(principal.may_call, snapshot.names(owner))
                raise model_not_found(named, names, team=owner)
        return [await self.registered(route, one) for one in route.endpoints]

    async def of_endpoint(self, principal: Principal, endpoint_id: str) -> Wish:
        """Return a wish for a registered endpoint; raise NotFound unless it exists for the caller."""
        return await self.registered(*self._endpoint(principal, endpoint_id))

    async def registered(self, model: ModelRoute, endpoint: EndpointRoute) -> Wish:
        """Return the wish for an endpoint as calls use it; raise Unavailable where its key cannot be had."""
        key = None
        if endpoint.credential is not None:
            key = await self._vault.resolve(endpoint.credential, owner=endpoint.id)
        return Wish(
            team=model.team,
            base_url=str(endpoint.base_url),
            model=endpoint.upstream_model,
            task=model.task,
            key=key,
            endpoint=endpoint.id,
        )

    async def _changed(self, principal: Principal, wanted: Candidate, endpoint_id: str) -> Wish:
        """Return the wish for an endpoint as it would be; its key stays behind when the origin changes (EGR-7)."""
        model, endpoint = self._endpoint(principal, endpoint_id)
        base_url, key = wanted.base_url or str(endpoint.base_url), None
        if "api_key" in wanted.changes:
            key = await self._new_key(principal, wanted.api_key)
        elif endpoint.credential is not None and _origin(base_url) == str(endpoint.base_url.origin()):
            key = await self._vault.resolve(endpoint.credential, owner=endpoint.id)
        renamed = "upstream_model" in wanted.changes
        return Wish(
            team=model.team,
            base_url=base_url,
            model=(wanted.upstream_model or model.name) if renamed else endpoint.upstream_model,
            task=model.task,
            key=key,
            endpoint=endpoint.id,
        )

    def _endpoint(self, principal: Principal, endpoint_id: str) -> tuple[ModelRoute, EndpointRoute]:
        found = self._registry.snapshot.endpoint(endpoint_id)
        if found is None or not principal.sees_team(found[0].team):
            raise NotFound(f"endpoint {endpoint_id!r} not found", code="endpoint_not_found")
        return found

    async def _new_key(self, principal: Principal, api_key: Secret | None) -> Secret | None:
        if api_key is None:
            return None
        wanted = self._credentials.to_try(principal, api_key)
        if isinstance(wanted, Secret):
            return wanted
        kind, _, ref = wanted.partition(":")
        return await self._vault.resolve(Credential(cast("Any", kind), ref, ""), owner=_NEW)


def _origin(text: str) -> str | None:
    try:
        return str(URL(text, encoded=True).origin())
    except ValueError:
        return None
