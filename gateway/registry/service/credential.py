"""How an endpoint's key is taken: a reference that an administrator wrote, or a value that the vault keeps.

The vault and the egress policy are injected: the registry decides who may set what, they decide what is well made.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

from yarl import URL

from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.errors import ConfigError, EgressDenied, PermissionDenied, Unprocessable
from gateway.registry.address import check_url, cut_operation, is_own
from gateway.registry.record import EndpointRecord
from gateway.storage.connection import AsyncConnection
from gateway.vault.secret import Secret
from gateway.vault.vault import SecretState

JudgeUrl = Callable[[URL], None]
"""The egress policy's judgement on a URL before anything connects: raises EgressDenied (EGR-1, EGR-2)."""

OWNER_KIND: Final = "endpoint"
MAX_KEY = 16_384  # characters: a signed token of a cloud provider has some 4,000
_REFERENCES: Final = ("env:", "file:", "keyring:")
_UNSET: Final[Mapping[str, None]] = {"credential_ref": None, "secret_id": None}


class SecretStore(Protocol):
    """What the registry needs of the vault."""

    async def put(self, conn: AsyncConnection, owner_kind: str, owner_id: str, value: Secret) -> str:
        """Store a value inside the transaction and return its id; the owner's older one stays until `drop`."""
        ...

    async def drop(self, conn: AsyncConnection, secret_id: str) -> None:
        """Delete a value that nothing refers to any more."""
        ...

    async def describe(self, conn: AsyncConnection, secret_ids: Collection[str]) -> dict[str, SecretState]:
        """Return what may be shown of stored values, by id."""
        ...

    def check_reference(self, text: str) -> str:
        """Return the reference as it is stored; raise ConfigError when it cannot be read here."""
        ...


class Credentials:
    """Judges addresses and keys of endpoints, and keeps the keys."""

    def __init__(self, secrets: SecretStore, judge_url: JudgeUrl) -> None:
        self._secrets = secrets
        self._judge_url = judge_url

    def check_base_url(self, text: str, *, server: str) -> URL:
        """Return an endpoint's address in its normal form.

        Raises:
            Unprocessable: the resolver or the egress policy refuses it, or it is this very server (REG-5).
        """
        whole = check_url(text, param="base_url")
        url, _ = cut_operation(whole)
        if is_own(whole, server):
            raise own_address(text)
        try:
            self._judge_url(url)
        except EgressDenied as error:
            raise Unprocessable(error.message, code=error.code, param="base_url", hint=error.hint) from error
        return url

    async def columns(
        self, conn: AsyncConnection, principal: Principal, endpoint_id: str, api_key: Secret | None
    ) -> dict[str, str | None]:
        """Store the key, if it is a value, and return the columns that say where it is.

        Raises:
            PermissionDenied: a reference, and the caller is no administrator (SEC-3).
            Unprocessable: the reference cannot be read here, or the value could not stand in a header.
        """
        if api_key is None:
            return dict(_UNSET)
        text = api_key.reveal().strip()
        if text.startswith(_REFERENCES):
            return {**_UNSET, "credential_ref": self._reference(principal, text)}
        secret_id = await self._secrets.put(conn, OWNER_KIND, endpoint_id, Secret(_checked(text)))
        return {**_UNSET, "secret_id": secret_id}

    def to_try(self, principal: Principal, api_key: Secret) -> Secret | str:
        """Return a key that a check shall use and nobody keeps: the value, or the reference as it would be stored.

        Raises:
            PermissionDenied, Unprocessable: as from `columns`.
        """
        text = api_key.reveal().strip()
        return self._reference(principal, text) if text.startswith(_REFERENCES) else Secret(_checked(text))

    async def drop(self, conn: AsyncConnection, *endpoints: EndpointRecord) -> None:
        """Delete the stored keys that these rows referred to until now."""
        for endpoint in endpoints:
            if endpoint.secret_id:
                await self._secrets.drop(conn, endpoint.secret_id)

    async def describe(self, conn: AsyncConnection, endpoints: Collection[EndpointRecord]) -> dict[str, SecretState]:
        """Return what may be shown of each endpoint's key, by the endpoint's id (SEC-4)."""
        ids = [endpoint.secret_id for endpoint in endpoints if endpoint.secret_id]
        stored = await self._secrets.describe(conn, ids) if ids else {}
        return {endpoint.id: _shown(endpoint, stored) for endpoint in endpoints}

    def check_reference(self, text: str) -> str:
        """Return `env:NAME` or `file:PATH` as it is stored.

        Raises:
            Unprocessable: it cannot be read here.
        """
        try:
            return self._secrets.check_reference(text)
        except ConfigError as error:
            raise Unprocessable(error.message, code="bad_reference", param="api_key", hint=error.hint) from error

    def _reference(self, principal: Principal, text: str) -> str:
        if not principal.may(Permission.TEAMS_WRITE):
            raise PermissionDenied(
                "only administrators may refer to a variable or file of the server",
                hint="send the key itself: it is stored encrypted; or ask an administrator",
            )
        return self.check_reference(text)


def own_address(text: str) -> Unprocessable:
    """Return the refusal of this very server as an upstream."""
    return Unprocessable(
        f"base_url {text!r} is this server's own data plane: calls would go in a circle",
        code="own_address",
        param="base_url",
        hint="give the address where the model really runs; another name for a model is an alias",
    )


def _checked(text: str) -> str:
    """Refuse what could not stand in `Authorization: Bearer …`; the messages never hold the value."""
    reason = None
    if not 1 <= len(text) <= MAX_KEY:
        reason = f"it has {len(text)} characters; 1 to {MAX_KEY} are allowed"
    elif not (text.isascii() and text.isprintable()) or " " in text:
        reason = "it holds a blank or a character outside printable ASCII"
    if reason is None:
        return text
    hint = "leave out the word Bearer" if text[:7].lower() == "bearer " else "copy the key once more"
    raise Unprocessable(f"api_key is no key: {reason}", code="invalid_api_key_value", param="api_key", hint=hint)


def _shown(endpoint: EndpointRecord, stored: Mapping[str, SecretState]) -> SecretState:
    if endpoint.secret_id:
        return stored.get(endpoint.secret_id, SecretState(set=True))
    if endpoint.credential_ref:
        kind, _, ref = endpoint.credential_ref.partition(":")
        return SecretState(set=True, hint=f"{kind}:{ref.rpartition('/')[2]}")
    return SecretState(set=False)
