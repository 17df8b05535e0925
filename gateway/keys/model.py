"""Keys as callers of the API see them, and as the store hands them out. Pure."""

import re
from ipaddress import ip_network
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Struct
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from gateway.api.etag import format_etag
from gateway.api.page import PageQuery
from gateway.api.permissions import Permission, Role
from gateway.api.principal import NO_MODEL, Principal
from gateway.described import Described
from gateway.keys.format import Environment, prefix
from gateway.keys.hashing import HashedSecret
from gateway.storage.clock import rfc3339

DEFAULT_DAYS = 90
"""KEY-5: a forgotten key ends by itself."""
MAX_DAYS = 3650
PREVIOUS_HOURS = 24
"""KEY-5: after a rotation the old secret goes on for a day, so that nobody has to change two places at once."""
DAY_MS = 86_400_000
_MAX_PATTERNS = 100

KeyStatus: TypeAlias = Literal["active", "expired", "revoked"]


def _network(value: str) -> str:
    try:
        return str(ip_network(value, strict=False))
    except ValueError as error:
        raise ValueError(f"{value!r} is no network: write 10.1.0.0/16 or 192.0.2.7") from error


def _one_line(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("control characters have no place in a name")
    return value


Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
Pattern: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
Cidr: TypeAlias = Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]
Days: TypeAlias = Annotated[int, Field(ge=1, le=MAX_DAYS)]
Patterns: TypeAlias = Annotated[tuple[Pattern, ...], Field(max_length=_MAX_PATTERNS)]
Region: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_one_line)]
Cidrs: TypeAlias = Annotated[tuple[Cidr, ...], Field(max_length=_MAX_PATTERNS)]


class _Input(Described):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class KeyInput(_Input):
    """A new key. What is left out is as narrow as the key that makes it; nothing may be wider (KEY-6)."""

    name: Name
    """What people call it: who or what uses it."""
    role: Role = Role.DEVELOPER
    team: Name | None = None
    """The team that the key belongs to; null for every team, which only a key of every team may give. Left out: the
    maker's own, else `default`, but every team for the roles admin and auditor."""
    models: Patterns | None = None
    """Names of models, with * and ?, that it may call; left out: those of the maker; empty: every one. The whole name
    of a model of its team stands for that model, whatever it is called later; a key of every team goes by names."""
    cidrs: Cidrs | None = None
    """Networks that it may be used from; left out: those of the maker; empty: everywhere."""
    region: Region | None = None
    """Where its user is, such as eu: what the catalogue recommends to it is usable there. Left out: that of the maker;
    null: the configuration's."""
    expires_in_days: Days | None = DEFAULT_DAYS
    """Days until it ends; null for never."""
    env: Environment = "live"
    """Stands in the key's text; `test` marks a throw-away key. The rights are the same."""


class KeyPatch(_Input):
    """Changes to a key; a field that is left out stays as it is."""

    name: Name = Field(default_factory=str)
    role: Role = Field(default_factory=lambda: Role.DEVELOPER)
    models: Patterns = ()
    cidrs: Cidrs = ()
    region: Region | None = None
    """null: the configuration's again."""
    expires_in_days: Days | None = None
    """Days from now until it ends; null for never."""


class RotateQuery(Described):
    """How a key gets a new secret."""

    previous_valid_hours: int = Field(default=PREVIOUS_HOURS, ge=0, le=PREVIOUS_HOURS)
    """Hours that the old secret goes on; 0 when it leaked."""
    expires_in_days: int | None = Field(default=None, ge=1, le=MAX_DAYS)
    """A new end, in days from now; left out: the end stays."""


class KeyQuery(PageQuery):
    """Filters of the list of keys."""

    team: str | None = Field(default=None, max_length=200)
    role: Role | None = None
    status: KeyStatus | None = None
    unused_days: int | None = Field(
        default=None, ge=1, le=MAX_DAYS, description="Only keys that nobody used for so many days."
    )


