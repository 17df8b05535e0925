"""What callers send to the registry's routes: shapes and ranges. Rules that need the registry are in `service/`.

A field of a patch that is left out stays as it is (`model_fields_set` tells); null takes a value away where there may
be none (JSON merge, RFC 7396).
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field, StringConstraints

from gateway.api.page import PageQuery
from gateway.described import Described
from gateway.registry.names import MAX_SLUG
from gateway.vault.secret import Secret

Task: TypeAlias = Literal["chat", "completions", "embeddings", "images", "audio", "moderations", "rerank", "other"]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ModelName: TypeAlias = Annotated[Name, Field(json_schema_extra={"pattern": "^[A-Za-z0-9._@+:/-]+$"})]
"""`check_model_name` judges it, in its own words; the pattern is only described."""
Slug: TypeAlias = Annotated[
    Name, Field(json_schema_extra={"pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": MAX_SLUG})
]
"""Name of a team or gateway, judged likewise."""
Text: TypeAlias = Annotated[str, StringConstraints(max_length=2000)]
Address: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
DefaultFor: TypeAlias = Literal["batches", "chat.completions", "files", "images", "moderations", "responses"]
"""Operations with calls that need not name a model (the groups of access/operations.py, which a test compares)."""
Weight: TypeAlias = Annotated[int, Field(ge=0, le=1_000_000)]
DrainMs: TypeAlias = Annotated[int, Field(ge=0, le=3_600_000)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
SourceReference: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9\[][A-Za-z0-9.:\[\]-]*/[a-z0-9._/-]+(:[A-Za-z0-9_.-]+)?$", max_length=512),
]
EntryId: TypeAlias = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._:@+~-]*(/[A-Za-z0-9_][A-Za-z0-9._:@+~-]*)*$", min_length=1, max_length=200
    ),
]
"""The id of an entry of the catalogue (catalogue/entry.py, which a test compares)."""
Digest: TypeAlias = Annotated[str, StringConstraints(pattern="^sha256:[a-f0-9]{64}$")]

MAX_FALLBACKS = 8
"""Models that one may name to take over: a call that has failed at so many is better told so."""
Fallbacks: TypeAlias = Annotated[tuple[Name, ...], Field(max_length=MAX_FALLBACKS)]
MAX_ENDPOINTS = 64
"""Endpoints that one call may bring along; more can be added one by one."""


class Input(Described):
    """What a caller sends: nothing unknown, nothing converted, and no value echoed that might be a secret."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    def given(self) -> dict[str, object]:
        """Return the fields that the caller sent, null ones included."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class TeamCreate(Input):
    """A new team."""

    name: Slug
    """Lower-case letters, digits and inner hyphens. It stands in addresses and cannot be changed."""
    description: Text = ""
    default_via: Name | None = None
    """For models that choose none: a gateway's name, "server", or null for the installation's default."""


class TeamPatch(Input):
    """Changes to a team."""

    description: Text = Field(default_factory=str)
    default_via: Name | None = None
    """As on creation."""
    default_endpoints: dict[DefaultFor, Name | None] = Field(default_factory=dict)
    """By operation, the endpoint's id for calls that name no model; null takes an entry away, others stay."""


class GatewayCreate(Input):
    """A new public entry point."""

    name: Slug
    """Lower-case letters, digits and inner hyphens."""
    url: Address
    """Full URL that is published for models that go through this gateway."""
    description: Text = ""
    is_default: bool = False
    """Whether models that choose nothing go through it; at most one gateway is the default."""


class GatewayPatch(Input):
    """Changes to a gateway. A new `url` is published from the next read on."""

    name: Slug = Field(default_factory=str)
    url: Address = Field(default_factory=str)
    description: Text = Field(default_factory=str)
    is_default: bool = Field(default_factory=bool)


class EndpointFields(Input):
    """One place where a model runs."""

    base_url: Address
    """Full URL of the upstream, up to and without `/chat/completions`."""
    upstream_model: Name | None = None
    """The upstream's own name for the model; null when it is the published one."""
    weight: Weight = 1
    """Share of the calls, relative to the other endpoints; 0 takes none."""
    enabled: bool = True
    api_key: Secret | None = None
    """The upstream's key, stored encrypted, never shown; administrators may refer: env:NAME, file:PATH, keyring:A/B."""
    organization_headers: bool = True
    """Whether the caller's OpenAI-Organization and OpenAI-Project headers, which name an account, are passed on."""


class EndpointCreate(EndpointFields):
    """A further endpoint of a model."""

    model: Name
    """The model's uid, or its name."""
    team: Name | None = None
    """The team of the name; the key's own team when left out."""


class EndpointPatch(Input):
    """Changes to an endpoint. Another origin (scheme, host, port) clears the stored key."""

    base_url: Address = Field(default_factory=str)
    upstream_model: Name | None = None
    weight: Weight = Field(default_factory=int)
    enabled: bool = Field(default_factory=bool)
    api_key: Secret | None = None
    """A new key; null takes the key away."""
    organization_headers: bool = Field(default_factory=bool)


