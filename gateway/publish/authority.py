"""Proving to a registry who one is: basic, or a token from the server that the registry names (PUB-4, PUB-5, PUB-8).

A token's own list of rights is never believed, only told: the registry's answers decide.
"""

import asyncio
import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from msgspec import Struct
from yarl import URL

from gateway.publish.answers import Answer
from gateway.publish.credentials import Credential
from gateway.publish.location import check_realm, same_origin
from gateway.publish.messages import PublishError

_CHALLENGE: Final = re.compile(r'([A-Za-z]+)\s+((?:[A-Za-z_]+\s*=\s*(?:"[^"]*"|[^\s,"]+)\s*,?\s*)+)')
_PARAMETER: Final = re.compile(r'([A-Za-z_]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')
_UNAUTHORIZED: Final = 401
_NARROWER: Final = {"pull,push,delete": "pull,push"}
"""What to ask for when a token server will not hear of a scope (PUB-5)."""


class Asks(Protocol):
    """Sends one request without any credential but those given."""

    def __call__(
        self, method: str, url: URL, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Awaitable[Answer]:
        """Return the answer."""
        ...


class Scope(Struct, frozen=True):
    """What a request needs: actions on a repository, `mount` to read from another one; without a repository nothing."""

    repository: str
    actions: str = "pull,push,delete"
    mount: str | None = None

    @property
    def texts(self) -> list[str]:
        """As token servers take them."""
        own = [f"repository:{self.repository}:{self.actions}"] if self.repository else []
        return [*own, f"repository:{self.mount}:pull"] if self.mount else own


class Authority:
    """What one registry wants to see, learned from its challenges, and the tokens that were given for it."""

    def __init__(
        self, registry: URL, place: str, credential: Credential | None, ask: Asks, source: Callable[[], str]
    ) -> None:
        self.credential = credential
        self._registry = registry
        self._place = place
        self._ask = ask
        self._source = source
        self._basic = False
        self._told: dict[str, str] | None = None
        self._tokens: dict[Scope, str] = {}
        self._turn = asyncio.Lock()  # several blobs travel at once: one of them asks

    def header(self, url: URL, scope: Scope | None) -> str | None:
        """Return the Authorization for a request, None where there is none or it must not go (PUB-8)."""
        if not same_origin(url, self._registry):
            return None
        if self._basic and self.credential is not None:
            return self.credential.basic
        token = self._tokens.get(scope) if scope is not None else None
        return None if token is None else f"Bearer {token}"

    def granted(self, scope: Scope) -> frozenset[str] | None:
        """Return the actions that the token claims to allow, None when it is opaque: for messages alone (PUB-4)."""
        token = self._tokens.get(scope)
        return None if token is None else _claimed(token, scope.repository)

    @property
    def takes_tokens(self) -> bool:
        """Whether the registry wants tokens of a token server."""
        return self._told is not None

    def greeted(self, answer: Answer) -> None:
        """Learn from the answer to the first request, which had no credentials, what the registry wants to see."""
        challenges = _challenges(answer.headers.get("WWW-Authenticate", ""))
        self._told = challenges.get("bearer")
        identity = self.credential is not None and self.credential.is_identity_token
        self._basic = "basic" in challenges and self._told is None and self.credential is not None and not identity

    async def prepare(self, url: URL, scope: Scope | None) -> None:
        """Have a token before the registry asks for one: a request less.

        Raises:
            PublishError: the token server refuses the user, or may not be asked.
        """
        is_asked = self._told is not None and self._told.get("realm") and same_origin(url, self._registry)
        if is_asked and self._told is not None and scope is not None and scope not in self._tokens:
            async with self._turn:
                if scope not in self._tokens:
                    self._tokens[scope] = await self._token(self._told, scope)

    async def renew(self, refused: Answer, scope: Scope | None, *, sent: str | None) -> bool:
        """Return whether the request may be sent again with something better than `sent`.

        Raises:
            PublishError: the token server refuses the user, or may not be asked.
        """
        if not same_origin(refused.url, self._registry):
            return False
        challenges = _challenges(refused.headers.get("WWW-Authenticate", ""))
        if "basic" in challenges and "bearer" not in challenges:
            self._basic = self.credential is not None and not self.credential.is_identity_token
            return self._basic and sent is None
        told = challenges.get("bearer")
        if told is None or scope is None or not told.get("realm"):
            return False
        if sent is not None and told.get("error") == "insufficient_scope":
            return False  # it was asked for everything
        async with self._turn:
            if sent == self.header(refused.url, scope):  # else another request was quicker
                self._told = told
                self._tokens[scope] = await self._token(told, scope)
        return True

    def has_token(self, scope: Scope) -> bool:
        """Whether a token server knew the user."""
        return scope in self._tokens

    def refusal(self, login: str | None = None) -> PublishError:
        """Return the error for a 401 that nothing helps against; `login` says how to get credentials."""
        if self.credential is None:
            login = login or f"Log in: modelport registry login {self._place}."
            return PublishError("refused_anonymous", host=self._place, login=login, source=self._source())
        return PublishError("refused_user", user=self.credential.user, host=self._place, source=self.credential.source)

    async def _token(self, told: Mapping[str, str], scope: Scope) -> str:
        realm = check_realm(told["realm"], registry=self._registry)
        answer = await self._exchange(realm, told.get("service", ""), scope.texts)
        narrower = _NARROWER.get(scope.actions)
        if not answer.is_good and answer.status != _UNAUTHORIZED and narrower:
            answer = await self._exchange(realm, told.get("service", ""), Scope(scope.repository, narrower).texts)
        if answer.status == _UNAUTHORIZED:
            raise self.refusal()
        data = answer.data
        token = (data.get("token") or data.get("access_token")) if isinstance(data, dict) else None
        if not answer.is_good or not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise PublishError("realm_broken", realm=realm.origin(), status=answer.status, says=answer.says)
        return token

    async def _exchange(self, realm: URL, service: str, scopes: list[str]) -> Answer:
        credential = self.credential
        headers = {"Accept": "application/json"}
        if credential is not None and credential.is_identity_token:
            form = {"grant_type": "refresh_token", "service": service, "client_id": "modelport"}
            form |= {"scope": " ".join(scopes), "refresh_token": credential.secret.reveal()}
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return await self._ask("POST", realm, headers=headers, body=urlencode(form).encode())
        query = [("service", service)] if service else []
        query += [("scope", scope) for scope in scopes]
        if credential is not None:
            query.append(("account", credential.user))
            headers["Authorization"] = credential.basic
        return await self._ask("GET", realm.extend_query(query), headers=headers)


def _challenges(text: str) -> dict[str, dict[str, str]]:
    """Return the challenges by scheme in lower case, with their parameters."""
    return {
        found[1].lower(): {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(found[2])}
        for found in _CHALLENGE.finditer(text)
    }


def _claimed(token: str, repository: str) -> frozenset[str] | None:
    try:
        part = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        rights = [one for one in claims["access"] if one.get("name") == repository]
        return frozenset(str(action) for one in rights for action in one.get("actions") or ())
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