class KeyRecord(Struct, frozen=True):
    """One row with its team's name. Times are ms; None means never, everywhere or every team."""

    id: str
    key_id: str
    env: Environment
    name: str
    team: str | None
    role: Role
    hashed: HashedSecret
    previous: HashedSecret | None
    previous_valid_until: int | None
    models: tuple[str, ...]
    cidrs: tuple[str, ...]
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    created_by: str | None
    rev: int
    created_at: int
    updated_at: int
    managed_by: str | None = None
    managed_at: str | None = None
    limited: bool = False
    """Whether it may call `models` alone, even when none is left of them."""
    region: str | None = None

    @property
    def may_call(self) -> tuple[str, ...]:
        """The patterns that count: of a limited key none of whose models is left NO_MODEL, empty for every model."""
        return self.models or (NO_MODEL if self.limited else ())

    def status(self, now_ms: int) -> KeyStatus:
        """Whether the key can be used."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and now_ms >= self.expires_at else "active"


class KeyView(Described):
    """A key as it is listed: its text is never shown again (KEY-4). Times are RFC 3339 in UTC."""

    id: str
    prefix: str
    """The beginning of the key's text."""
    name: str
    env: Environment
    role: Role
    team: str | None
    """null: every team."""
    models: tuple[str, ...]
    """Whole names of its own team follow a model that is renamed. Empty: every model of the team, unless `limited`."""
    limited: bool
    """Whether it may call `models` alone: with none left it calls nothing, never everything."""
    cidrs: tuple[str, ...]
    """Empty: from everywhere."""
    region: str | None
    """Where its user is; null: the configuration's. Recommendations alone go by it."""
    status: KeyStatus
    etag: str
    created_at: str
    updated_at: str
    created_by: str | None
    """The id of the key that made it; null for the command line."""
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    """To a minute."""
    previous_valid_until: str | None
    """Until when the secret before the last rotation goes on."""
    managed_by: Literal["file"] | None
    """file: a configuration file declares what it may do; null: that is changed here."""
    managed_at: str | None
    """File and line of the declaration."""


class KeyCreated(KeyView):
    """A key with its text, which is shown this once."""

    key: str = Field(repr=False)


class MeView(Described):
    """Who is asking."""

    key_id: str | None
    """null for a caller on this machine without a key."""
    name: str
    role: Role
    team: str | None
    """null: every team."""
    models: tuple[str, ...]
    limited: bool
    """Whether it may call `models` alone, even when none is left of them."""
    permissions: tuple[Permission, ...]
    region: str | None
    """Where the caller is, as its key says."""


def key_view(record: KeyRecord, *, now_ms: int) -> KeyView:
    """Return what may be shown of a key."""
    return KeyView(**_shown(record, now_ms))


def key_created(record: KeyRecord, text: str, *, now_ms: int) -> KeyCreated:
    """Return the one answer that holds the key's text."""
    return KeyCreated(**_shown(record, now_ms), key=text)


def me_view(principal: Principal) -> MeView:
    """Return the caller as it may see itself."""
    return MeView(
        key_id=principal.key_id,
        name=principal.name,
        role=principal.role,
        team=principal.team,
        models=() if principal.models == NO_MODEL else principal.models,
        limited=bool(principal.models),
        permissions=tuple(sorted(principal.permissions)),
        region=principal.region,
    )


def _shown(record: KeyRecord, now_ms: int) -> dict[str, Any]:
    return {
        "id": record.id,
        "prefix": prefix(record.env, record.key_id).rstrip("_"),
        "name": record.name,
        "env": record.env,
        "role": record.role,
        "team": record.team,
        "models": record.models,
        "limited": bool(record.may_call),
        "cidrs": record.cidrs,
        "region": record.region,
        "status": record.status(now_ms),
        "etag": format_etag(record.id, record.rev),
        "created_at": _time(record.created_at),
        "updated_at": _time(record.updated_at),
        "created_by": record.created_by,
        "expires_at": _time(record.expires_at),
        "revoked_at": _time(record.revoked_at),
        "last_used_at": _time(record.last_used_at),
        "previous_valid_until": _time(record.previous_valid_until),
        "managed_by": record.managed_by,
        "managed_at": record.managed_at,
    }


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)
