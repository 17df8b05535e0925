"""What may stand in a configuration file under `teams`, `gateways`, `models`, `aliases` and `keys`. Pure.

The words are those of the API: the shapes are its inputs, the object's name is the key in front of them. A secret never
stands here, only where it is kept. `reading.py` makes these of a file.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final, Generic, Literal, TypeAlias, TypeVar

from msgspec import Struct, field
from pydantic import AfterValidator, Field, field_validator

from gateway.api.permissions import Role
from gateway.configuration.wording import NO_REFERENCE
from gateway.keys.model import Cidrs, Patterns, Region
from gateway.keys.model import Name as KeyName
from gateway.registry.inputs import (
    MAX_ENDPOINTS,
    MAX_FALLBACKS,
    DefaultFor,
    EndpointFields,
    GatewayCreate,
    Input,
    ModelCreate,
    ModelName,
    Name,
    TeamCreate,
)
from gateway.settings import SECRET_REFERENCE
from gateway.vault.secret import Secret

Section: TypeAlias = Literal["teams", "gateways", "models", "aliases", "keys"]
SECTIONS: Final[tuple[Section, ...]] = ("teams", "gateways", "models", "aliases", "keys")
"""The sections of a file that declare objects; all others are settings."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class DeclaredTeam(TeamCreate):
    """A team."""

    default_endpoints: dict[DefaultFor, ModelName] = Field(default_factory=dict)
    """By operation, the model whose first endpoint takes calls that name no model."""


class DeclaredGateway(GatewayCreate):
    """A gateway."""


class DeclaredEndpoint(EndpointFields):
    """One place where a model runs; `api_key` is env:NAME, file:PATH or keyring:SERVICE/USER."""

    @field_validator("api_key")
    @classmethod
    def _is_reference(cls, value: Secret | None) -> Secret | None:
        if value is not None and not re.fullmatch(SECRET_REFERENCE, value.reveal()):
            raise ValueError("; ".join(NO_REFERENCE))
        return value


class DeclaredModel(ModelCreate):
    """A model with every endpoint that it has."""

    state: Literal["active", "disabled"] = "active"
    fallbacks: Annotated[tuple[ModelName, ...], Field(max_length=MAX_FALLBACKS)] = ()
    """Models of the same team that take over, in this order, where none of the endpoints can answer."""
    endpoints: tuple[DeclaredEndpoint, ...] = Field(default=(), max_length=MAX_ENDPOINTS)


class DeclaredAlias(Input):
    """Another name for a model of the same team."""

    name: ModelName
    model: ModelName
    team: Name | None = None


def _moment(text: str) -> str:
    """Check a time: RFC 3339 with its offset, or a day, which means its beginning in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or (moment.tzinfo is None and not _DATE.fullmatch(text)):
        raise ValueError("is no time; write a day like 2027-01-31, or 2027-01-31T18:00:00Z")
    return text


class DeclaredKey(Input):
    """What the key of this name may do. What is left out stays as the key has it; the key itself is made elsewhere."""

    name: KeyName
    team: Name | None = None
    """Which key is meant, where several teams have one of this name."""
    role: Role | None = None
    models: Patterns | None = None
    """Names of models, with * and ?; an empty list is every one."""
    cidrs: Cidrs | None = None
    region: Region | None = None
    """Where its user is, such as eu; null: catalogue.region."""
    expires_at: Annotated[str, AfterValidator(_moment)] | None = None
    """When it ends: a day (its beginning in UTC) or a time; null is never."""

    @property
    def expires_at_ms(self) -> int | None:
        """The end in unix milliseconds."""
        if self.expires_at is None:
            return None
        moment = datetime.fromisoformat(self.expires_at)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


Body = TypeVar("Body", DeclaredTeam, DeclaredGateway, DeclaredModel, DeclaredEndpoint, DeclaredAlias, DeclaredKey)


class Entry(Struct, Generic[Body], frozen=True):
    """One object of the file: its team ("" where it has none), name and body; `path` and `at` say where it stands."""

    team: str
    name: str
    body: Body
    path: tuple[str | int, ...]
    at: str

    @property
    def key(self) -> tuple[str, str]:
        """Team and name."""
        return self.team, self.name


class Declared(Struct, frozen=True):
    """Everything that a file declares, in the file's order. `anything` tells a file without any of the sections."""

    teams: tuple[Entry[DeclaredTeam], ...] = ()
    gateways: tuple[Entry[DeclaredGateway], ...] = ()
    models: tuple[Entry[DeclaredModel], ...] = ()
    endpoints: dict[tuple[str, str], tuple[Entry[DeclaredEndpoint], ...]] = field(default_factory=dict)
    """By team and name of their model."""
    aliases: tuple[Entry[DeclaredAlias], ...] = ()
    keys: tuple[Entry[DeclaredKey], ...] = ()
    anything: bool = False
    digest: str = ""
    """Of what is declared, without comments, lines and order: equal files say equal things."""

    def every_endpoint(self) -> Iterator[tuple[Entry[DeclaredEndpoint], str]]:
        """Yield the endpoints of all models, each with its address as it is written."""
        bodies = {model.path: model.body for model in self.models}
        for entries in self.endpoints.values():
            for entry in entries:
                *model, _, number = entry.path
                yield entry, bodies[tuple(model)].endpoints[int(number)].base_url


def shown(team: str, name: str) -> str:
    """Return how an object is called in messages.

    >>> shown("research", "qwen3"), shown("default", "qwen3"), shown("", "eu")
    ('research/qwen3', 'qwen3', 'eu')
    """
    return name if team in {"", "default"} else f"{team}/{name}"