class ModelCreate(Input):
    """A model to publish."""

    name: ModelName
    """Letters, digits and . - _ @ + : /"""
    team: Name | None = None
    """The key's own team, or `default`, when left out."""
    task: Task = "chat"
    description: Text = ""
    via: Name | None = None
    """A gateway's name, "server", or null for the team's default."""
    path: Address | None = None
    """Published path when the model goes through no gateway; null for /access/models/{team}/."""
    stream_usage: bool = False
    """Ask the upstream for the usage of streams whose caller did not (stream_options.include_usage), and keep it."""
    first_byte_timeout_s: Seconds | None = None
    idle_timeout_s: Seconds | None = None
    total_timeout_s: Seconds | None = None
    drain_for_usage_ms: DrainMs | None = None
    """How long a call whose caller left is read on for its usage; null for the setting, 0 for not at all."""
    source_reference: SourceReference | None = None
    """The package that it was made from, registry.host/team/model:tag, so that it can be traced."""
    source_digest: Digest | None = None
    """The package's own digest: what the tag was then."""
    catalogue_id: EntryId | None = None
    """The catalogue's entry that it is made of: what you leave out (task, description, endpoints) comes from there."""
    fallbacks: Fallbacks = ()
    """Models of the same team, by name or uid, that take over in this order where none of the endpoints can answer.
    What they fall back to counts too. A key that may not call one of them is never led there."""
    endpoints: tuple[EndpointFields, ...] = Field(default=(), max_length=MAX_ENDPOINTS)
    """Where it runs; made together with the model or not at all."""


class ModelPatch(Input):
    """Changes to a model."""

    name: ModelName = Field(default_factory=str)
    task: Task = Field(default_factory=lambda: "chat")
    state: Literal["active", "disabled"] = Field(default_factory=lambda: "active")
    """Needs the permission models.operate."""
    description: Text = Field(default_factory=str)
    via: Name | None = None
    path: Address | None = None
    stream_usage: bool = Field(default_factory=bool)
    first_byte_timeout_s: Seconds | None = None
    idle_timeout_s: Seconds | None = None
    total_timeout_s: Seconds | None = None
    drain_for_usage_ms: DrainMs | None = None
    source_reference: SourceReference | None = None
    source_digest: Digest | None = None
    catalogue_id: None = None
    """null: it has nothing to do with the catalogue any more."""
    fallbacks: Fallbacks = ()
    """The whole list, instead of the one that there is."""


class AliasCreate(Input):
    """Another name for a model."""

    name: ModelName
    model: Name
    """The model's uid, or its name."""
    team: Name | None = None
    """The team of the name; the key's own team when left out."""


class AliasPatch(Input):
    """Changes to an alias."""

    name: ModelName = Field(default_factory=str)
    model: Name = Field(default_factory=str)
    """The uid or name of another model of the same team."""


class TeamQuery(PageQuery):
    """Filters of the list of teams."""

    name: Name | None = None


class GatewayQuery(PageQuery):
    """Filters of the list of gateways."""

    name: Name | None = None


class ModelQuery(PageQuery):
    """Filters of the list of models."""

    name: Name | None = None
    team: Name | None = None
    task: Task | None = None
    state: Literal["draft", "active", "deprecated", "disabled", "draining", "deleted"] | None = None
    """Drafts are in the list only when they are asked for, and for keys that may register models."""
    show_deleted: bool = False
    """Deleted ones as well."""


class NamedQuery(Described):
    """Where a model is looked for that is named instead of given by its uid."""

    team: Name | None = None
    """The team of the name; the key's own team when left out."""


class EndpointQuery(PageQuery):
    """Filters of the list of endpoints."""

    model: Name | None = Field(default=None, description="The model's uid, or its name.")
    team: Name | None = None
    enabled: bool | None = None


class AliasQuery(PageQuery):
    """Filters of the list of aliases."""

    name: Name | None = None
    team: Name | None = None
    model: Name | None = Field(default=None, description="The model's uid, or its name.")


class ChangeQuery(Described):
    """How the check before a change of an endpoint is done."""

    force: bool = False
    """Keep it although the check fails, switched off. Needs the permission endpoints.force."""
    preflight: Literal["trial", "existence", "address", "skip"] = "trial"
    """How far the check goes; anything but trial, a call of a few tokens, needs the permission endpoints.force."""


class RegisterQuery(ChangeQuery):
    """How the check before a registration is done."""

    validate_only: bool = False
    """Validate and check, answer 200 with what was found, and keep nothing. With preflight=skip it asks nobody."""


class ReuseQuery(Described):
    """What a new name may be."""

    reuse_name: bool = False
    """Take a name that rests since its model was purged: whoever still calls it gets the new model."""


class PublishQuery(RegisterQuery, ReuseQuery):
    """How a model is published."""


class ResolveQuery(Input):
    """Whose address is asked for."""

    model: Name | None = None
    """A model's name or alias; the team's own address when left out."""
    team: Name | None = None
    """The key's own team when left out."""
