"""Routing: what the wrapper changes in one request before the SDK sends it.

Settled here: which model a request names, where it goes, and which headers go with it (clients.md WRP-3, 5, 6, 9).
Pure decisions; `resolver.client` calls them from the SDK's hook. Only names that openai exports are used, and its
request options are taken as they come: their class is private, and differs between openai 2 and 3 (CL-1).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from openai import Omit, omit

from resolver.address import resolve
from resolver.lookup import LOOKUP_PATH, LOOKUP_TIMEOUT_S
from resolver.routes import Route, RouteCache
from resolver.trust import KeyPolicy, find_origin

__all__ = ["NO_KEY", "Headers", "Routing", "is_absolute"]

# Stands for the key where there is none, since the SDK refuses an empty one. No routed request carries it.
NO_KEY: Final = "modelport-no-key"

Headers: TypeAlias = Mapping[str, str | Omit]

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# What the SDK itself puts into every request and says nothing about the caller's credentials.
_NEUTRAL: Final = re.compile(r"accept|content-type|user-agent|x-stainless-.*", re.IGNORECASE)
_SECRET: Final = re.compile(
    r".*(?:authorization|cookie|api-?key|token|secret).*|openai-(?:organization|project)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Routing:
    """Our half of a client's settings; shared by copies as far as they agree."""

    server: str
    model: str | None
    team: str | None
    policy: KeyPolicy
    routes: RouteCache

    @property
    def base_url(self) -> str:
        """A data-plane address of the server itself, good before anything is looked up: never None, never empty."""
        return str(resolve("/v1/", server=self.server))

    def lookup(self, name: str | None, *, timeout: object, default_query: Iterable[str]) -> tuple[str, dict[str, Any]]:
        """Return URL and request options that ask the server where `name` is called."""
        asked = {"model": name, "team": self.team}
        params = dict.fromkeys(default_query, omit) | {key: value for key, value in asked.items() if value is not None}
        limit = min(timeout, LOOKUP_TIMEOUT_S) if isinstance(timeout, int | float) else LOOKUP_TIMEOUT_S
        return str(resolve(LOOKUP_PATH, server=self.server)), {"params": params, "timeout": limit}

    def name_for(self, options: Any) -> str | None:
        """Return the name under which a request's route is known; None stands for the team's own address.

        `json_data` is a dict for JSON and multipart bodies alike; the SDK merges `extra_json` over it.
        """
        if self.model is not None:
            return self.model
        for body in (options.extra_json, options.json_data):
            if isinstance(body, Mapping) and "model" in body:
                name = body["model"]
                return name if isinstance(name, str) and name else None
        return None

    def direct(self, options: Any, route: Route | None, *, headers: Headers, key: str | None, client: Headers) -> None:
        """Point one attempt at its address and give it the credential that may go there.

        `headers` are those of this request, `client` those of every request (OPENAI_CUSTOM_HEADERS included).
        """
        if route is not None:
            options.url = route.address.below(options.url)
        origin = find_origin(options.url) if route is None else route.origin
        gateways = self.routes.gateways() if route is None else route.gateways
        credential = self.policy.key_for(origin, key=key, gateways=gateways)
        trusted = self.policy.trusts(origin, gateways=gateways)
        # A 307 would carry the prompt, and a 301 an empty GET, to an address that nobody published (CL-11).
        options.follow_redirects = False
        options.headers = _trusted(headers, credential, client) if trusted else _stranger(headers, credential, client)


def is_absolute(url: str) -> bool:
    """Whether a request names its whole address, as look-ups do, and is not to be routed."""
    return _ABSOLUTE.match(url) is not None


def _trusted(headers: Headers, credential: str | None, client: Headers) -> Headers:
    """Return a request's headers for an origin that may see them all; only `Authorization` is settled here."""
    if not any(name.lower() == "authorization" for name in headers):  # else it is the caller's word for this request
        headers = {**headers, "Authorization": _bearer(credential)}
    return _silencing(["Authorization", *(name for name in client if name.lower() == "authorization")], headers)


def _stranger(headers: Headers, credential: str | None, client: Headers) -> Headers:
    """Return a request's headers for any other origin: nothing that tells about the caller's accounts."""
    kept = {name: value for name, value in headers.items() if not _SECRET.fullmatch(name)}
    telling = [name for name in client if not _NEUTRAL.fullmatch(name)]
    return _silencing(telling, {**kept, "Authorization": _bearer(credential)})


def _silencing(names: Iterable[str], headers: Headers) -> Headers:
    """Return `headers` with the client-wide ones of these names taken out before them.

    openai 2 merges by exact case, so every spelling is omitted by its own name; openai 3 goes by the order, so what
    is omitted stands before what is sent.
    """
    return {**{name: omit for name in names if name not in headers}, **headers}


def _bearer(credential: str | None) -> str | Omit:
    return omit if credential is None else f"Bearer {credential}"
