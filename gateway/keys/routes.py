"""/api/v1/keys and /api/v1/me. A key's text stands in two answers only, both `no-store` (KEY-4)."""

from aiohttp import web

from gateway.api.etag import parse_if_match
from gateway.api.operation import answer, operation
from gateway.api.page import Page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.errors import Unauthenticated
from gateway.keys.model import (
    KeyCreated,
    KeyInput,
    KeyPatch,
    KeyQuery,
    KeyRecord,
    KeyView,
    MeView,
    RotateQuery,
    key_created,
    key_view,
    me_view,
)
from gateway.keys.service import KeyService, etag
from gateway.storage.clock import Clock


class KeyRoutes:
    """Callers' keys. Without the permission keys.manage one sees the own key and those that it made."""

    def __init__(self, service: KeyService, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    @operation(
        "POST",
        "/keys",
        permission=Permission.KEYS_OWN,
        body=KeyInput,
        answers={201: KeyCreated},
        errors=(422,),
        tag="keys",
        summary="Make a key",
    )
    async def create_key(self, request: web.Request, body: KeyInput) -> web.StreamResponse:
        """Answer with the key's text, which is shown this once. A key never makes a wider key than itself."""
        record, minted = await self._service.create(body, request[PRINCIPAL])
        return self._created(record, minted.text.reveal(), status=201)

    @operation(
        "GET",
        "/keys",
        permission=Permission.KEYS_OWN,
        query=KeyQuery,
        answers={200: Page[KeyView]},
        tag="keys",
        summary="List keys",
    )
    async def list_keys(self, request: web.Request, query: KeyQuery) -> web.StreamResponse:
        """Answer with keys in order of their making; `unused_days=30` finds those that nobody needs."""
        records, cursor = await self._service.list(query, request[PRINCIPAL])
        now = self._clock.now_ms()
        return answer(Page[KeyView](items=tuple(key_view(one, now_ms=now) for one in records), next_cursor=cursor))

    @operation(
        "GET",
        "/keys/{key}",
        permission=Permission.KEYS_OWN,
        answers={200: KeyView},
        errors=(404,),
        tag="keys",
        summary="Show a key",
    )
    async def get_key(self, request: web.Request) -> web.StreamResponse:
        """Answer with the key of this id; the ten characters after `mp_live_` name it as well."""
        return self._shown(await self._service.get(request.match_info["key"], request[PRINCIPAL]))

    @operation(
        "PATCH",
        "/keys/{key}",
        permission=Permission.KEYS_OWN,
        body=KeyPatch,
        answers={200: KeyView},
        errors=(404, 409),
        tag="keys",
        summary="Change a key",
        if_match="optional",
    )
    async def change_key(self, request: web.Request, body: KeyPatch) -> web.StreamResponse:
        """Change what is sent; the new grant counts from the next request on."""
        guard = parse_if_match(request)
        return self._shown(await self._service.change(request.match_info["key"], body, request[PRINCIPAL], guard))

    @operation(
        "POST",
        "/keys/{key}/rotate",
        permission=Permission.KEYS_OWN,
        query=RotateQuery,
        answers={200: KeyCreated},
        errors=(404, 409),
        tag="keys",
        summary="Give a key a new secret",
        if_match="optional",
    )
    async def rotate_key(self, request: web.Request, query: RotateQuery) -> web.StreamResponse:
        """Answer with the key's new text, which is shown this once. The old one goes on for a day unless told."""
        guard = parse_if_match(request)
        record, minted = await self._service.rotate(request.match_info["key"], query, request[PRINCIPAL], guard)
        return self._created(record, minted.text.reveal(), status=200)

    @operation(
        "POST",
        "/keys/{key}/revoke",
        permission=Permission.KEYS_OWN,
        answers={200: KeyView},
        errors=(404,),
        tag="keys",
        summary="Revoke a key",
        if_match="optional",
    )
    async def revoke_key(self, request: web.Request) -> web.StreamResponse:
        """End the key at once, whoever declares it, with the keys that it made unless it is an administrator's."""
        guard = parse_if_match(request)
        return self._shown(await self._service.revoke(request.match_info["key"], request[PRINCIPAL], guard))

    @operation(
        "DELETE",
        "/keys/{key}",
        permission=Permission.KEYS_OWN,
        answers={204: None},
        errors=(404, 409),
        tag="keys",
        summary="Delete a key",
        if_match="optional",
    )
    async def delete_key(self, request: web.Request) -> web.StreamResponse:
        """End the key at once and forget it; what it used stays in the usage. One that a file declares is revoked."""
        guard = parse_if_match(request)
        await self._service.delete(request.match_info["key"], request[PRINCIPAL], guard)
        return web.Response(status=204)

    @operation(
        "GET", "/me", permission=Permission.SELF_READ, answers={200: MeView}, tag="keys", summary="Show who is asking"
    )
    async def get_me(self, request: web.Request) -> web.StreamResponse:
        """Answer with the caller's role, team and permissions."""
        principal = request.get(PRINCIPAL)
        if principal is None:  # the permission was checked, so somebody is there; this is for the type checker
            raise Unauthenticated("no valid API key was sent")
        return answer(me_view(principal))

    def _created(self, record: KeyRecord, text: str, *, status: int) -> web.Response:
        shown = key_created(record, text, now_ms=self._clock.now_ms())
        return answer(shown, status=status, headers={"ETag": etag(record)})

    def _shown(self, record: KeyRecord) -> web.Response:
        """Answer with ETag, but not to be kept: `last_used_at` changes without a new revision."""
        return answer(key_view(record, now_ms=self._clock.now_ms()), headers={"ETag": etag(record)})
